package dev.chainrule.backend.cpu;

import java.util.stream.IntStream;
import jdk.incubator.vector.FloatVector;

/**
 * Evaluates each function, or those named, at all 2^32 floats: prints the largest error and how many bits differ between scalar and vector.
 * Minutes for each function, so no test; run it after changing one.
 */
final class FloatExhaustion {

  private static final int PARTS = 1 << 12;
  private static final int LANES = VectorLanes.FLOATS.length();

  private FloatExhaustion() {}

  private record Result(double error, float at, long different) {
    Result and(Result other) {
      Result worse = error >= other.error ? this : other;
      return new Result(worse.error, worse.at, different + other.different);
    }
  }

  public static void main(String[] names) {
    FloatFunction[] functions = names.length == 0 ? FloatFunction.values()
        : java.util.Arrays.stream(names).map(FloatFunction::valueOf).toArray(FloatFunction[]::new);
    for (FloatFunction f : functions) {
      Result r = IntStream.range(0, PARTS).parallel().mapToObj(part -> part(f, part)).reduce(Result::and).orElseThrow();
      System.out.printf("%s: at most %.4f ulp, at %s (%s); %d vector lanes differ%n", f, r.error, r.at, Float.toHexString(r.at),
          r.different);
    }
  }

  private static Result part(FloatFunction f, int part) {
    float[] x = new float[LANES];
    float[] y = new float[LANES];
    double error = 0;
    float at = 0;
    long different = 0;
    long each = (1L << 32) / PARTS;
    for (long bits = part * each; bits < (part + 1) * each; bits += LANES) {
      for (int i = 0; i < LANES; i++) {
        x[i] = Float.intBitsToFloat((int) (bits + i));
      }
      f.vector.apply(FloatVector.fromArray(VectorLanes.FLOATS, x, 0)).intoArray(y, 0);
      for (int i = 0; i < LANES; i++) {
        float scalar = f.scalar.apply(x[i]);
        different += Float.floatToIntBits(scalar) == Float.floatToIntBits(y[i]) ? 0 : 1;
        double e = FloatFunction.error(f.exact.applyAsDouble(x[i]), scalar);
        if (e > error) {
          error = e;
          at = x[i];
        }
      }
    }
    return new Result(error, at, different);
  }
}
