package dev.chainrule.graph;

import static dev.chainrule.graph.Reference.INF;
import static dev.chainrule.graph.Reference.NAN;
import static dev.chainrule.graph.Reference.assertSame;
import static dev.chainrule.graph.Reference.bool;
import static dev.chainrule.graph.Reference.eval;
import static dev.chainrule.graph.Reference.f32;
import static dev.chainrule.graph.Reference.f64;
import static dev.chainrule.graph.Reference.i32;
import static dev.chainrule.graph.Reference.longs;
import static dev.chainrule.graph.Reference.vector;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.InvalidArgumentException;
import java.math.BigInteger;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PointwiseMeaningTest {

  @Test
  @Tag("S5.16")
  void maxAndMinPropagateNaNFromEitherSide() {
    assertSame(f32(NAN, NAN, INF), eval(new Op.Max(), f32(NAN, 1, INF), f32(1, NAN, 1)));
    assertSame(f32(NAN, NAN, -INF), eval(new Op.Min(), f32(NAN, 1, -INF), f32(1, NAN, 1)));
  }

  @Test
  @Tag("S5.3")
  void signKeepsNaNAndSignedZeros() {
    assertSame(f32(NAN, 0.0, -0.0, 1, -1), eval(new Op.Sign(), f32(NAN, 0.0, -0.0, INF, -INF)));
    assertSame(i32(-1, 0, 1), eval(new Op.Sign(), i32(Integer.MIN_VALUE, 0, 9)));
  }

  @Test
  @Tag("S5.21")
  void comparisonsWithNaNAreFalseAndZerosAreEqual() {
    HostArray x = f32(NAN, NAN, 1, 0.0);
    HostArray y = f32(NAN, 1, NAN, -0.0);
    assertSame(bool(0, 0, 0, 1), eval(new Op.Equal(), x, y));
    assertSame(bool(0, 0, 0, 0), eval(new Op.Less(), x, y));
    assertSame(bool(0, 0, 0, 1), eval(new Op.LessEqual(), x, y));
  }

  @Test
  void comparisonsOfLongsAreExact() {
    HostArray x = longs(DType.I64, Long.MAX_VALUE);
    HostArray y = longs(DType.I64, Long.MAX_VALUE - 1);
    assertSame(bool(0), eval(new Op.Equal(), x, y));
    assertSame(bool(1), eval(new Op.Less(), y, x));
  }

  @Test
  @Tag("S5.6") @Tag("S5.7") @Tag("S5.8") @Tag("S5.9") @Tag("S5.10") @Tag("S5.11")
  void transcendentalFunctionsHaveTheirLimits() {
    HostArray ends = f64(INF, -INF, NAN);
    assertSame(f64(INF, 0, NAN), eval(new Op.Exp(), ends));
    assertSame(f64(INF, -1, NAN), eval(new Op.Expm1(), ends));
    assertSame(f64(1, -1, NAN), eval(new Op.Tanh(), ends));
    assertSame(f64(1, -1, NAN), eval(new Op.Erf(), ends));
    assertSame(f64(NAN, NAN, NAN), eval(new Op.Sin(), ends));
    assertSame(f64(NAN, NAN, NAN), eval(new Op.Cos(), ends));
    assertSame(f64(NAN, NAN, NAN), eval(new Op.Tan(), ends));
    assertSame(f64(-INF, NAN, INF), eval(new Op.Log(), f64(0, -1, INF)));
    assertSame(f64(-INF, NAN, INF), eval(new Op.Log1p(), f64(-1, -2, INF)));
    assertSame(f64(NAN, -0.0, INF), eval(new Op.Sqrt(), f64(-1, -0.0, INF)));
    assertSame(f64(INF, NAN, 0), eval(new Op.Rsqrt(), f64(0, -1, INF)));
  }

  @Test
  @Tag("S5.14") @Tag("S5.18")
  void divisionOfFloatsFollowsIeee754() {
    assertSame(f32(INF, -INF, NAN, 0, NAN), eval(new Op.Div(), f32(1, -1, 0, 1, INF), f32(0, 0, 0, INF, INF)));
    assertSame(f32(-1.5, 1.5, NAN, 2, NAN), eval(new Op.Mod(), f32(-5.5, 5.5, 1, 2, INF), f32(2, -2, 0, INF, 2)));
  }

  @Test
  @Tag("S5.15")
  void powHasTheUsualSpecialCases() {
    assertSame(f64(1, 1, NAN, INF, 0, -8), eval(new Op.Pow(), f64(NAN, 0, -2, 0, INF, -2), f64(0, 0, 0.5, -1, -1, 3)));
  }

  @Test
  @Tag("S5.5")
  void roundGoesToEvenAndKeepsWhatIsWhole() {
    assertSame(f64(-2, -0.0, 0, 2, 4503599627370497.0, INF, NAN),
        eval(new Op.Round(), f64(-1.5, -0.5, 0.5, 2.5, 4503599627370497.0, INF, NAN)));
  }

  @Test
  @Tag("S5.13") @Tag("S5.25")
  void eachFloatingResultIsRoundedToItsType() {
    assertSame(f32((float) (1.0 / 3)), eval(new Op.Div(), f32(1), f32(3)));
    assertSame(vector(DType.F16, 2048), eval(new Op.Add(), vector(DType.F16, 2048), vector(DType.F16, 1)));
    assertSame(vector(DType.BF16, 256), eval(new Op.Add(), vector(DType.BF16, 256), vector(DType.BF16, 1)));
    assertSame(vector(DType.F16, INF), eval(new Op.Mul(), vector(DType.F16, 65504), vector(DType.F16, 2)));
    assertSame(f32(INF), eval(new Op.Exp(), f32(89)));
  }

  @Test
  @Tag("S1.1")
  void denormalsAreKept() {
    assertSame(f32(Float.MIN_VALUE), eval(new Op.Div(), f32(Float.MIN_NORMAL), f32(1 << 23)));
  }

  @Test
  @Tag("S1.2") @Tag("S5.1") @Tag("S5.2") @Tag("S5.13") @Tag("S5.17")
  void integersWrap() {
    assertSame(i32(Integer.MIN_VALUE, -2), eval(new Op.Add(), i32(Integer.MAX_VALUE, Integer.MAX_VALUE), i32(1, Integer.MAX_VALUE)));
    assertSame(i32(Integer.MIN_VALUE), eval(new Op.Neg(), i32(Integer.MIN_VALUE)));
    assertSame(i32(Integer.MIN_VALUE), eval(new Op.Abs(), i32(Integer.MIN_VALUE)));
    assertSame(i32(Integer.MIN_VALUE), eval(new Op.IDiv(), i32(Integer.MIN_VALUE), i32(-1)));
    assertSame(longs(DType.I64, Long.MIN_VALUE), eval(new Op.IDiv(), longs(DType.I64, Long.MIN_VALUE), longs(DType.I64, -1)));
    assertSame(longs(DType.U8, 4, 255), eval(new Op.Add(), longs(DType.U8, 250, 255), longs(DType.U8, 10, 0)));
    assertSame(longs(DType.U8, 254), eval(new Op.Neg(), longs(DType.U8, 2)));
    assertSame(longs(DType.U8, 100), eval(new Op.IDiv(), longs(DType.U8, 200), longs(DType.U8, 2)));
  }

  @Test
  @Tag("S1.2")
  void integerArithmeticIsThatOfIntegersModuloTheWidth() {
    var random = new SplittableRandom(5);
    for (int i = 0; i < 1000; i++) {
      long x = random.nextLong();
      long y = random.nextLong();
      BigInteger product = BigInteger.valueOf(x).multiply(BigInteger.valueOf(y));
      assertEquals(product.longValue(), eval(new Op.Mul(), longs(DType.I64, x), longs(DType.I64, y)).longAt(0));
      assertEquals(product.intValue(), eval(new Op.Mul(), longs(DType.I32, x), longs(DType.I32, y)).longAt(0));
      assertEquals(product.intValue() & 0xff, eval(new Op.Mul(), longs(DType.U8, x & 255), longs(DType.U8, y & 255)).longAt(0));
    }
  }

  @Test
  @Tag("S5.17") @Tag("S5.18")
  void divisionByZeroOfIntegersNamesTheOperationAndThePlace() {
    var e = assertThrows(InvalidArgumentException.class, () -> eval(new Op.IDiv(), i32(1, 2), i32(1, 0)));
    assertTrue(e.getMessage().startsWith("[iDiv] 2 divided by 0 at element 1 of i32[2]"), e.getMessage());
    assertThrows(InvalidArgumentException.class, () -> eval(new Op.Mod(), longs(DType.U8, 1), longs(DType.U8, 0)));
  }

  @Test
  @Tag("S5.12") @Tag("S5.19")
  void logicOnBoolStaysLogical() {
    assertSame(bool(1, 0), eval(new Op.Not(), bool(0, 1)));
    assertSame(bool(0, 0, 0, 1), eval(new Op.And(), bool(0, 0, 1, 1), bool(0, 1, 0, 1)));
    assertSame(bool(0, 1, 1, 1), eval(new Op.Or(), bool(0, 0, 1, 1), bool(0, 1, 0, 1)));
    assertSame(bool(0, 1, 1, 0), eval(new Op.Xor(), bool(0, 0, 1, 1), bool(0, 1, 0, 1)));
    assertSame(longs(DType.U8, 250), eval(new Op.Not(), longs(DType.U8, 5)));
  }

  @Test
  @Tag("S5.20")
  void shiftsTakeTheirDistanceModuloTheWidth() {
    assertSame(i32(2, Integer.MIN_VALUE), eval(new Op.ShiftLeft(), i32(1, 1), i32(33, -1)));
    assertSame(longs(DType.I64, 1L << 33), eval(new Op.ShiftLeft(), longs(DType.I64, 1), longs(DType.I64, 33)));
    assertSame(i32(-1, 1), eval(new Op.ShiftRight(), i32(-1, 2), i32(31, 33)));
    assertSame(i32(1, -1), eval(new Op.ShiftRightLogical(), i32(-1, -1), i32(31, 32)));
    assertSame(longs(DType.I64, 1, -1), eval(new Op.ShiftRightLogical(), longs(DType.I64, -1, -1), longs(DType.I64, 63, 64)));
    assertSame(longs(DType.U8, 0x40, 0xf0), eval(new Op.ShiftRight(), longs(DType.U8, 0x80, 0xf0), longs(DType.U8, 1, 8)));
    assertSame(longs(DType.U8, 0x40), eval(new Op.ShiftRightLogical(), longs(DType.U8, 0x80), longs(DType.U8, 9)));
    assertSame(longs(DType.U8, 0xe0), eval(new Op.ShiftLeft(), longs(DType.U8, 0xff), longs(DType.U8, 5)));
  }

  @Test
  @Tag("S2.1") @Tag("S2.4")
  void castFromFloatTruncatesSaturatesAndTakesNaNToZero() {
    HostArray x = f64(-1.9, 1.9, 1e30, -1e30, INF, -INF, NAN);
    int big = Integer.MAX_VALUE;
    int small = Integer.MIN_VALUE;
    assertSame(i32(-1, 1, big, small, big, small, 0), eval(new Op.Cast(DType.I32), x));
    assertSame(longs(DType.I64, -1, 1, Long.MAX_VALUE, Long.MIN_VALUE, Long.MAX_VALUE, Long.MIN_VALUE, 0),
        eval(new Op.Cast(DType.I64), x));
    assertSame(longs(DType.U8, 0, 1, 255, 0, 255, 0, 0), eval(new Op.Cast(DType.U8), x));
    assertSame(longs(DType.U8, 255, 0), eval(new Op.Cast(DType.U8), f32(256, -0.5)));
  }

  @Test
  @Tag("S2.3")
  void castToBoolIsTrueWhereNotZero() {
    assertSame(bool(0, 0, 1, 1, 1), eval(new Op.Cast(DType.BOOL), f32(0.0, -0.0, 1e-40, -3, NAN)));
    assertSame(bool(0, 1, 1), eval(new Op.Cast(DType.BOOL), i32(0, 256, -1)));
  }

  @Test
  @Tag("S2.1")
  void castToANarrowerIntegerWraps() {
    assertSame(i32(0, -1, 5), eval(new Op.Cast(DType.I32), longs(DType.I64, 1L << 32, -1, (1L << 40) + 5)));
    assertSame(longs(DType.U8, 0, 255, 4), eval(new Op.Cast(DType.U8), i32(256, -1, 260)));
  }

  @Test
  @Tag("S2.1") @Tag("S5.23")
  void castFromIntegerRoundsOnce() {
    // 2^60 + 2^36 is the midpoint of two floats; one more goes up. By way of a double the one more is lost.
    long midpoint = (1L << 60) + (1L << 36);
    assertSame(f32(0x1p60, 0x1p60 + 0x1p37), eval(new Op.Cast(DType.F32), longs(DType.I64, midpoint, midpoint + 1)));
    assertSame(vector(DType.F16, INF, 65504), eval(new Op.Cast(DType.F16), i32(65520, 65519)));
    assertSame(f32(0, 1), eval(new Op.Cast(DType.F32), bool(0, 1)));
  }

  @Test
  @Tag("S2.5") @Tag("S5.22") @Tag("S5.23")
  void bitcastAndMovementKeepEveryBit() {
    HostArray bits = i32(0x7f800001, 0xffc12345, 0x80000000); // a signalling NaN, a NaN with a payload, -0
    HostArray floats = eval(new Op.Bitcast(DType.F32), bits);
    HostArray moved = eval(new Op.Where(), bool(1, 0, 1), floats, eval(new Op.Permute(Axes.of(0)), floats));
    assertSame(bits, eval(new Op.Bitcast(DType.I32), moved));
    assertSame(longs(DType.I64, 0x3ff0000000000000L), eval(new Op.Bitcast(DType.I64), f64(1)));
    assertSame(vector(DType.BF16, 1), eval(new Op.Bitcast(DType.BF16), vector(DType.F16, 1.875))); // both 0x3f80
  }

  @ParameterizedTest
  @EnumSource(DType.class)
  @Tag("S5.16")
  void maxExistsForEveryType(DType dtype) {
    assertSame(vector(dtype, 1, 1), eval(new Op.Max(), vector(dtype, 0, 1), vector(dtype, 1, 0)));
    assertSame(vector(dtype, 0, 0), eval(new Op.Min(), vector(dtype, 0, 1), vector(dtype, 1, 0)));
  }
}
