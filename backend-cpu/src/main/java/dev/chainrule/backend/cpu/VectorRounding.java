package dev.chainrule.backend.cpu;

import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.NE;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;

/**
 * Signs, integers, remainders and 16-bit floats on vectors. Their results are exact or rounded once, so those of the scalar operations
 * have the same bits. The Vector API has no rounding to integers: adding and subtracting 2^23 (2^52 in double) does it.
 */
final class VectorRounding {

  /** From here on all floats are integers. */
  private static final float INTEGERS = 0x1p23f;

  /** From here on all doubles are integers. */
  private static final double DOUBLE_INTEGERS = 0x1p52;

  private static final int SIGN = FloatExponentials.SIGN;

  /** From here on f16 is infinite: half a unit beyond its largest number. */
  private static final float HALF_OVERFLOW = 65520;

  private VectorRounding() {}

  /** 1 / sqrt(x), two roundings. */
  static FloatVector rsqrt(FloatVector x) {
    return FloatVector.broadcast(VectorLanes.FLOATS, 1).div(x.sqrt());
  }

  /** {@link Math#signum}. */
  static FloatVector sign(FloatVector x) {
    IntVector one = FloatVector.broadcast(VectorLanes.FLOATS, 1).reinterpretAsInts();
    FloatVector signed = one.or(x.reinterpretAsInts().and(SIGN)).reinterpretAsFloats();
    return x.blend(signed, x.abs().compare(GT, 0));
  }

  /** {@link Math#rint}. */
  static FloatVector round(FloatVector x) {
    FloatVector size = x.abs();
    IntVector sign = x.reinterpretAsInts().and(SIGN);
    FloatVector rounded = size.add(INTEGERS).sub(INTEGERS).reinterpretAsInts().or(sign).reinterpretAsFloats();
    return x.blend(rounded, size.compare(LT, INTEGERS));
  }

  /** {@link Math#floor}: the nearest integer, or the one before. */
  static FloatVector floor(FloatVector x) {
    FloatVector size = x.abs();
    IntVector sign = x.reinterpretAsInts().and(SIGN);
    FloatVector rounded = size.add(INTEGERS).sub(INTEGERS).reinterpretAsInts().or(sign).reinterpretAsFloats();
    FloatVector nearest = x.blend(rounded, size.compare(LT, INTEGERS));
    return nearest.blend(nearest.sub(1), nearest.compare(GT, x));
  }

  /** {@link Math#ceil}: the nearest integer, or the one after, with the sign of x, also that of zeros. */
  static FloatVector ceil(FloatVector x) {
    FloatVector size = x.abs();
    IntVector sign = x.reinterpretAsInts().and(SIGN);
    FloatVector rounded = size.add(INTEGERS).sub(INTEGERS).reinterpretAsInts().or(sign).reinterpretAsFloats();
    FloatVector nearest = x.blend(rounded, size.compare(LT, INTEGERS));
    FloatVector next = nearest.blend(nearest.add(1), nearest.compare(LT, x));
    return next.reinterpretAsInts().or(sign).reinterpretAsFloats();
  }

  /**
   * Java's {@code %}. The rounded quotient's integer part is right or one too large, the remainder one product from it, without rounding.
   * Vectors with a quotient from 2^23 or an infinite or zero divisor take the scalar operation.
   */
  static FloatVector mod(FloatVector x, FloatVector y) {
    FloatVector size = x.abs();
    FloatVector divisor = y.abs();
    FloatVector quotient = size.div(divisor);
    VectorMask<Float> finite = divisor.compare(LT, Float.POSITIVE_INFINITY);
    if (!quotient.compare(LT, INTEGERS).and(finite).allTrue()) {
      return modOfLarge(x, y);
    }
    FloatVector nearest = quotient.add(INTEGERS).sub(INTEGERS);
    FloatVector whole = nearest.blend(nearest.sub(1), nearest.compare(GT, quotient));
    FloatVector rest = whole.neg().fma(divisor, size);
    rest = rest.blend(rest.add(divisor), rest.compare(LT, 0));
    return rest.reinterpretAsInts().or(x.reinterpretAsInts().and(SIGN)).reinterpretAsFloats();
  }

  static FloatVector modOfLarge(FloatVector x, FloatVector y) {
    return VectorLanes.each(x, y, (a, b) -> a % b);
  }

  /** The nearest bf16, as {@link Conversions#brainBits} rounds. */
  static FloatVector toBfloat16(FloatVector x) {
    IntVector bits = x.reinterpretAsInts();
    IntVector odd = bits.lanewise(LSHR, 16).and(1);
    FloatVector rounded = bits.add(0x7fff).add(odd).and(0xffff0000).reinterpretAsFloats();
    FloatVector quietNaN = bits.or(0x400000).and(0xffff0000).reinterpretAsFloats();
    return rounded.blend(quietNaN, x.compare(NE, x));
  }

  /** The nearest f16: 11 bits from 2^-14, multiples of 2^-24 below, infinite from 65520. */
  static FloatVector toFloat16(FloatVector x) {
    FloatVector size = x.abs();
    IntVector bits = size.reinterpretAsInts();
    IntVector odd = bits.lanewise(LSHR, 13).and(1);
    FloatVector normal = bits.add(0xfff).add(odd).and(0xffffe000).reinterpretAsFloats();
    FloatVector denormal = size.add(0.5f).sub(0.5f);
    FloatVector y = normal.blend(denormal, size.compare(LT, 0x1p-14f));
    y = y.blend(Float.POSITIVE_INFINITY, size.compare(GE, HALF_OVERFLOW));
    y = y.reinterpretAsInts().or(x.reinterpretAsInts().and(SIGN)).reinterpretAsFloats();
    return y.blend(x, x.compare(NE, x));
  }

  /** 1 / sqrt(x), two roundings. */
  static DoubleVector rsqrt(DoubleVector x) {
    return DoubleVector.broadcast(VectorLanes.DOUBLES, 1).div(x.sqrt());
  }

  /** {@link Math#signum}. */
  static DoubleVector sign(DoubleVector x) {
    LongVector one = DoubleVector.broadcast(VectorLanes.DOUBLES, 1).reinterpretAsLongs();
    DoubleVector signed = one.or(x.reinterpretAsLongs().and(Long.MIN_VALUE)).reinterpretAsDoubles();
    return x.blend(signed, x.abs().compare(GT, 0));
  }

  /** {@link Math#rint}. */
  static DoubleVector round(DoubleVector x) {
    DoubleVector size = x.abs();
    LongVector sign = x.reinterpretAsLongs().and(Long.MIN_VALUE);
    DoubleVector rounded = size.add(DOUBLE_INTEGERS).sub(DOUBLE_INTEGERS).reinterpretAsLongs().or(sign).reinterpretAsDoubles();
    return x.blend(rounded, size.compare(LT, DOUBLE_INTEGERS));
  }

  /** {@link Math#floor}: the nearest integer, or the one before. */
  static DoubleVector floor(DoubleVector x) {
    DoubleVector size = x.abs();
    LongVector sign = x.reinterpretAsLongs().and(Long.MIN_VALUE);
    DoubleVector rounded = size.add(DOUBLE_INTEGERS).sub(DOUBLE_INTEGERS).reinterpretAsLongs().or(sign).reinterpretAsDoubles();
    DoubleVector nearest = x.blend(rounded, size.compare(LT, DOUBLE_INTEGERS));
    return nearest.blend(nearest.sub(1), nearest.compare(GT, x));
  }

  /** {@link Math#ceil}: the nearest integer, or the one after, with the sign of x, also that of zeros. */
  static DoubleVector ceil(DoubleVector x) {
    DoubleVector size = x.abs();
    LongVector sign = x.reinterpretAsLongs().and(Long.MIN_VALUE);
    DoubleVector rounded = size.add(DOUBLE_INTEGERS).sub(DOUBLE_INTEGERS).reinterpretAsLongs().or(sign).reinterpretAsDoubles();
    DoubleVector nearest = x.blend(rounded, size.compare(LT, DOUBLE_INTEGERS));
    DoubleVector next = nearest.blend(nearest.add(1), nearest.compare(LT, x));
    return next.reinterpretAsLongs().or(sign).reinterpretAsDoubles();
  }
}
