package dev.chainrule.graph;

import static dev.chainrule.graph.Op.Fold.MAX;
import static dev.chainrule.graph.Op.Fold.MIN;
import static dev.chainrule.graph.Op.Fold.PROD;
import static dev.chainrule.graph.Op.Fold.SUM;
import static dev.chainrule.graph.Reference.INF;
import static dev.chainrule.graph.Reference.NAN;
import static dev.chainrule.graph.Reference.array;
import static dev.chainrule.graph.Reference.assertSame;
import static dev.chainrule.graph.Reference.bool;
import static dev.chainrule.graph.Reference.dims;
import static dev.chainrule.graph.Reference.eval;
import static dev.chainrule.graph.Reference.f32;
import static dev.chainrule.graph.Reference.i32;
import static dev.chainrule.graph.Reference.longs;
import static dev.chainrule.graph.Reference.result;
import static dev.chainrule.graph.Reference.scalar;
import static dev.chainrule.graph.Reference.vector;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class ReductionMeaningTest {

  private static final HostArray CUBE = array(DType.I32, dims(2, 3, 2), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);

  @Test
  @Tag("S7.1")
  void reducesAnySetOfAxesInAnyOrder() {
    assertSame(array(DType.I32, dims(3, 2), 8, 10, 12, 14, 16, 18), eval(new Op.Reduce(SUM, Axes.of(0)), CUBE));
    assertSame(array(DType.I32, dims(2, 2), 9, 12, 27, 30), eval(new Op.Reduce(SUM, Axes.of(1)), CUBE));
    assertSame(i32(36, 42), eval(new Op.Reduce(SUM, Axes.of(1, 0)), CUBE));
    assertSame(i32(18, 26, 34), eval(new Op.Reduce(SUM, Axes.of(2, 0)), CUBE));
    assertSame(i32(6, 12), eval(new Op.Reduce(MAX, Axes.of(1, 2)), CUBE));
    assertSame(scalar(DType.I32, 78), eval(new Op.Reduce(SUM, Axes.all(3)), CUBE));
    assertSame(CUBE, eval(new Op.Reduce(MAX, Axes.NONE), CUBE));
  }

  @Test
  @Tag("S7.2") @Tag("S7.4")
  void emptyReductionsGiveTheNeutralElement() {
    HostArray none = array(DType.F32, dims(2, 0));
    assertSame(f32(0, 0), eval(new Op.Reduce(SUM, Axes.of(1)), none));
    assertSame(f32(1, 1), eval(new Op.Reduce(PROD, Axes.of(1)), none));
    assertSame(f32(-INF, -INF), eval(new Op.Reduce(MAX, Axes.of(1)), none));
    assertSame(f32(INF, INF), eval(new Op.Reduce(MIN, Axes.of(1)), none));
    assertSame(f32(), eval(new Op.Reduce(SUM, Axes.of(0)), none));
    assertSame(scalar(DType.I32, Integer.MIN_VALUE), eval(new Op.Reduce(MAX, Axes.of(0)), i32()));
    assertSame(scalar(DType.I32, Integer.MAX_VALUE), eval(new Op.Reduce(MIN, Axes.of(0)), i32()));
    assertEquals(Long.MAX_VALUE, eval(new Op.Reduce(MIN, Axes.of(0)), longs(DType.I64)).longAt(0));
    assertEquals(Long.MIN_VALUE, eval(new Op.Reduce(MAX, Axes.of(0)), longs(DType.I64)).longAt(0));
    assertSame(scalar(DType.U8, 255), eval(new Op.Reduce(MIN, Axes.of(0)), longs(DType.U8)));
    assertSame(scalar(DType.U8, 0), eval(new Op.Reduce(MAX, Axes.of(0)), longs(DType.U8)));
    assertSame(scalar(DType.BOOL, 1), eval(new Op.Reduce(MIN, Axes.of(0)), bool()));
    assertSame(scalar(DType.BOOL, 0), eval(new Op.Reduce(MAX, Axes.of(0)), bool()));
  }

  @Test
  @Tag("S7.3")
  void maxAndMinAreNaNIfAnyElementIs() {
    assertSame(scalar(DType.F32, NAN), eval(new Op.Reduce(MAX, Axes.of(0)), f32(1, NAN, INF)));
    assertSame(scalar(DType.F32, NAN), eval(new Op.Reduce(MIN, Axes.of(0)), f32(NAN, -INF)));
  }

  @Test
  void sumsOfSmallTypesDoNotStallOrOverflow() {
    double[] ones = new double[70_000];
    Arrays.fill(ones, 1);
    assertSame(scalar(DType.BF16, 70_144), eval(new Op.Reduce(SUM, Axes.of(0)), vector(DType.BF16, ones))); // 70000 to 8 bits
    assertSame(scalar(DType.I64, 70_000), eval(new Op.Reduce(SUM, Axes.of(0)), vector(DType.BOOL, ones)));
    assertSame(scalar(DType.I64, 255 * 3), eval(new Op.Reduce(SUM, Axes.of(0)), longs(DType.U8, 255, 255, 255)));
    assertSame(scalar(DType.F16, 4096), eval(new Op.Reduce(SUM, Axes.of(0)), vector(DType.F16, Arrays.copyOf(ones, 4096))));
    assertSame(scalar(DType.F32, 16777220), eval(new Op.Reduce(SUM, Axes.of(0)), f32(16777216, 1, 1, 1, 1)));
  }

  @Test
  @Tag("S7.2")
  void integerSumsAndProductsWrap() {
    assertSame(scalar(DType.I32, Integer.MIN_VALUE), eval(new Op.Reduce(SUM, Axes.of(0)), i32(Integer.MAX_VALUE, 1)));
    assertSame(scalar(DType.I32, 0), eval(new Op.Reduce(PROD, Axes.of(0)), i32(1 << 16, 1 << 16)));
  }

  @Test
  @Tag("S7.5")
  void argReduceTakesTheFirstOfEqualsAndTheFirstNaN() {
    HostArray x = array(DType.F32, dims(4, 4), 2, 5, 5, 1, 1, NAN, 9, NAN, 0.0, -0.0, 0.0, 0.0, -INF, -INF, INF, INF);
    assertSame(i32(1, 1, 0, 2), eval(new Op.ArgReduce(MAX, 1), x));
    assertSame(i32(3, 1, 0, 0), eval(new Op.ArgReduce(MIN, 1), x));
    assertSame(i32(0, 0), eval(new Op.ArgReduce(MIN, 0), array(DType.BOOL, dims(2, 2), 0, 1, 1, 1)));
    assertEquals(1, eval(new Op.ArgReduce(MAX, 0), longs(DType.I64, Long.MAX_VALUE - 1, Long.MAX_VALUE)).longAt(0));
  }

  @Test
  @Tag("S7.6")
  void runningTotalsGoEitherWayAlongAnyAxis() {
    HostArray x = array(DType.I32, dims(2, 3), 1, 2, 3, 4, 5, 6);
    assertSame(array(DType.I32, dims(2, 3), 6, 5, 3, 15, 11, 6), eval(new Op.Cumulate(SUM, 1, true), x));
    assertSame(array(DType.I32, dims(2, 3), 1, 2, 3, 4, 10, 18), eval(new Op.Cumulate(PROD, 0, false), x));
    assertSame(array(DType.I32, dims(0, 3)), eval(new Op.Cumulate(SUM, 0, false), array(DType.I32, dims(0, 3))));
    assertSame(f32(1, NAN, NAN), eval(new Op.Cumulate(SUM, 0, false), f32(1, NAN, 1)));
    assertSame(longs(DType.U8, 200, 144), eval(new Op.Cumulate(SUM, 0, false), longs(DType.U8, 200, 200)));
  }

  @Test
  @Tag("S7.7")
  void sortIsStableWithNaNLastInBothDirections() {
    HostArray x = f32(NAN, 1, -0.0, 3, 0.0, 1, -INF, NAN);
    assertSame(f32(-INF, -0.0, 0.0, 1, 1, 3, NAN, NAN), result(0, new Op.Sort(0, false), x));
    assertSame(i32(6, 2, 4, 1, 5, 3, 0, 7), result(1, new Op.Sort(0, false), x));
    assertSame(f32(3, 1, 1, -0.0, 0.0, -INF, NAN, NAN), result(0, new Op.Sort(0, true), x));
    assertSame(i32(3, 1, 5, 2, 4, 6, 0, 7), result(1, new Op.Sort(0, true), x));
  }

  @Test
  void sortOrdersEachLineOfItsAxis() {
    HostArray x = array(DType.I32, dims(3, 2), 3, 1, 1, 2, 2, 0);
    assertSame(array(DType.I32, dims(3, 2), 1, 0, 2, 1, 3, 2), result(0, new Op.Sort(0, false), x));
    assertSame(array(DType.I32, dims(3, 2), 1, 2, 2, 0, 0, 1), result(1, new Op.Sort(0, false), x));
    assertSame(array(DType.I32, dims(3, 0)), result(1, new Op.Sort(1, false), array(DType.F32, dims(3, 0))));
  }

  @Test
  void sortAgreesWithTheJdkOnRandomIntegers() {
    var random = new SplittableRandom(3);
    long[] values = random.longs(500, -20, 20).toArray();
    List<Integer> positions = new ArrayList<>();
    for (int i = 0; i < values.length; i++) {
      positions.add(i);
    }
    positions.sort(Comparator.comparingLong(i -> -values[i]));
    long[] expected = positions.stream().mapToLong(i -> i).toArray();
    assertSame(i32(expected), result(1, new Op.Sort(0, true), longs(DType.I64, values)));
  }
}
