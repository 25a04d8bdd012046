package dev.chainrule.tensor;

import static dev.chainrule.tensor.Values.array;
import static dev.chainrule.tensor.Values.read;
import static dev.chainrule.tensor.Values.readLongs;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.ChainruleException;
import dev.chainrule.DTypeMismatchException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class PoolingTest {

  private static final double INF = Double.POSITIVE_INFINITY;

  private static Tensor pool(boolean max, int axes, Tensor x, PoolOptions options) {
    return switch (axes) {
      case 1 -> max ? x.maxPool1d(options) : x.avgPool1d(options);
      case 2 -> max ? x.maxPool2d(options) : x.avgPool2d(options);
      default -> max ? x.maxPool3d(options) : x.avgPool3d(options);
    };
  }

  // --- against loops -------------------------------------------------------------------------------------------------------------------

  /** Windows over three axes; with fewer, those in front have size 1 and belong to the leading axes. */
  private record Drawn(int axes, long lead, long[] length, long[] size, long[] stride, long[] padding) {

    static Drawn of(SplittableRandom random) {
      int axes = 1 + random.nextInt(3);
      long[] length = new long[3];
      long[] size = new long[3];
      long[] stride = new long[3];
      long[] padding = new long[3];
      for (int i = 0; i < 3; i++) {
        boolean none = i < 3 - axes;
        length[i] = none ? 1 : 1 + random.nextInt(7);
        size[i] = none ? 1 : 1 + random.nextInt(4);
        stride[i] = none ? 1 : 1 + random.nextInt(4);
        padding[i] = none ? 0 : random.nextInt((int) size[i] / 2 + 1);
      }
      return new Drawn(axes, random.nextInt(4), length, size, stride, padding);
    }

    PoolOptions options() {
      return PoolOptions.of(own(size)).withStride(own(stride)).withPadding(own(padding));
    }

    long[] own(long[] numbers) {
      return Arrays.copyOfRange(numbers, 3 - axes, 3);
    }

    boolean fits() {
      return IntStream.range(0, 3).allMatch(i -> size[i] <= length[i] + 2 * padding[i]);
    }

    long[] result() {
      return IntStream.range(0, 3).mapToLong(i -> (length[i] + 2 * padding[i] - size[i]) / stride[i] + 1).toArray();
    }

    @Override
    public String toString() {
      return "length, size, stride, padding " + Arrays.deepToString(new long[][] {length, size, stride, padding});
    }

    /** The elements of each window that lie in the input. */
    List<double[]> windows(double[] x) {
      long[] to = result();
      List<double[]> windows = new ArrayList<>();
      for (int l = 0; l < lead; l++) {
        for (int a = 0; a < to[0]; a++) {
          for (int b = 0; b < to[1]; b++) {
            for (int c = 0; c < to[2]; c++) {
              windows.add(window(x, l, a * stride[0] - padding[0], b * stride[1] - padding[1], c * stride[2] - padding[2]));
            }
          }
        }
      }
      return windows;
    }

    private double[] window(double[] x, long l, long a, long b, long c) {
      List<Double> found = new ArrayList<>();
      for (long i = Math.max(a, 0); i < Math.min(a + size[0], length[0]); i++) {
        for (long j = Math.max(b, 0); j < Math.min(b + size[1], length[1]); j++) {
          for (long k = Math.max(c, 0); k < Math.min(c + size[2], length[2]); k++) {
            found.add(x[(int) (((l * length[0] + i) * length[1] + j) * length[2] + k)]);
          }
        }
      }
      return found.stream().mapToDouble(Double::doubleValue).toArray();
    }
  }

  @Test
  @Tag("S8.13") @Tag("S8.14")
  void poolsReduceEachWindow() {
    var random = new SplittableRandom(40);
    int fitting = 0;
    for (int round = 0; round < 500; round++) {
      Drawn p = Drawn.of(random);
      TensorType type = new TensorType(DType.F64, Shape.of(p.lead).concat(Shape.of(p.own(p.length))));
      Tensor x = Tensor.of(HostArray.ofDoubles(type, random.doubles(type.elements(), -9, 9).toArray()));
      if (!p.fits()) {
        assertThrows(ShapeMismatchException.class, () -> pool(true, p.axes, x, p.options()));
        assertThrows(ShapeMismatchException.class, () -> pool(false, p.axes, x, p.options()));
        continue;
      }
      fitting++;
      List<double[]> windows = p.windows(read(x));
      double whole = Arrays.stream(p.size).reduce(1, (a, b) -> a * b);
      Tensor largest = pool(true, p.axes, x, p.options());
      assertEquals(Shape.of(p.lead).concat(Shape.of(p.own(p.result()))), largest.shape(), p::toString);
      assertArrayEquals(windows.stream().mapToDouble(w -> Arrays.stream(w).max().orElseThrow()).toArray(), read(largest), p::toString);
      assertArrayEquals(windows.stream().mapToDouble(w -> Arrays.stream(w).sum() / whole).toArray(),
          read(pool(false, p.axes, x, p.options())), 1e-13, p::toString);
      assertArrayEquals(windows.stream().mapToDouble(w -> Arrays.stream(w).average().orElseThrow()).toArray(),
          read(pool(false, p.axes, x, p.options().withCountPadding(false))), 1e-13, p::toString);
    }
    assertTrue(fitting > 250, fitting + " fit");
  }

  // --- what is special -----------------------------------------------------------------------------------------------------------------

  @Test
  void theStrideIsTheSizeUnlessItIsGiven() {
    Tensor x = Tensor.arange(DType.F32, 12).reshape(1, 1, 3, 4);
    assertArrayEquals(new double[] {5, 7}, read(x.maxPool2d(PoolOptions.of(2))));
    assertArrayEquals(new double[] {9, 11}, read(x.maxPool2d(PoolOptions.of(3, 2))));
    assertArrayEquals(new double[] {5, 6, 7, 9, 10, 11}, read(x.maxPool2d(PoolOptions.of(2).withStride(1))));
  }

  @Test
  @Tag("S8.13")
  void theMaximumOfLowNumbersIsNotThePadding() {
    Tensor x = Tensor.of(new double[] {-5, -7, -6});
    var padded = PoolOptions.of(3).withStride(1).withPadding(1);
    assertArrayEquals(new double[] {-5, -5, -6}, read(x.maxPool1d(padded)));
    for (DType dtype : new DType[] {DType.F16, DType.BF16, DType.F32, DType.I32, DType.I64}) {
      assertArrayEquals(new long[] {-5, -5, -6}, readLongs(x.cast(dtype).maxPool1d(padded)), dtype::toString);
    }
    assertArrayEquals(new long[] {200, 200, 3}, readLongs(Tensor.of(new int[] {200, 0, 3}).cast(DType.U8).maxPool1d(padded)));
    assertArrayEquals(new long[] {1, 1, 0, 0}, readLongs(Tensor.of(new int[] {1, 0, 0, 0}).cast(DType.BOOL).maxPool1d(padded)));
    assertArrayEquals(new double[] {-INF, -INF}, read(Tensor.of(new double[] {-INF, -INF}).maxPool1d(padded)));
  }

  @Test
  void nanStaysInItsWindows() {
    Tensor x = Tensor.of(new double[] {1, 2, Double.NaN, 4, 5, 6});
    assertArrayEquals(new double[] {2, Double.NaN, Double.NaN, 5, 6}, read(x.maxPool1d(PoolOptions.of(2).withStride(1))));
  }

  @Test
  @Tag("S8.14")
  void averagesOfSmallFloatsAreAddedUpInF32() {
    // 60000 + 60000 overflows in f16.
    Tensor x = Tensor.of(new double[] {60_000, 60_000}).cast(DType.F16);
    assertEquals(array(Tensor.of(new double[] {60_000}).cast(DType.F16)), array(x.avgPool1d(PoolOptions.of(2))));
  }

  @Test
  @Tag("S8.14")
  void paddingCountsUnlessItIsSaidNotTo() {
    Tensor x = Tensor.of(new double[] {3, 6, 9});
    var padded = PoolOptions.of(3).withStride(1).withPadding(1);
    assertArrayEquals(new double[] {3, 6, 5}, read(x.avgPool1d(padded)));
    assertArrayEquals(new double[] {4.5, 6, 7.5}, read(x.avgPool1d(padded.withCountPadding(false))));
  }

  // --- what is refused -----------------------------------------------------------------------------------------------------------------

  private static void assertRefused(Class<? extends ChainruleException> type, String start, Executable call) {
    var e = assertThrows(type, call);
    assertTrue(e.getMessage().startsWith(start), e.getMessage());
  }

  @Test
  @Tag("S8.13")
  void paddingBeyondHalfAWindowIsRefused() {
    assertRefused(InvalidArgumentException.class, "[poolOptions] padding 2 of windows of 3, expected at most half, 1",
        () -> PoolOptions.of(3).withPadding(2));
    assertRefused(InvalidArgumentException.class, "[poolOptions] padding 1 of windows of 1", () -> PoolOptions.of(3, 1).withPadding(1));
    assertEquals(List.of(1L), PoolOptions.of(3, 2).withPadding(1).padding());
  }

  @Test
  void numbersOutsideTheirRangeAreRefused() {
    assertRefused(InvalidArgumentException.class, "[poolOptions] size [0], expected 1 or more", () -> PoolOptions.of(0));
    assertRefused(InvalidArgumentException.class, "[poolOptions] size []", PoolOptions::of);
    assertRefused(InvalidArgumentException.class, "[poolOptions] stride [1, 0]", () -> PoolOptions.of(2).withStride(1, 0));
    assertRefused(InvalidArgumentException.class, "[poolOptions] padding [-1], expected 0 or more",
        () -> PoolOptions.of(2).withPadding(-1));
  }

  @Test
  void windowsThatDoNotFitNameTheAxis() {
    Tensor x = Tensor.ones(TensorType.of(DType.F32, 1, 1, 5, 2));
    assertRefused(ShapeMismatchException.class, "[maxPool2d] axis 3 of f32[1,1,5,2]: a window of 3 does not fit a length of 2",
        () -> x.maxPool2d(PoolOptions.of(3)));
    assertRefused(ShapeMismatchException.class, "[avgPool1d] axis 3 of f32[1,1,5,2]: a window of 5 does not fit a length of 2 + 1 + 1",
        () -> x.avgPool1d(PoolOptions.of(5).withPadding(1)));
    assertRefused(ShapeMismatchException.class, "[maxPool1d] axis 0 of f32[0]: a window of 2",
        () -> Tensor.of(new float[0]).maxPool1d(PoolOptions.of(2).withPadding(1)));
    assertRefused(ShapeMismatchException.class, "[maxPool3d] f32[4], expected [..., depth, height, width]",
        () -> Tensor.of(new float[4]).maxPool3d(PoolOptions.of(2)));
    assertRefused(InvalidArgumentException.class, "[maxPool1d] size has 2 numbers, expected 1\n", () -> x.maxPool1d(PoolOptions.of(2, 2)));
  }

  @Test
  void averagesAreForFloats() {
    assertRefused(DTypeMismatchException.class, "[avgPool1d] not defined for i32[2]",
        () -> Tensor.of(new int[2]).avgPool1d(PoolOptions.of(2)));
  }
}
