package dev.chainrule.backend.cpu;

/**
 * Exponentials and the error function of one float, computed in float: the argument is split into n ln 2 + r, e^r - 1 is a polynomial,
 * and 2^n comes from the exponent's bits. {@link VectorExponentials} does the same operations in the same order, so both give the same
 * bits; the polynomials are minimax fits, rounded to float from the lowest power up.
 */
final class FloatExponentials {

  static final float LOG2_E = 1.442695f;

  /** Adding this to a small float leaves its nearest integer in the lowest bits. */
  static final float ROUNDER = 0x1.8p23f;

  static final int ROUNDER_BITS = 0x4b400000;
  static final float LN_2 = 0x1.62e430p-1f;

  /** ln 2 is LN_2 + LN_2_REST to 48 bits. */
  static final float LN_2_REST = -0x1.05c610p-29f;

  static final int FRACTION_BITS = 23;
  static final int BIAS = 127;
  static final int SIGN = Integer.MIN_VALUE;

  /** Below it e^x rounds to 0. */
  static final float EXP_LOWEST = -104;

  /** Above it e^x rounds to infinity. */
  static final float EXP_HIGHEST = 89;

  /** (e^r - 1 - r) / r^2 for |r| below ln 2 / 2; e^r is wrong by 2^-28. */
  static final float EXP_0 = 0x1.fffffcp-2f;
  static final float EXP_1 = 0x1.555492p-3f;
  static final float EXP_2 = 0x1.5558bep-5f;
  static final float EXP_3 = 0x1.1239e0p-7f;
  static final float EXP_4 = 0x1.6a3fb6p-10f;

  /** The same; e^r - 1 is wrong by 2^-31. */
  static final float EXPM1_0 = 0.5f;
  static final float EXPM1_1 = 0x1.555556p-3f;
  static final float EXPM1_2 = 0x1.5554f6p-5f;
  static final float EXPM1_3 = 0x1.111004p-7f;
  static final float EXPM1_4 = 0x1.6d3cecp-10f;
  static final float EXPM1_5 = 0x1.a242fep-13f;

  /** Below it e^x - 1 rounds to -1. */
  static final float EXPM1_LOWEST = -20;

  /** Beyond it tanh rounds to 1. */
  static final float TANH_IS_ONE = 10;

  /** Up to it tanh is a polynomial. */
  static final float TANH_SERIES = 0.55f;

  /** (tanh(x) / x - 1) / x^2 in x^2, for |x| up to 0.55; tanh is wrong by 2^-29. */
  static final float TANH_0 = -0x1.55554ap-2f;
  static final float TANH_1 = 0x1.110cf0p-3f;
  static final float TANH_2 = -0x1.b91f22p-5f;
  static final float TANH_3 = 0x1.58ec9cp-6f;
  static final float TANH_4 = -0x1.995794p-8f;

  /** Beyond it erf rounds to 1. */
  static final float ERF_IS_ONE = 4;

  /** erf(x) / x - 1 in x^2, for |x| up to 1; wrong by 2^-29. */
  static final float ERF_0 = 0x1.06eba8p-3f;
  static final float ERF_1 = -0x1.81273ep-2f;
  static final float ERF_2 = 0x1.ce2ce6p-4f;
  static final float ERF_3 = -0x1.b7f71ap-6f;
  static final float ERF_4 = 0x1.53f224p-8f;
  static final float ERF_5 = -0x1.a3515ep-11f;
  static final float ERF_6 = 0x1.4771fep-14f;

  /** ln(1 - erf(x)) / x for x from 1 to 4; erf is wrong by 2^-31. */
  static final float ERFC_1 = -0x1.20f21cp+0f;
  static final float ERFC_2 = -0x1.451ac0p-1f;
  static final float ERFC_3 = -0x1.b45930p-4f;
  static final float ERFC_4 = 0x1.896050p-6f;
  static final float ERFC_5 = -0x1.ec7b30p-9f;
  static final float ERFC_6 = 0x1.6f9572p-12f;
  static final float ERFC_7 = -0x1.d45f70p-17f;

  private FloatExponentials() {}

  /** e^x, wrong by less than 1.02 units in the last place. */
  static float exp(float x) {
    float v = x < EXP_LOWEST ? EXP_LOWEST : x;
    v = v > EXP_HIGHEST ? EXP_HIGHEST : v;
    float shifted = Math.fma(v, LOG2_E, ROUNDER);
    int n = Float.floatToRawIntBits(shifted) - ROUNDER_BITS;
    // 2^n in two factors: it may be beyond the range of float where the result is not.
    int half = n >> 1;
    return expReduced(rest(v, shifted)) * powerOfTwo(half) * powerOfTwo(n - half);
  }

  /** e^x - 1, wrong by less than 1.5 units in the last place. */
  static float expm1(float x) {
    float v = x < EXPM1_LOWEST ? EXPM1_LOWEST : x;
    v = v > EXP_HIGHEST ? EXP_HIGHEST : v;
    float shifted = Math.fma(v, LOG2_E, ROUNDER);
    int n = Float.floatToRawIntBits(shifted) - ROUNDER_BITS;
    // -1 where n is 128, which is one too many for an exponent.
    int over = (BIAS - n) >> 31;
    float power = powerOfTwo(n + over);
    float y = Math.fma(power, expm1Reduced(rest(v, shifted)), power - 1) * powerOfTwo(-over);
    return withSign(y, x);
  }

  /** x + x^3 P(x^2) up to 0.55, beyond it 1 - 2 / (e^2x + 1); wrong by less than 1.5 units in the last place. */
  static float tanh(float x) {
    float size = Math.abs(x);
    float t = size > TANH_IS_ONE ? TANH_IS_ONE : size;
    float s = t * t;
    return withSign(t > TANH_SERIES ? 1 - 2 / (expBounded(t + t) + 1) : Math.fma(t, tanhSeries(s) * s, t), x);
  }

  private static float tanhSeries(float s) {
    float p = Math.fma(TANH_4, s, TANH_3);
    p = Math.fma(p, s, TANH_2);
    p = Math.fma(p, s, TANH_1);
    return Math.fma(p, s, TANH_0);
  }

  /** x + x P(x^2) up to 1, beyond it 1 - e^(x Q(x)); wrong by less than 1.6 units in the last place. */
  static float erf(float x) {
    float size = Math.abs(x);
    float t = size > ERF_IS_ONE ? ERF_IS_ONE : size;
    return withSign(t > 1 ? 1 - expBounded(t * erfcExponent(t)) : Math.fma(t, erfSeries(t * t), t), x);
  }

  private static float erfSeries(float s) {
    float p = Math.fma(ERF_6, s, ERF_5);
    p = Math.fma(p, s, ERF_4);
    p = Math.fma(p, s, ERF_3);
    p = Math.fma(p, s, ERF_2);
    p = Math.fma(p, s, ERF_1);
    return Math.fma(p, s, ERF_0);
  }

  private static float erfcExponent(float t) {
    float p = Math.fma(ERFC_7, t, ERFC_6);
    p = Math.fma(p, t, ERFC_5);
    p = Math.fma(p, t, ERFC_4);
    p = Math.fma(p, t, ERFC_3);
    p = Math.fma(p, t, ERFC_2);
    return Math.fma(p, t, ERFC_1);
  }

  /** e^v for |v| below 87. */
  private static float expBounded(float v) {
    float shifted = Math.fma(v, LOG2_E, ROUNDER);
    return expReduced(rest(v, shifted)) * powerOfTwo(Float.floatToRawIntBits(shifted) - ROUNDER_BITS);
  }

  /** v - n ln 2, where n + ROUNDER is given. */
  private static float rest(float v, float shifted) {
    float n = shifted - ROUNDER;
    return Math.fma(n, -LN_2_REST, Math.fma(n, -LN_2, v));
  }

  private static float expReduced(float r) {
    float p = Math.fma(EXP_4, r, EXP_3);
    p = Math.fma(p, r, EXP_2);
    p = Math.fma(p, r, EXP_1);
    p = Math.fma(p, r, EXP_0);
    return Math.fma(p, r * r, r) + 1;
  }

  private static float expm1Reduced(float r) {
    float p = Math.fma(EXPM1_5, r, EXPM1_4);
    p = Math.fma(p, r, EXPM1_3);
    p = Math.fma(p, r, EXPM1_2);
    p = Math.fma(p, r, EXPM1_1);
    p = Math.fma(p, r, EXPM1_0);
    return Math.fma(p, r * r, r);
  }

  private static float powerOfTwo(int n) {
    return Float.intBitsToFloat((n + BIAS) << FRACTION_BITS);
  }

  /** y, which is not below 0 where x is not, with the sign of x, also that of zeros. */
  private static float withSign(float y, float x) {
    return Float.intBitsToFloat(Float.floatToRawIntBits(y) | (Float.floatToRawIntBits(x) & SIGN));
  }
}
