package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;

/** Registers read as another element type of the same width, bit by bit. */
final class Bits {

  private Bits() {}

  static Loops.Conversion<Object, Object> between(DType from, DType to) {
    if (from == to) {
      return (d, x, n) -> System.arraycopy(x, 0, d, 0, n);
    }
    return switch (to) {
      case I32 -> (d, x, n) -> ofFloats((int[]) d, (float[]) x, n);
      case F32 -> (d, x, n) -> toFloats((float[]) d, (int[]) x, n);
      case I64 -> (d, x, n) -> ofDoubles((long[]) d, (double[]) x, n);
      case F64 -> (d, x, n) -> toDoubles((double[]) d, (long[]) x, n);
      case F16 -> (d, x, n) -> brainAsHalf((float[]) d, (float[]) x, n);
      case BF16 -> (d, x, n) -> halfAsBrain((float[]) d, (float[]) x, n);
      case U8, BOOL -> throw new IllegalStateException("no other type is as wide as " + to);
    };
  }

  private static void ofFloats(int[] to, float[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Float.floatToRawIntBits(x[i]);
    }
  }

  private static void toFloats(float[] to, int[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Float.intBitsToFloat(x[i]);
    }
  }

  private static void ofDoubles(long[] to, double[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Double.doubleToRawLongBits(x[i]);
    }
  }

  private static void toDoubles(double[] to, long[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Double.longBitsToDouble(x[i]);
    }
  }

  private static void halfAsBrain(float[] to, float[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Float.intBitsToFloat(Float.floatToFloat16(x[i]) << 16);
    }
  }

  private static void brainAsHalf(float[] to, float[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Float.float16ToFloat((short) Conversions.brainBits(x[i]));
    }
  }
}
