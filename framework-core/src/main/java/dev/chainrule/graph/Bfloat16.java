package dev.chainrule.graph;

/** The 16-bit brain float: the upper half of a binary32. */
public final class Bfloat16 {

  private Bfloat16() {}

  /** The number that these bits stand for; exact. */
  public static float toFloat(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  /** Rounds to nearest, ties to even; NaN stays NaN. */
  static short fromFloat(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) ((bits >>> 16) | 0x40);
    }
    return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
  }

  /** Rounds once, straight from the double. */
  public static short fromDouble(double value) {
    return fromFloat(toOdd(value));
  }

  /** The binary32 next to {@code value} with the last bit set when inexact, so that rounding it again equals rounding once. */
  static float toOdd(double value) {
    float near = (float) value;
    if (near == value || Float.isNaN(near) || Float.isInfinite(near)) {
      return near;
    }
    float towardsZero = Math.abs((double) near) > Math.abs(value) ? (near > 0 ? Math.nextDown(near) : Math.nextUp(near)) : near;
    return Float.intBitsToFloat(Float.floatToRawIntBits(towardsZero) | 1);
  }
}
