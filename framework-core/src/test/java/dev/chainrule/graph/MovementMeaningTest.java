package dev.chainrule.graph;

import static dev.chainrule.graph.Reference.NAN;
import static dev.chainrule.graph.Reference.array;
import static dev.chainrule.graph.Reference.assertSame;
import static dev.chainrule.graph.Reference.dims;
import static dev.chainrule.graph.Reference.eval;
import static dev.chainrule.graph.Reference.f32;
import static dev.chainrule.graph.Reference.f64;
import static dev.chainrule.graph.Reference.i32;
import static dev.chainrule.graph.Reference.longs;
import static dev.chainrule.graph.Reference.scalar;
import static dev.chainrule.graph.Reference.vector;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.IndexRangeException;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class MovementMeaningTest {

  @Test
  @Tag("S10.2")
  void permuteTakesAxisOrderIOfTheInputAsAxisI() {
    HostArray x = array(DType.I32, dims(2, 1, 3), 1, 2, 3, 4, 5, 6);
    assertSame(array(DType.I32, dims(3, 2, 1), 1, 4, 2, 5, 3, 6), eval(new Op.Permute(Axes.of(2, 0, 1)), x));
  }

  @Test
  void permuteIsUndoneByItsInverse() {
    HostArray x = eval(new Op.Reshape(Shape.of(2, 3, 4)), HostArray.ofDoubles(TensorType.of(DType.F64, 24), counting(24)));
    Axes order = Axes.of(2, 0, 1);
    assertSame(x, eval(new Op.Permute(order.inverse()), eval(new Op.Permute(order), x)));
  }

  @Test
  @Tag("S10.3")
  void expandAddsAxesInFrontAndRepeatsThoseOfSizeOne() {
    assertSame(array(DType.I32, dims(2, 3), 1, 2, 3, 1, 2, 3), eval(new Op.Expand(Shape.of(2, 3)), i32(1, 2, 3)));
    assertSame(array(DType.I32, dims(2, 2, 2), 5, 5, 6, 6, 5, 5, 6, 6),
        eval(new Op.Expand(Shape.of(2, 2, 2)), array(DType.I32, dims(2, 1), 5, 6)));
    assertSame(i32(7, 7), eval(new Op.Expand(Shape.of(2)), scalar(DType.I32, 7)));
  }

  @ParameterizedTest
  @EnumSource(DType.class)
  void everyTypeMoves(DType dtype) {
    assertSame(vector(dtype, 1, 0, 1), eval(new Op.Slice(List.of(new Op.Range(4, 3, -2))), vector(dtype, 1, 1, 0, 1, 1)));
  }

  @Test
  @Tag("S1.4") @Tag("S10.5")
  void slicesMayBeEmptyAndScalarsMayMove() {
    assertSame(i32(), eval(new Op.Slice(List.of(new Op.Range(3, 0, 1))), i32(1, 2, 3)));
    assertSame(scalar(DType.F32, 5), eval(new Op.Permute(Axes.NONE), scalar(DType.F32, 5)));
    assertSame(f32(5), eval(new Op.Reshape(Shape.of(1)), scalar(DType.F32, 5)));
    assertSame(scalar(DType.F32, 5), eval(new Op.Pad(List.of()), scalar(DType.F32, 5), scalar(DType.F32, 9)));
    assertSame(array(DType.F32, dims(0, 4)), eval(new Op.Expand(Shape.of(0, 4)), array(DType.F32, dims(0, 1))));
    assertSame(f32(NAN, NAN), eval(new Op.Pad(List.of(new Op.Edge(1, 1))), f32(), scalar(DType.F32, NAN)));
  }

  @Test
  @Tag("S10.6")
  void concatJoinsAnyNumberEmptyOnesToo() {
    assertSame(i32(1, 2, 3), eval(new Op.Concat(0), i32(1), i32(), i32(2, 3)));
    assertSame(array(DType.I32, dims(2, 1, 2), 1, 3, 2, 4),
        eval(new Op.Concat(2), array(DType.I32, dims(2, 1, 1), 1, 2), array(DType.I32, dims(2, 1, 1), 3, 4)));
  }

  @Test
  @Tag("S10.7")
  void windowsStepAndSpread() {
    // Length 7, size 3, stride 2, dilation 2: starts 0 and 2, elements two apart.
    assertSame(array(DType.I32, dims(2, 3), 0, 2, 4, 2, 4, 6), eval(new Op.Window(0, 3, 2, 2), i32(0, 1, 2, 3, 4, 5, 6)));
    assertSame(array(DType.I32, dims(2, 2, 2), 1, 3, 2, 4, 3, 5, 4, 6),
        eval(new Op.Window(0, 2, 1, 1), array(DType.I32, dims(3, 2), 1, 2, 3, 4, 5, 6)));
  }

  @ParameterizedTest
  @CsvSource({"7, 3, 2, 2", "7, 3, 3, 1", "8, 2, 3, 3", "5, 5, 1, 1", "6, 1, 4, 1"})
  @Tag("S7.8")
  void overlapIsTheAdjointOfWindow(int length, int size, int stride, int dilation) {
    var window = new Op.Window(1, size, stride, dilation);
    HostArray x = small(Shape.of(2, length, 3), 1);
    HostArray windows = eval(window, x);
    HostArray g = small(windows.type().shape(), 2);
    HostArray back = eval(new Op.Overlap(1, length, size, stride, dilation), g);
    assertEquals(inner(windows, g), inner(x, back));
    for (int i = 0; i < x.elements(); i++) {
      double[] unit = new double[(int) x.elements()];
      unit[i] = 1;
      assertEquals(inner(eval(window, HostArray.ofDoubles(x.type(), unit)), g), back.doubleAt(i));
    }
  }

  @Test
  @Tag("S9.1")
  void gatherPutsTheIndicesShapeInPlaceOfTheAxis() {
    HostArray x = array(DType.I32, dims(2, 2, 2), 0, 1, 10, 11, 100, 101, 110, 111);
    HostArray indices = HostArray.ofLongs(TensorType.of(DType.I64, 1, 3), 1, 0, 1);
    assertSame(array(DType.I32, dims(2, 1, 3, 2), 10, 11, 0, 1, 10, 11, 110, 111, 100, 101, 110, 111), eval(new Op.Gather(1), x, indices));
    assertSame(i32(7), eval(new Op.Reshape(Shape.of(1)), eval(new Op.Gather(0), i32(5, 7), scalar(DType.I32, 1))));
    assertSame(i32(), eval(new Op.Gather(0), i32(), i32()));
  }

  @Test
  @Tag("S9.2")
  void scatterAddIsTheAdjointOfGather() {
    HostArray zero = HostArray.ofDoubles(TensorType.of(DType.F64, 2, 3, 2), new double[12]);
    HostArray x = small(Shape.of(2, 3, 2), 3);
    HostArray indices = array(DType.I32, dims(2, 2), 2, 0, 2, 2);
    HostArray gathered = eval(new Op.Gather(1), x, indices);
    HostArray g = small(gathered.type().shape(), 4);
    assertEquals(inner(gathered, g), inner(x, eval(new Op.ScatterAdd(1), zero, indices, g)));
  }

  @Test
  void scatterAddAccumulatesWideAndWrapsIntegers() {
    assertSame(vector(DType.F16, 2050), eval(new Op.ScatterAdd(0), vector(DType.F16, 2048), i32(0, 0), vector(DType.F16, 1, 1)));
    assertSame(longs(DType.U8, 4, 7), eval(new Op.ScatterAdd(0), longs(DType.U8, 250, 7), i32(0), longs(DType.U8, 10)));
    assertSame(f64(1, 2), eval(new Op.ScatterAdd(0), f64(1, 2), i32(), f64()));
  }

  @Test
  void anIndexOutsideItsAxisIsNamed() {
    HostArray x = array(DType.F32, dims(5, 2), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
    var high = assertThrows(IndexRangeException.class, () -> eval(new Op.Gather(0), x, i32(4, 5)));
    assertTrue(
        high.getMessage().startsWith("[gather] index 5 (element 1 of the indices) is outside axis 0 of f32[5,2], which has 5 places"),
        high.getMessage());
    var low = assertThrows(IndexRangeException.class, () -> eval(new Op.Gather(1), x, longs(DType.I64, -1)));
    assertTrue(low.getMessage().startsWith("[gather] index -1 (element 0 of the indices) is outside axis 1 of f32[5,2]"), low.getMessage());
    assertThrows(IndexRangeException.class, () -> eval(new Op.Gather(0), x, longs(DType.I64, 1L << 32)));
    var scatter = assertThrows(IndexRangeException.class, () -> eval(new Op.ScatterAdd(0), f32(1), i32(1), f32(1)));
    assertTrue(scatter.getMessage().startsWith("[scatterAdd] index 1"), scatter.getMessage());
  }

  @Test
  @Tag("S6.2")
  void iotaCountsAlongItsAxisAndWrapsInItsType() {
    assertSame(array(DType.F32, dims(2, 2), 0, 0, 1, 1), eval(new Op.Iota(TensorType.of(DType.F32, 2, 2), 0)));
    HostArray bytes = eval(new Op.Iota(TensorType.of(DType.U8, 258), 0));
    assertEquals(1, bytes.longAt(257));
  }

  private static double[] counting(int count) {
    double[] values = new double[count];
    for (int i = 0; i < count; i++) {
      values[i] = i;
    }
    return values;
  }

  /** Small integers, so that every sum is exact. */
  private static HostArray small(Shape shape, long seed) {
    return HostArray.ofDoubles(new TensorType(DType.F64, shape),
        new SplittableRandom(seed).ints(shape.elements(), -9, 10).asDoubleStream().toArray());
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
