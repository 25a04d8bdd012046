package dev.chainrule.graph;

import static dev.chainrule.graph.DType.BF16;
import static dev.chainrule.graph.DType.BOOL;
import static dev.chainrule.graph.DType.F16;
import static dev.chainrule.graph.DType.F32;
import static dev.chainrule.graph.DType.F64;
import static dev.chainrule.graph.DType.I32;
import static dev.chainrule.graph.DType.I64;
import static dev.chainrule.graph.DType.U8;
import static java.lang.Double.NEGATIVE_INFINITY;
import static java.lang.Double.NaN;
import static java.lang.Double.POSITIVE_INFINITY;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.math.BigDecimal;
import java.util.Arrays;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Expected texts are those of {@code numpy.array2string}, as given by NumPy 2.4.6, with lower-case booleans. */
class ArrayPrinterTest {

  private static HostArray floats(DType dtype, double... values) {
    return HostArray.ofDoubles(TensorType.of(dtype, values.length), values);
  }

  private static HostArray array(DType dtype, long[] values, long... shape) {
    return HostArray.ofLongs(TensorType.of(dtype, shape), values);
  }

  /** 0, 1, 2 ... times a factor. */
  private static HostArray range(DType dtype, double factor, long... shape) {
    TensorType type = TensorType.of(dtype, shape);
    double[] values = LongStream.range(0, type.elements()).mapToDouble(i -> i * factor).toArray();
    return HostArray.ofDoubles(type, values);
  }

  static Stream<Arguments> rows() {
    return Stream.of(
        arguments("whole numbers", floats(F32, 1, 2, 3), "[1. 2. 3.]"),
        arguments("a sign of one", floats(F32, 1, -2.5, 0.125), "[ 1.    -2.5    0.125]"),
        arguments("eight digits", floats(F64, 1 / 3.0, 2 / 3.0, 0.001), "[0.33333333 0.66666667 0.001     ]"),
        arguments("the digits of its type", floats(F32, 0.1, 1 / 3.0, 16.7), "[ 0.1         0.33333334 16.7       ]"),
        arguments("f16", floats(F16, 0.1, 1 / 3.0, 16.7), "[ 0.1     0.3333 16.7   ]"),
        arguments("rounded from all digits", floats(F64, 0.123456725, 0.5), "[0.12345673 0.5       ]"),
        arguments("far apart", floats(F32, 1, 1000.5), "[1.0000e+00 1.0005e+03]"),
        arguments("just not far apart", floats(F32, 1, 1000), "[   1. 1000.]"),
        arguments("small", floats(F64, 0.00009, 0.5), "[9.e-05 5.e-01]"),
        arguments("just not small", floats(F32, 0.0001, 0.05), "[0.0001 0.05  ]"),
        arguments("large f64", floats(F64, 100000000, 3), "[1.e+08 3.e+00]"),
        arguments("not yet large", floats(F64, 99999999, 50000000), "[99999999. 50000000.]"),
        arguments("large f32", floats(F32, 1000000, 500000), "[1.e+06 5.e+05]"),
        arguments("large f16", floats(F16, 1000, 500), "[1.e+03 5.e+02]"),
        arguments("digits beyond the shortest", floats(F32, 0.3, 16777217e9), "[3.0000001e-01 1.6777217e+16]"),
        arguments("three digits of exponent", floats(F64, 1e100, -0.001), "[ 1.e+100 -1.e-003]"),
        arguments("smallest", floats(F64, 5e-324), "[5.e-324]"),
        arguments("smallest f32", floats(F32, 1e-45, 3.4028235e38), "[1.4012985e-45 3.4028235e+38]"),
        arguments("special", floats(F32, NaN, POSITIVE_INFINITY, NEGATIVE_INFINITY, -0.0, 0.25), "[  nan   inf  -inf -0.    0.25]"),
        arguments("only special", floats(F64, NaN, NEGATIVE_INFINITY), "[ nan -inf]"),
        arguments("nan beside exponents", floats(F64, NaN, 1e-9), "[   nan 1.e-09]"),
        arguments("zeros", floats(F32, 0, -0.0), "[ 0. -0.]"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("rows")
  void floatsOfAnArrayShareOneNotation(String what, HostArray array, String expected) {
    assertEquals(expected, ArrayPrinter.toText(array));
  }

  @Test
  void integersStandAtTheRight() {
    long[] values = LongStream.range(-6, 6).map(i -> 37 * i).toArray();
    assertEquals("""
        [[-222 -185 -148 -111]
         [ -74  -37    0   37]
         [  74  111  148  185]]""", ArrayPrinter.toText(array(I32, values, 3, 4)));
    assertEquals("[-9223372036854775808                    0]", ArrayPrinter.toText(array(I64, new long[] {Long.MIN_VALUE, 0}, 2)));
    assertEquals("[255   0   7]", ArrayPrinter.toText(array(U8, new long[] {255, 0, 7}, 3)));
  }

  @Test
  void truthIsAsWideAsFalsehood() {
    assertEquals("[ true false  true]", ArrayPrinter.toText(array(BOOL, new long[] {1, 0, 1}, 3)));
    assertEquals("[ true  true]", ArrayPrinter.toText(array(BOOL, new long[] {1, 1}, 2)));
  }

  @Test
  void scalarsHaveNoBrackets() {
    assertEquals("0.33333333", ArrayPrinter.toText(HostArray.ofDoubles(TensorType.scalar(F64), 1 / 3.0)));
    assertEquals("-7", ArrayPrinter.toText(array(I32, new long[] {-7})));
    assertEquals("true", ArrayPrinter.toText(array(BOOL, new long[] {1})));
  }

  @Test
  void anEmptyArrayIsOnePairOfBrackets() {
    assertEquals("[]", ArrayPrinter.toText(range(F32, 1, 2, 0, 3)));
    assertEquals("[]", ArrayPrinter.toText(range(I64, 1, 0)));
  }

  @Test
  void eachAxisIsABracketAndEmptyLinesPartTheOuterOnes() {
    assertEquals("""
        [[[0.    0.125 0.25  0.375]
          [0.5   0.625 0.75  0.875]
          [1.    1.125 1.25  1.375]]

         [[1.5   1.625 1.75  1.875]
          [2.    2.125 2.25  2.375]
          [2.5   2.625 2.75  2.875]]]""", ArrayPrinter.toText(range(F32, 0.125, 2, 3, 4)));
    assertEquals("""
        [[[[ 0  1]
           [ 2  3]]

          [[ 4  5]
           [ 6  7]]]


         [[[ 8  9]
           [10 11]]

          [[12 13]
           [14 15]]]]""", ArrayPrinter.toText(range(I32, 1, 2, 2, 2, 2)));
  }

  @Test
  void linesAreBrokenAtSeventyFiveCharacters() {
    assertEquals("""
        [ 0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18 19 20 21 22 23
         24]""", ArrayPrinter.toText(range(I32, 1, 25)));
    assertEquals("""
        [0.   0.25 0.5  0.75 1.   1.25 1.5  1.75 2.   2.25 2.5  2.75 3.   3.25
         3.5  3.75 4.   4.25 4.5  4.75 5.   5.25 5.5  5.75 6.   6.25 6.5  6.75
         7.   7.25]""", ArrayPrinter.toText(range(F32, 0.25, 30)));
    double[] values = LongStream.range(0, 16).mapToDouble(i -> i * 1e10 + 1e10 / 3).toArray();
    assertEquals("""
        [[3.33333333e+09 1.33333333e+10 2.33333333e+10 3.33333333e+10
          4.33333333e+10 5.33333333e+10 6.33333333e+10 7.33333333e+10]
         [8.33333333e+10 9.33333333e+10 1.03333333e+11 1.13333333e+11
          1.23333333e+11 1.33333333e+11 1.43333333e+11 1.53333333e+11]]""",
        ArrayPrinter.toText(HostArray.ofDoubles(TensorType.of(F64, 2, 8), values)));
  }

  @Test
  void alignmentLeavesNoSpaceAtALinesEnd() {
    double[] values = LongStream.range(0, 14).mapToDouble(i -> i == 0 ? 0.25 : i).toArray();
    assertTrue(ArrayPrinter.toText(HostArray.ofDoubles(TensorType.of(F64, 14), values)).lines().noneMatch(line -> line.endsWith(" ")));
  }

  @Test
  void ofMoreThanAThousandElementsTheEdgesAreShown() {
    assertEquals("[   0    1    2 ... 1998 1999 2000]", ArrayPrinter.toText(range(I32, 1, 2001)));
    assertEquals("""
        [[   0    1    2 ...   37   38   39]
         [  40   41   42 ...   77   78   79]
         [  80   81   82 ...  117  118  119]
         ...
         [1480 1481 1482 ... 1517 1518 1519]
         [1520 1521 1522 ... 1557 1558 1559]
         [1560 1561 1562 ... 1597 1598 1599]]""", ArrayPrinter.toText(range(I32, 1, 40, 40)));
    assertEquals("""
        [[   0    1    2 ...  597  598  599]
         [ 600  601  602 ... 1197 1198 1199]]""", ArrayPrinter.toText(range(I32, 1, 2, 600)));
    assertEquals("""
        [[[   0.    0.    0. ...    0.    0.    0.]
          [   0.    0.    0. ...    0.    0.    0.]]

         [[   0.    0.    0. ...    0.    0.    0.]
          [   0.    0.    0. ...    0.    0.    0.]]

         [[   0.    0.    0. ...    0.    0.    0.]
          [   0.    0.    0. ...    0.    0.    0.]]

         ...

         [[   0.    0.    0. ...    0.    0.    0.]
          [   0.    0.    0. ...    0.    0.    0.]]

         [[   0.    0.    0. ...    0.    0.    0.]
          [   0.    0.    0. ...    0.    0.    0.]]

         [[   0.    0.    0. ...    0.    0.    0.]
          [   0.    0.    0. ...    0.    0. 1000.]]]""", ArrayPrinter.toText(lastIs(1000, F32, 70, 2, 10)));
  }

  private static HostArray lastIs(double last, DType dtype, long... shape) {
    TensorType type = TensorType.of(dtype, shape);
    double[] values = new double[(int) type.elements()];
    values[values.length - 1] = last;
    return HostArray.ofDoubles(type, values);
  }

  @Test
  void whatIsNotShownDoesNotWidenTheColumns() {
    double[] values = new double[1001];
    values[500] = 1e9;
    assertEquals("[0. 0. 0. ... 0. 0. 0.]", ArrayPrinter.toText(floats(F64, values)));
  }

  @Test
  void aThousandElementsAreShownInFull() {
    String text = ArrayPrinter.toText(range(I32, 1, 1000));
    assertEquals(-1, text.indexOf('.'));
    assertEquals(1000, text.split("\\s+").length - (text.startsWith("[ ") ? 1 : 0));
  }

  /** NumPy has no bf16: the same rules, with its own shortest decimals and its two trusted digits. */
  @Test
  void bf16FollowsTheSameRules() {
    assertEquals("[ 0.1    0.334 16.6  ]", ArrayPrinter.toText(floats(BF16, 0.1, 1 / 3.0, 16.6)));
    assertEquals("[1.e+02 5.e+01]", ArrayPrinter.toText(floats(BF16, 100, 50)));
  }

  /** The definition: it names its value, and neither neighbour with a digit less does. */
  @ParameterizedTest
  @EnumSource(names = {"F16", "BF16"})
  void shortestDecimalsNameEveryNumberOfASixteenBitType(DType dtype) {
    for (int bits = 1; bits < 0x7c00; bits += 7) {
      double value = dtype == F16 ? Binary16.toFloat((short) bits) : Bfloat16.toFloat((short) bits);
      BigDecimal shortest = ShortestDecimal.of(dtype, value);
      assertEquals(value, floats(dtype, shortest.doubleValue()).doubleAt(0), () -> shortest + " for " + value);
      var unit = BigDecimal.ONE.scaleByPowerOfTen(shortest.precision() - shortest.scale() - 1);
      if (shortest.precision() > 1) {
        BigDecimal shorter = unit.movePointLeft(shortest.precision() - 2);
        BigDecimal below = shortest.subtract(shortest.remainder(shorter));
        assertTrue(Arrays.stream(floats(dtype, below.doubleValue(), below.add(shorter).doubleValue()).toDoubleArray())
            .noneMatch(x -> x == value), () -> shortest + " is not the shortest for " + value);
      }
    }
  }

  @Test
  void anArrayTellsItsTypeToo() {
    assertEquals("f32[2] [1.  0.5]", floats(F32, 1, 0.5).toString());
    assertEquals("f32[2,0] []", range(F32, 1, 2, 0).toString());
    assertEquals("i32[] -7", array(I32, new long[] {-7}).toString());
    assertEquals("""
        i32[2,2]
        [[0 1]
         [2 3]]""", range(I32, 1, 2, 2).toString());
  }
}
