package dev.chainrule.graph;

import static dev.chainrule.graph.Reference.INF;
import static dev.chainrule.graph.Reference.NAN;
import static dev.chainrule.graph.Reference.array;
import static dev.chainrule.graph.Reference.assertSame;
import static dev.chainrule.graph.Reference.dims;
import static dev.chainrule.graph.Reference.eval;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ProductMeaningTest {

  @Test
  @Tag("S8.1")
  void dotMultipliesEachMatrixOfABatch() {
    HostArray x = array(DType.F64, dims(2, 1, 2), 1, 2, 3, 4);
    HostArray y = array(DType.F64, dims(2, 2, 1), 5, 6, 7, 8);
    assertSame(array(DType.F64, dims(2, 1, 1), 17, 53), eval(new Op.Dot(), x, y));
  }

  @Test
  @Tag("S8.1")
  void dotOverNothingIsZero() {
    assertSame(array(DType.F32, dims(2, 2), 0, 0, 0, 0), eval(new Op.Dot(), array(DType.F32, dims(2, 0)), array(DType.F32, dims(0, 2))));
    assertSame(array(DType.F32, dims(0, 2)),
        eval(new Op.Dot(), array(DType.F32, dims(0, 3)), array(DType.F32, dims(3, 2), 1, 2, 3, 4, 5, 6)));
  }

  @Test
  @Tag("S8.1")
  void dotAccumulatesSmallFloatsWideAndIntegersModuloTheirWidth() {
    // 2048 + 1 + 1 stalls at 2048 in f16.
    assertSame(array(DType.F16, dims(1, 1), 2050),
        eval(new Op.Dot(), array(DType.F16, dims(1, 3), 2048, 1, 1), array(DType.F16, dims(3, 1), 1, 1, 1)));
    // 60000 + 60000 - 60000 overflows in f16.
    assertSame(array(DType.F16, dims(1, 1), 60000),
        eval(new Op.Dot(), array(DType.F16, dims(1, 3), 60000, 60000, -60000), array(DType.F16, dims(3, 1), 1, 1, 1)));
    assertSame(array(DType.I32, dims(1, 1), 1),
        eval(new Op.Dot(), array(DType.I32, dims(1, 2), 1 << 16, 1), array(DType.I32, dims(2, 1), 1 << 16, 1)));
  }

  @Test
  @Tag("S8.2")
  void dotSkipsNoZeros() {
    assertSame(array(DType.F32, dims(1, 1), NAN),
        eval(new Op.Dot(), array(DType.F32, dims(1, 2), 0, 1), array(DType.F32, dims(2, 1), INF, 1)));
  }

  // --- convolution against its definition on a physically padded input -----------------------------------------------------------------

  record Case(int channels, int filters, int groups, int size, int kernel, long stride, long dilation, long low, long high) {}

  static Stream<Case> cases() {
    return Stream.of(
        new Case(1, 1, 1, 5, 3, 1, 1, 0, 0),
        new Case(2, 3, 1, 5, 3, 1, 1, 1, 1),
        new Case(4, 6, 2, 6, 2, 2, 1, 1, 0),
        new Case(3, 6, 3, 7, 3, 2, 2, 2, 1),
        new Case(2, 2, 1, 4, 1, 3, 1, 0, 0),
        new Case(1, 2, 1, 3, 5, 1, 1, 2, 3));
  }

  @ParameterizedTest
  @MethodSource("cases")
  @Tag("S8.3") @Tag("S8.4") @Tag("S8.5")
  void convIsTheSumOverThePaddedInput(Case c) {
    HostArray x = small(Shape.of(2, c.channels, c.size, c.size + 1), 1);
    HostArray w = small(Shape.of(c.filters, c.channels / c.groups, c.kernel, c.kernel), 2);
    assertSame(defined(c, x, w), eval(new Op.Conv(geometry(c)), x, w));
  }

  /** Conv is bilinear, so its gradients are the adjoints: for all x, w, g: (conv(x, w), g) = (x, inputGradient) = (w, weightGradient). */
  @ParameterizedTest
  @MethodSource("cases")
  @Tag("S8.6")
  void theGradientsAreTheAdjoints(Case c) {
    Shape xs = Shape.of(2, c.channels, c.size, c.size + 1);
    Shape ws = Shape.of(c.filters, c.channels / c.groups, c.kernel, c.kernel);
    HostArray x = small(xs, 3);
    HostArray w = small(ws, 4);
    HostArray g = small(defined(c, x, w).type().shape(), 5);
    double pairing = inner(defined(c, x, w), g);
    assertEquals(pairing, inner(x, eval(new Op.ConvInputGradient(geometry(c), xs), g, w)));
    assertEquals(pairing, inner(w, eval(new Op.ConvWeightGradient(geometry(c), ws), g, x)));
    // One pairing is one number; against every unit input it is the whole gradient.
    HostArray gradient = eval(new Op.ConvInputGradient(geometry(c), xs), g, w);
    for (int i = 0; i < xs.elements(); i++) {
      assertEquals(inner(defined(c, unit(xs, i), w), g), gradient.doubleAt(i), "input " + i);
    }
    HostArray weightGradient = eval(new Op.ConvWeightGradient(geometry(c), ws), g, x);
    for (int i = 0; i < ws.elements(); i++) {
      assertEquals(inner(defined(c, x, unit(ws, i)), g), weightGradient.doubleAt(i), "weight " + i);
    }
  }

  @Test
  void convWorksOverThreeAxes() {
    var cube = new Op.Geometry(List.of(new Op.Spatial(1, 1, 0, 0), new Op.Spatial(1, 1, 0, 0), new Op.Spatial(1, 1, 0, 0)), 1);
    HostArray x = array(DType.F32, dims(1, 1, 2, 2, 2), 1, 2, 3, 4, 5, 6, 7, 8);
    HostArray w = array(DType.F32, dims(1, 1, 2, 2, 2), 1, 0, 0, 0, 0, 0, 0, 10);
    assertSame(array(DType.F32, dims(1, 1, 1, 1, 1), 81), eval(new Op.Conv(cube), x, w));
  }

  private static Op.Geometry geometry(Case c) {
    var rows = new Op.Spatial(c.stride, c.dilation, c.low, c.high);
    return new Op.Geometry(List.of(rows, new Op.Spatial(1, 1, c.high, c.low)), c.groups);
  }

  /** Rows as the case says; columns with stride and dilation 1 and the paddings swapped. */
  private static HostArray defined(Case c, HostArray x, HostArray w) {
    int height = c.size;
    int width = c.size + 1;
    int padding = (int) (c.low + c.high);
    double[][][][] padded = new double[2][c.channels][height + padding][width + padding];
    for (int i = 0; i < x.elements(); i++) {
      int row = i / width % height;
      padded[i / (width * height * c.channels)][i / (width * height) % c.channels][row + (int) c.low][i % width + (int) c.high] =
          x.doubleAt(i);
    }
    int rows = (int) ((height + padding - ((c.kernel - 1) * c.dilation + 1)) / c.stride) + 1;
    int columns = width + padding - c.kernel + 1;
    double[] y = new double[2 * c.filters * rows * columns];
    int next = 0;
    for (int b = 0; b < 2; b++) {
      for (int f = 0; f < c.filters; f++) {
        for (int i = 0; i < rows; i++) {
          for (int j = 0; j < columns; j++) {
            y[next++] = window(c, padded[b], w, f, i, j);
          }
        }
      }
    }
    return HostArray.ofDoubles(TensorType.of(DType.F64, 2, c.filters, rows, columns), y);
  }

  private static double window(Case c, double[][][] padded, HostArray w, int f, int i, int j) {
    int perGroup = c.channels / c.groups;
    int group = f / (c.filters / c.groups);
    double sum = 0;
    for (int channel = 0; channel < perGroup; channel++) {
      for (int p = 0; p < c.kernel; p++) {
        for (int q = 0; q < c.kernel; q++) {
          double weight = w.doubleAt(((f * perGroup + channel) * c.kernel + p) * c.kernel + q);
          sum += weight * padded[group * perGroup + channel][(int) (i * c.stride + p * c.dilation)][j + q];
        }
      }
    }
    return sum;
  }

  /** Small integers, so that every sum is exact. */
  private static HostArray small(Shape shape, long seed) {
    return HostArray.ofDoubles(new TensorType(DType.F64, shape),
        new SplittableRandom(seed).ints(shape.elements(), -9, 10).asDoubleStream().toArray());
  }

  private static HostArray unit(Shape shape, int i) {
    double[] values = new double[(int) shape.elements()];
    values[i] = 1;
    return HostArray.ofDoubles(new TensorType(DType.F64, shape), values);
  }

  private static double inner(HostArray x, HostArray y) {
    assertEquals(x.type(), y.type());
    double sum = 0;
    for (int i = 0; i < x.elements(); i++) {
      sum += x.doubleAt(i) * y.doubleAt(i);
    }
    return sum;
  }
}
