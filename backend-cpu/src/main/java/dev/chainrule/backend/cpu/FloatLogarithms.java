package dev.chainrule.backend.cpu;

import static dev.chainrule.backend.cpu.FloatExponentials.BIAS;
import static dev.chainrule.backend.cpu.FloatExponentials.FRACTION_BITS;
import static dev.chainrule.backend.cpu.FloatExponentials.LN_2;
import static dev.chainrule.backend.cpu.FloatExponentials.SIGN;

/**
 * Logarithms of one float, computed in float: the argument is 2^k (1 + f) with f between -1/3 and 1/3, ln(1 + f) is a polynomial.
 * {@link VectorLogarithms} does the same operations in the same order, so both give the same bits.
 */
final class FloatLogarithms {

  static final int TWO_THIRDS_BITS = 0x3f2aaaab;
  static final int FRACTION = 0x7fffff;

  /** What makes denormal numbers normal, and the exponent to take away again. */
  static final float DENORMAL_FACTOR = 0x1p23f;

  static final float DENORMAL_EXPONENT = -23;

  /** (ln(1 + f) - f + f^2/2) / f^3; the logarithm is wrong by 2^-27.7. */
  static final float LOG_0 = 0x1.555506p-2f;
  static final float LOG_1 = -0x1.fffefap-3f;
  static final float LOG_2 = 0x1.99d050p-3f;
  static final float LOG_3 = -0x1.559c68p-3f;
  static final float LOG_4 = 0x1.1ed55ap-3f;
  static final float LOG_5 = -0x1.f33276p-4f;
  static final float LOG_6 = 0x1.1e6d18p-3f;
  static final float LOG_7 = -0x1.07c510p-3f;

  private FloatLogarithms() {}

  /** ln x, wrong by less than 1 unit in the last place. */
  static float log(float x) {
    boolean denormal = x < Float.MIN_NORMAL;
    int above = Float.floatToRawIntBits(denormal ? x * DENORMAL_FACTOR : x) - TWO_THIRDS_BITS;
    float k = (above >> FRACTION_BITS) + (denormal ? DENORMAL_EXPONENT : 0);
    float f = Float.intBitsToFloat((above & FRACTION) + TWO_THIRDS_BITS) - 1;
    float y = Math.fma(k, LN_2, logReduced(f));
    y = x < Float.POSITIVE_INFINITY ? y : x;
    y = x < 0 ? Float.NaN : y;
    return x == 0 ? Float.NEGATIVE_INFINITY : y;
  }

  /**
   * ln(1 + x): k is that of 1 + x rounded, 1 + f is (1 + x) 2^-k without that rounding. Wrong by less than 1.6 units in the
   * last place.
   */
  static float log1p(float x) {
    float u = 1 + x;
    int k = (Float.floatToRawIntBits(u) - TWO_THIRDS_BITS) >> FRACTION_BITS;
    // 2^-k in two factors: for the largest numbers it is denormal.
    int half = k >> 1;
    float a = Float.intBitsToFloat((BIAS - half) << FRACTION_BITS);
    float b = Float.intBitsToFloat((BIAS - (k - half)) << FRACTION_BITS);
    float f = Math.fma(x * a, b, Math.fma(a, b, -1));
    float y = Math.fma(k, LN_2, logReduced(f));
    y = Float.intBitsToFloat(Float.floatToRawIntBits(y) | (Float.floatToRawIntBits(x) & SIGN));
    y = x < Float.POSITIVE_INFINITY ? y : x;
    y = x < -1 ? Float.NaN : y;
    return x == -1 ? Float.NEGATIVE_INFINITY : y;
  }

  private static float logReduced(float f) {
    float p = Math.fma(LOG_7, f, LOG_6);
    p = Math.fma(p, f, LOG_5);
    p = Math.fma(p, f, LOG_4);
    p = Math.fma(p, f, LOG_3);
    p = Math.fma(p, f, LOG_2);
    p = Math.fma(p, f, LOG_1);
    p = Math.fma(p, f, LOG_0);
    p = Math.fma(p, f, -0.5f);
    return Math.fma(p, f * f, f);
  }
}
