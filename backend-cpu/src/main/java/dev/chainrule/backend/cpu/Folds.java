package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import java.util.Arrays;

/** The loops of reductions: combine arrays into another, element by element; and what a reduction of nothing gives. */
final class Folds {

  private Folds() {}

  /**
   * How an array is combined with others of its kind.
   *
   * @param plain one whole array, in vectors: element by element, so the compiler sees that nothing overlaps
   * @param rows short pieces of an array, one after the other
   */
  record Accumulate(Plain plain, Rows rows) {

    /** Below this a copy costs more than vectors save. */
    private static final int SHORT = 32;

    /** into[i] = into[i] combined with from[i]. */
    void apply(Object into, Object from, int n) {
      plain.apply(into, from, n);
    }

    /** into[i] = into[i] combined with from[at + i], from[at + n + i], ... of {@code count} rows; {@code spare} has room for a row. */
    void apply(Object into, Object from, int at, int count, int n, Object spare) {
      if (n < SHORT) {
        rows.apply(into, from, at, count, n);
        return;
      }
      for (int row = 0; row < count; row++) {
        int start = at + row * n;
        if (start == 0) {
          plain.apply(into, from, n);
        } else {
          System.arraycopy(from, start, spare, 0, n);
          plain.apply(into, spare, n);
        }
      }
    }
  }

  /** See {@link Accumulate#apply(Object, Object, int)}; different arrays. */
  interface Plain {
    void apply(Object into, Object from, int n);
  }

  /** See {@link Accumulate#apply(Object, Object, int, int, int, Object)}. */
  interface Rows {
    void apply(Object into, Object from, int at, int count, int n);
  }

  static Accumulate loop(Op.Fold fold, RegisterKind kind) {
    return switch (kind) {
      case FLOAT -> switch (fold) {
        case SUM -> new Accumulate(
            (into, from, n) -> FoldLoops.add((float[]) into, (float[]) from, n),
            (into, from, at, count, n) -> FoldLoops.add((float[]) into, (float[]) from, at, count, n));
        case PROD -> new Accumulate(
            (into, from, n) -> FoldLoops.multiply((float[]) into, (float[]) from, n),
            (into, from, at, count, n) -> FoldLoops.multiply((float[]) into, (float[]) from, at, count, n));
        case MAX -> new Accumulate(
            (into, from, n) -> FoldLoops.max((float[]) into, (float[]) from, n),
            (into, from, at, count, n) -> FoldLoops.max((float[]) into, (float[]) from, at, count, n));
        case MIN -> new Accumulate(
            (into, from, n) -> FoldLoops.min((float[]) into, (float[]) from, n),
            (into, from, at, count, n) -> FoldLoops.min((float[]) into, (float[]) from, at, count, n));
      };
      case DOUBLE -> switch (fold) {
        case SUM -> new Accumulate(
            (into, from, n) -> FoldLoops.add((double[]) into, (double[]) from, n),
            (into, from, at, count, n) -> FoldLoops.add((double[]) into, (double[]) from, at, count, n));
        case PROD -> new Accumulate(
            (into, from, n) -> FoldLoops.multiply((double[]) into, (double[]) from, n),
            (into, from, at, count, n) -> FoldLoops.multiply((double[]) into, (double[]) from, at, count, n));
        case MAX -> new Accumulate(
            (into, from, n) -> FoldLoops.max((double[]) into, (double[]) from, n),
            (into, from, at, count, n) -> FoldLoops.max((double[]) into, (double[]) from, at, count, n));
        case MIN -> new Accumulate(
            (into, from, n) -> FoldLoops.min((double[]) into, (double[]) from, n),
            (into, from, at, count, n) -> FoldLoops.min((double[]) into, (double[]) from, at, count, n));
      };
      case INT -> switch (fold) {
        case SUM -> new Accumulate(
            (into, from, n) -> FoldLoops.add((int[]) into, (int[]) from, n),
            (into, from, at, count, n) -> FoldLoops.add((int[]) into, (int[]) from, at, count, n));
        case PROD -> new Accumulate(
            (into, from, n) -> FoldLoops.multiply((int[]) into, (int[]) from, n),
            (into, from, at, count, n) -> FoldLoops.multiply((int[]) into, (int[]) from, at, count, n));
        case MAX -> new Accumulate(
            (into, from, n) -> FoldLoops.max((int[]) into, (int[]) from, n),
            (into, from, at, count, n) -> FoldLoops.max((int[]) into, (int[]) from, at, count, n));
        case MIN -> new Accumulate(
            (into, from, n) -> FoldLoops.min((int[]) into, (int[]) from, n),
            (into, from, at, count, n) -> FoldLoops.min((int[]) into, (int[]) from, at, count, n));
      };
      case LONG -> switch (fold) {
        case SUM -> new Accumulate(
            (into, from, n) -> FoldLoops.add((long[]) into, (long[]) from, n),
            (into, from, at, count, n) -> FoldLoops.add((long[]) into, (long[]) from, at, count, n));
        case PROD -> new Accumulate(
            (into, from, n) -> FoldLoops.multiply((long[]) into, (long[]) from, n),
            (into, from, at, count, n) -> FoldLoops.multiply((long[]) into, (long[]) from, at, count, n));
        case MAX -> new Accumulate(
            (into, from, n) -> FoldLoops.max((long[]) into, (long[]) from, n),
            (into, from, at, count, n) -> FoldLoops.max((long[]) into, (long[]) from, at, count, n));
        case MIN -> new Accumulate(
            (into, from, n) -> FoldLoops.min((long[]) into, (long[]) from, n),
            (into, from, at, count, n) -> FoldLoops.min((long[]) into, (long[]) from, at, count, n));
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
}
