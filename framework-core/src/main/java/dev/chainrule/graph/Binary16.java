package dev.chainrule.graph;

/** IEEE 754 binary16; the JDK converts to and from binary32. */
public final class Binary16 {

  private Binary16() {}

  /** The number that these bits stand for; exact. */
  public static float toFloat(short bits) {
    return Float.float16ToFloat(bits);
  }

  /** Rounds to nearest, ties to even; NaN stays NaN. */
  static short fromFloat(float value) {
    return Float.floatToFloat16(value);
  }

  /** Rounds once, straight from the double. */
  public static short fromDouble(double value) {
    return Float.floatToFloat16(Bfloat16.toOdd(value));
  }
}
