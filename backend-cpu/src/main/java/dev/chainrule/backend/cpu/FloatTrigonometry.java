package dev.chainrule.backend.cpu;

import static dev.chainrule.backend.cpu.FloatExponentials.ROUNDER;
import static dev.chainrule.backend.cpu.FloatExponentials.SIGN;

/**
 * Sine, cosine and tangent of one float. The argument is n pi/2 + r by subtracting pi/2 in parts, whose first product is exact; sine and
 * cosine go on in float, the tangent, whose rounding errors add up, in double. Beyond the range where the parts are good enough they are
 * {@code Math}'s. {@link VectorTrigonometry} does the same operations for sine and cosine in the same order, so both give the same bits.
 */
final class FloatTrigonometry {

  /** The largest size that sine and cosine reduce by themselves. */
  static final float LARGEST = 0x1p17f;

  static final float TWO_OVER_PI = 0.63661975f;
  static final float HALF_PI_0 = 0x1.921fb6p+0f;
  static final float HALF_PI_1 = -0x1.777a5cp-25f;
  static final float HALF_PI_2 = -0x1.ee59dap-50f;

  /** (sin(r) / r - 1) / r^2 in r^2; the sine is wrong by 2^-27.8. */
  static final float SIN_0 = -0x1.555544p-3f;
  static final float SIN_1 = 0x1.1106c6p-7f;
  static final float SIN_2 = -0x1.991c1ep-13f;

  /** (cos(r) - 1 + r^2/2) / r^4 in r^2; the cosine is wrong by 2^-33. */
  static final float COS_0 = 0x1.55554ap-5f;
  static final float COS_1 = -0x1.6c0c1ap-10f;
  static final float COS_2 = 0x1.99e0ecp-16f;

  /** The largest size that the tangent reduces by itself. */
  static final float TAN_LARGEST = 0x1p30f;

  static final double DOUBLE_ROUNDER = 0x1.8p52;
  static final double DOUBLE_TWO_OVER_PI = 0.6366197723675814;
  static final double DOUBLE_HALF_PI_0 = 1.5707963267948966;
  static final double DOUBLE_HALF_PI_1 = 6.123233995736766e-17;

  /** As above, wrong by 2^-37. */
  static final double TAN_SIN_0 = -0x1.5555554c04552p-3;
  static final double TAN_SIN_1 = 0x1.1111081b17d13p-7;
  static final double TAN_SIN_2 = -0x1.a00f3f7424478p-13;
  static final double TAN_SIN_3 = 0x1.6cc2c82e1c14ap-19;

  /** (cos(r) - 1) / r^2 in r^2; wrong by 2^-33. */
  static final double TAN_COS_0 = -0x1.ffffffc8eeda9p-2;
  static final double TAN_COS_1 = 0x1.55553b90c5a6bp-5;
  static final double TAN_COS_2 = -0x1.6c07964d368edp-10;
  static final double TAN_COS_3 = 0x1.99014acf72023p-16;

  private FloatTrigonometry() {}

  /** Wrong by less than 1.6 units in the last place. */
  static float sin(float x) {
    float size = Math.abs(x);
    if (size > LARGEST) {
      return (float) Math.sin(x);
    }
    float shifted = Math.fma(size, TWO_OVER_PI, ROUNDER);
    int n = Float.floatToRawIntBits(shifted);
    float r = rest(size, shifted - ROUNDER);
    float y = (n & 1) != 0 ? cosReduced(r) : sinReduced(r);
    return Float.intBitsToFloat(Float.floatToRawIntBits(y) ^ ((n << 30) & SIGN) ^ (Float.floatToRawIntBits(x) & SIGN));
  }

  /** Wrong by less than 1.6 units in the last place. */
  static float cos(float x) {
    float size = Math.abs(x);
    if (size > LARGEST) {
      return (float) Math.cos(x);
    }
    float shifted = Math.fma(size, TWO_OVER_PI, ROUNDER);
    int n = Float.floatToRawIntBits(shifted) + 1;
    float r = rest(size, shifted - ROUNDER);
    float y = (n & 1) != 0 ? cosReduced(r) : sinReduced(r);
    return Float.intBitsToFloat(Float.floatToRawIntBits(y) ^ ((n << 30) & SIGN));
  }

  /** size - n pi/2. */
  private static float rest(float size, float n) {
    return Math.fma(n, -HALF_PI_2, Math.fma(n, -HALF_PI_1, Math.fma(n, -HALF_PI_0, size)));
  }

  private static float sinReduced(float r) {
    float s = r * r;
    float p = Math.fma(SIN_2, s, SIN_1);
    p = Math.fma(p, s, SIN_0);
    return Math.fma(p * s, r, r);
  }

  private static float cosReduced(float r) {
    float s = r * r;
    float p = Math.fma(COS_2, s, COS_1);
    p = Math.fma(p, s, COS_0);
    p = Math.fma(p, s, -0.5f);
    return Math.fma(p, s, 1);
  }

  /** Wrong by less than 0.51 units in the last place. */
  static float tan(float x) {
    float size = Math.abs(x);
    if (size > TAN_LARGEST) {
      return (float) Math.tan(x);
    }
    return withSign((float) tanOfSize(size), x);
  }

  private static double tanOfSize(double size) {
    double shifted = Math.fma(size, DOUBLE_TWO_OVER_PI, DOUBLE_ROUNDER);
    double n = shifted - DOUBLE_ROUNDER;
    double r = Math.fma(n, -DOUBLE_HALF_PI_1, Math.fma(n, -DOUBLE_HALF_PI_0, size));
    double s = r * r;
    double sin = Math.fma(tanSin(s) * s, r, r);
    double cos = Math.fma(tanCos(s), s, 1);
    boolean odd = (Double.doubleToRawLongBits(shifted) & 1) != 0;
    return (odd ? -cos : sin) / (odd ? sin : cos);
  }

  private static double tanSin(double s) {
    double p = Math.fma(TAN_SIN_3, s, TAN_SIN_2);
    p = Math.fma(p, s, TAN_SIN_1);
    return Math.fma(p, s, TAN_SIN_0);
  }

  private static double tanCos(double s) {
    double p = Math.fma(TAN_COS_3, s, TAN_COS_2);
    p = Math.fma(p, s, TAN_COS_1);
    return Math.fma(p, s, TAN_COS_0);
  }

  /** y times the sign of x. */
  private static float withSign(float y, float x) {
    return Float.intBitsToFloat(Float.floatToRawIntBits(y) ^ (Float.floatToRawIntBits(x) & SIGN));
  }
}
