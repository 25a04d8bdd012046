package dev.chainrule.backend.cpu;

import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** Floats for functions of floats: special ones with their neighbours, and all exponents with random fractions. */
final class FloatSamples {

  /** Special values, and where functions change their formula, overflow or vanish. */
  private static final float[] POINTS = {
    0, Float.MIN_VALUE, 1e-40f, Float.MIN_NORMAL, 0x1p-126f, 0x1p-24f, 0x1p-14f, 6e-8f, 1e-5f, 0.25f, 1f / 3, 0.5f, 0.55f, 2f / 3,
    0.70710677f, 0.75f, (float) (Math.PI / 4), 1, 4f / 3, 1.5f, (float) (Math.PI / 2), 2, 2.5f, 3, (float) Math.PI, 4, 10, 20, 87.33654f,
    88.72283f, 89, 103.97208f, 104, 65504, 65519.996f, 65520, 0x1p16f, 0x1p17f, 0x1p22f, 0x1p23f, 0x1p24f, 0x1p30f, 0x1p31f, 0x1p63f,
    1e30f, 0x1p127f, Float.MAX_VALUE
  };

  private static final int NEIGHBOURS = 20;

  private FloatSamples() {}

  /** {@link #POINTS} and their negatives, one step around them, infinities, NaN. */
  static float[] specials() {
    return around(1);
  }

  private static float[] around(int neighbours) {
    float[] result = new float[2 * POINTS.length * (2 * neighbours + 1) + 3];
    int at = 0;
    for (float point : POINTS) {
      for (int i = -neighbours; i <= neighbours; i++) {
        float x = Float.intBitsToFloat(Math.max(0, Float.floatToIntBits(point) + i));
        result[at++] = x;
        result[at++] = -x;
      }
    }
    result[at++] = Float.NaN;
    result[at++] = Float.POSITIVE_INFINITY;
    result[at] = Float.NEGATIVE_INFINITY;
    return result;
  }

  /** So many fractions for each sign and exponent, and the surroundings of special values. */
  static float[] all(int fractions) {
    var random = new SplittableRandom(7);
    float[] near = around(NEIGHBOURS);
    float[] x = new float[near.length + 512 * fractions];
    System.arraycopy(near, 0, x, 0, near.length);
    IntStream.range(0, 512 * fractions)
        .forEach(i -> x[near.length + i] = Float.intBitsToFloat(i / fractions << 23 | random.nextInt(1 << 23)));
    return x;
  }
}
