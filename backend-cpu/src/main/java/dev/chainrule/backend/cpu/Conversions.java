package dev.chainrule.backend.cpu;

import dev.chainrule.graph.Binary16;
import dev.chainrule.graph.Bfloat16;
import dev.chainrule.graph.DType;

/**
 * Casts between registers. A float to an integer truncates and saturates, NaN gives 0, as Java's casts do; integers wrap; to BOOL,
 * non-zero is true. To a 16-bit float each cast rounds once, from F64 and the integers by way of double.
 */
final class Conversions {

  private Conversions() {}

  /** The conversion of registers of {@code from} to registers of {@code to}; the arrays are those of the two register kinds. */
  static Loops.Conversion<Object, Object> between(DType from, DType to) {
    return switch (RegisterKind.of(from)) {
      case FLOAT -> fromFloat(to);
      case DOUBLE -> fromDouble(to);
      case INT -> fromInt(to);
      case LONG -> fromLong(to);
    };
  }

  private static Loops.Conversion<Object, Object> fromFloat(DType to) {
    return switch (to) {
      case F32 -> (d, x, n) -> System.arraycopy(x, 0, d, 0, n);
      case F16 -> (d, x, n) -> {
        System.arraycopy(x, 0, d, 0, n);
        roundToHalf((float[]) d, n);
      };
      case BF16 -> (d, x, n) -> {
        System.arraycopy(x, 0, d, 0, n);
        roundToBrain((float[]) d, n);
      };
      case F64 -> (d, x, n) -> floatsToDoubles((double[]) d, (float[]) x, n);
      case I32 -> (d, x, n) -> floatsToInts((int[]) d, (float[]) x, n);
      case U8 -> (d, x, n) -> floatsToBytes((int[]) d, (float[]) x, n);
      case BOOL -> (d, x, n) -> floatsToBools((int[]) d, (float[]) x, n);
      case I64 -> (d, x, n) -> floatsToLongs((long[]) d, (float[]) x, n);
    };
  }

  private static Loops.Conversion<Object, Object> fromDouble(DType to) {
    return switch (to) {
      case F32 -> (d, x, n) -> doublesToFloats((float[]) d, (double[]) x, n);
      case F16 -> (d, x, n) -> doublesToHalves((float[]) d, (double[]) x, n);
      case BF16 -> (d, x, n) -> doublesToBrains((float[]) d, (double[]) x, n);
      case F64 -> (d, x, n) -> System.arraycopy(x, 0, d, 0, n);
      case I32 -> (d, x, n) -> doublesToInts((int[]) d, (double[]) x, n);
      case U8 -> (d, x, n) -> doublesToBytes((int[]) d, (double[]) x, n);
      case BOOL -> (d, x, n) -> doublesToBools((int[]) d, (double[]) x, n);
      case I64 -> (d, x, n) -> doublesToLongs((long[]) d, (double[]) x, n);
    };
  }

  private static Loops.Conversion<Object, Object> fromInt(DType to) {
    return switch (to) {
      case F32 -> (d, x, n) -> intsToFloats((float[]) d, (int[]) x, n);
      case F16 -> (d, x, n) -> intsToHalves((float[]) d, (int[]) x, n);
      case BF16 -> (d, x, n) -> intsToBrains((float[]) d, (int[]) x, n);
      case F64 -> (d, x, n) -> intsToDoubles((double[]) d, (int[]) x, n);
      case I32 -> (d, x, n) -> System.arraycopy(x, 0, d, 0, n);
      case U8 -> (d, x, n) -> {
        System.arraycopy(x, 0, d, 0, n);
        wrapToByte((int[]) d, n);
      };
      case BOOL -> (d, x, n) -> intsToBools((int[]) d, (int[]) x, n);
      case I64 -> (d, x, n) -> intsToLongs((long[]) d, (int[]) x, n);
    };
  }

  private static Loops.Conversion<Object, Object> fromLong(DType to) {
    return switch (to) {
      case F32 -> (d, x, n) -> longsToFloats((float[]) d, (long[]) x, n);
      case F16 -> (d, x, n) -> longsToHalves((float[]) d, (long[]) x, n);
      case BF16 -> (d, x, n) -> longsToBrains((float[]) d, (long[]) x, n);
      case F64 -> (d, x, n) -> longsToDoubles((double[]) d, (long[]) x, n);
      case I32 -> (d, x, n) -> longsToInts((int[]) d, (long[]) x, n);
      case U8 -> (d, x, n) -> {
        longsToInts((int[]) d, (long[]) x, n);
        wrapToByte((int[]) d, n);
      };
      case BOOL -> (d, x, n) -> longsToBools((int[]) d, (long[]) x, n);
      case I64 -> (d, x, n) -> System.arraycopy(x, 0, d, 0, n);
    };
  }

  /** What an operation's result goes through to have the precision or range that {@code dtype} has in memory. */
  static boolean needsRounding(DType dtype) {
    return dtype == DType.F16 || dtype == DType.BF16 || dtype == DType.U8;
  }

  /** See {@link #needsRounding}. */
  static void round(DType dtype, Object register, int n) {
    switch (dtype) {
      case F16 -> roundToHalf((float[]) register, n);
      case BF16 -> roundToBrain((float[]) register, n);
      case U8 -> wrapToByte((int[]) register, n);
      case F32, F64, I32, I64, BOOL -> {}
    }
  }

  private static void roundToHalf(float[] x, int n) {
    for (int i = 0; i < n; i++) {
      x[i] = Float.float16ToFloat(Float.floatToFloat16(x[i]));
    }
  }

  private static void roundToBrain(float[] x, int n) {
    for (int i = 0; i < n; i++) {
      x[i] = Float.intBitsToFloat(brainBits(x[i]) << 16);
    }
  }

  /** The upper half of a float, rounded to nearest, ties to even. */
  static int brainBits(float x) {
    int bits = Float.floatToRawIntBits(x);
    return !Float.isNaN(x) ? (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16 : (bits >>> 16) | 0x40;
  }

  private static void wrapToByte(int[] x, int n) {
    for (int i = 0; i < n; i++) {
      x[i] &= 0xff;
    }
  }

  private static void floatsToDoubles(double[] to, float[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i];
    }
  }

  private static void floatsToInts(int[] to, float[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = (int) x[i];
    }
  }

  private static void floatsToBytes(int[] to, float[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Math.min(Math.max((int) x[i], 0), 255);
    }
  }

  private static void floatsToBools(int[] to, float[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] != 0 ? 1 : 0;
    }
  }

  private static void floatsToLongs(long[] to, float[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = (long) x[i];
    }
  }

  private static void doublesToFloats(float[] to, double[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = (float) x[i];
    }
  }

  private static void doublesToHalves(float[] to, double[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Float.float16ToFloat(Binary16.fromDouble(x[i]));
    }
  }

  private static void doublesToBrains(float[] to, double[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Bfloat16.toFloat(Bfloat16.fromDouble(x[i]));
    }
  }

  private static void doublesToInts(int[] to, double[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = (int) x[i];
    }
  }

  private static void doublesToBytes(int[] to, double[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Math.min(Math.max((int) x[i], 0), 255);
    }
  }

  private static void doublesToBools(int[] to, double[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] != 0 ? 1 : 0;
    }
  }

  private static void doublesToLongs(long[] to, double[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = (long) x[i];
    }
  }

  private static void intsToFloats(float[] to, int[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i];
    }
  }

  private static void intsToHalves(float[] to, int[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Float.float16ToFloat(Float.floatToFloat16(x[i]));
    }
  }

  private static void intsToBrains(float[] to, int[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Bfloat16.toFloat(Bfloat16.fromDouble(x[i]));
    }
  }

  private static void intsToDoubles(double[] to, int[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i];
    }
  }

  private static void intsToBools(int[] to, int[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] != 0 ? 1 : 0;
    }
  }

  private static void intsToLongs(long[] to, int[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i];
    }
  }

  private static void longsToFloats(float[] to, long[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i];
    }
  }

  private static void longsToHalves(float[] to, long[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Float.float16ToFloat(Binary16.fromDouble((double) x[i]));
    }
  }

  private static void longsToBrains(float[] to, long[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Bfloat16.toFloat(Bfloat16.fromDouble((double) x[i]));
    }
  }

  private static void longsToDoubles(double[] to, long[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i];
    }
  }

  private static void longsToInts(int[] to, long[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = (int) x[i];
    }
  }

  private static void longsToBools(int[] to, long[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] != 0 ? 1 : 0;
    }
  }
}
