package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import java.util.Arrays;

/** The loops of reductions: combine arrays into another, element by element; and what a reduction of nothing gives. */
final class Folds {

  private Folds() {}

  /** into[i] = into[i] combined with from[at + i], from[at + n + i], ... of {@code rows} rows; different arrays of one kind. */
  interface Accumulate {
    void apply(Object into, Object from, int at, int rows, int n);

    default void apply(Object into, Object from, int n) {
      apply(into, from, 0, 1, n);
    }
  }

  static Accumulate loop(Op.Fold fold, RegisterKind kind) {
    return switch (kind) {
      case FLOAT -> switch (fold) {
        case SUM -> (into, from, at, rows, n) -> add((float[]) into, (float[]) from, at, rows, n);
        case PROD -> (into, from, at, rows, n) -> multiply((float[]) into, (float[]) from, at, rows, n);
        case MAX -> (into, from, at, rows, n) -> max((float[]) into, (float[]) from, at, rows, n);
        case MIN -> (into, from, at, rows, n) -> min((float[]) into, (float[]) from, at, rows, n);
      };
      case DOUBLE -> switch (fold) {
        case SUM -> (into, from, at, rows, n) -> add((double[]) into, (double[]) from, at, rows, n);
        case PROD -> (into, from, at, rows, n) -> multiply((double[]) into, (double[]) from, at, rows, n);
        case MAX -> (into, from, at, rows, n) -> max((double[]) into, (double[]) from, at, rows, n);
        case MIN -> (into, from, at, rows, n) -> min((double[]) into, (double[]) from, at, rows, n);
      };
      case INT -> switch (fold) {
        case SUM -> (into, from, at, rows, n) -> add((int[]) into, (int[]) from, at, rows, n);
        case PROD -> (into, from, at, rows, n) -> multiply((int[]) into, (int[]) from, at, rows, n);
        case MAX -> (into, from, at, rows, n) -> max((int[]) into, (int[]) from, at, rows, n);
        case MIN -> (into, from, at, rows, n) -> min((int[]) into, (int[]) from, at, rows, n);
      };
      case LONG -> switch (fold) {
        case SUM -> (into, from, at, rows, n) -> add((long[]) into, (long[]) from, at, rows, n);
        case PROD -> (into, from, at, rows, n) -> multiply((long[]) into, (long[]) from, at, rows, n);
        case MAX -> (into, from, at, rows, n) -> max((long[]) into, (long[]) from, at, rows, n);
        case MIN -> (into, from, at, rows, n) -> min((long[]) into, (long[]) from, at, rows, n);
      };
    };
  }

  /** An array full of what combining nothing gives; floats of 16 bits round it when it is stored. */
  static Object identities(Op.Fold fold, DType dtype, int n) {
    double real = switch (fold) {
      case SUM -> 0;
      case PROD -> 1;
      case MAX -> Double.NEGATIVE_INFINITY;
      case MIN -> Double.POSITIVE_INFINITY;
    };
    return switch (dtype) {
      case F32, F16, BF16 -> filled(new float[n], (float) real);
      case F64 -> filled(new double[n], real);
      case I32 -> filled(new int[n], (int) real);
      case U8 -> filled(new int[n], (int) Math.clamp(real, 0, 255));
      case BOOL -> filled(new int[n], (int) Math.clamp(real, 0, 1));
      case I64 -> filled(new long[n], (long) real);
    };
  }

  private static Object filled(float[] array, float value) {
    Arrays.fill(array, value);
    return array;
  }

  private static Object filled(double[] array, double value) {
    Arrays.fill(array, value);
    return array;
  }

  private static Object filled(int[] array, int value) {
    Arrays.fill(array, value);
    return array;
  }

  private static Object filled(long[] array, long value) {
    Arrays.fill(array, value);
    return array;
  }

  private static void add(float[] into, float[] from, int at, int rows, int n) {
    for (int row = 0; row < rows; row++) {
      int start = at + row * n;
      for (int i = 0; i < n; i++) {
        into[i] = into[i] + from[start + i];
      }
    }
  }

  private static void multiply(float[] into, float[] from, int at, int rows, int n) {
    for (int row = 0; row < rows; row++) {
      int start = at + row * n;
      for (int i = 0; i < n; i++) {
        into[i] = into[i] * from[start + i];
      }
    }
  }

  private static void max(float[] into, float[] from, int at, int rows, int n) {
    for (int row = 0; row < rows; row++) {
      int start = at + row * n;
      for (int i = 0; i < n; i++) {
        into[i] = Math.max(into[i], from[start + i]);
      }
    }
  }

  private static void min(float[] into, float[] from, int at, int rows, int n) {
    for (int row = 0; row < rows; row++) {
      int start = at + row * n;
      for (int i = 0; i < n; i++) {
        into[i] = Math.min(into[i], from[start + i]);
      }
    }
  }

  private static void add(double[] into, double[] from, int at, int rows, int n) {
    for (int row = 0; row < rows; row++) {
      int start = at + row * n;
      for (int i = 0; i < n; i++) {
        into[i] = into[i] + from[start + i];
      }
    }
  }

  private static void multiply(double[] into, double[] from, int at, int rows, int n) {
    for (int row = 0; row < rows; row++) {
      int start = at + row * n;
      for (int i = 0; i < n; i++) {
        into[i] = into[i] * from[start + i];
      }
    }
  }

  private static void max(double[] into, double[] from, int at, int rows, int n) {
    for (int row = 0; row < rows; row++) {
      int start = at + row * n;
      for (int i = 0; i < n; i++) {
        into[i] = Math.max(into[i], from[start + i]);
      }
    }
  }

  private static void min(double[] into, double[] from, int at, int rows, int n) {
    for (int row = 0; row < rows; row++) {
      int start = at + row * n;
      for (int i = 0; i < n; i++) {
        into[i] = Math.min(into[i], from[start + i]);
      }
    }
  }

  private static void add(int[] into, int[] from, int at, int rows, int n) {
    for (int row = 0; row < rows; row++) {
      int start = at + row * n;
      for (int i = 0; i < n; i++) {
        into[i] = into[i] + from[start + i];
      }
    }
  }

  private static void multiply(int[] into, int[] from, int at, int rows, int n) {
    for (int row = 0; row < rows; row++) {
      int start = at + row * n;
      for (int i = 0; i < n; i++) {
        into[i] = into[i] * from[start + i];
      }
    }
  }

  private static void max(int[] into, int[] from, int at, int rows, int n) {
    for (int row = 0; row < rows; row++) {
      int start = at + row * n;
      for (int i = 0; i < n; i++) {
        into[i] = Math.max(into[i], from[start + i]);
      }
    }
  }

  private static void min(int[] into, int[] from, int at, int rows, int n) {
    for (int row = 0; row < rows; row++) {
      int start = at + row * n;
      for (int i = 0; i < n; i++) {
        into[i] = Math.min(into[i], from[start + i]);
      }
    }
  }

  private static void add(long[] into, long[] from, int at, int rows, int n) {
    for (int row = 0; row < rows; row++) {
      int start = at + row * n;
      for (int i = 0; i < n; i++) {
        into[i] = into[i] + from[start + i];
      }
    }
  }

  private static void multiply(long[] into, long[] from, int at, int rows, int n) {
    for (int row = 0; row < rows; row++) {
      int start = at + row * n;
      for (int i = 0; i < n; i++) {
        into[i] = into[i] * from[start + i];
      }
    }
  }

  private static void max(long[] into, long[] from, int at, int rows, int n) {
    for (int row = 0; row < rows; row++) {
      int start = at + row * n;
      for (int i = 0; i < n; i++) {
        into[i] = Math.max(into[i], from[start + i]);
      }
    }
  }

  private static void min(long[] into, long[] from, int at, int rows, int n) {
    for (int row = 0; row < rows; row++) {
      int start = at + row * n;
      for (int i = 0; i < n; i++) {
        into[i] = Math.min(into[i], from[start + i]);
      }
    }
  }
}
