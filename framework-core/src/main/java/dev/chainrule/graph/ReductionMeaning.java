package dev.chainrule.graph;

import java.util.Arrays;
import java.util.List;

/** The reference meaning of what combines or orders the elements along an axis. */
final class ReductionMeaning {

  private ReductionMeaning() {}

  static HostArray reduce(HostArray x, Op.Fold fold, Axes axes, TensorType type) {
    var from = new Grid(x.type().shape());
    var kept = new Grid(x.type().shape().keeping(axes));
    int[] target = new int[from.elements()];
    for (int i = 0; i < target.length; i++) {
      long[] at = from.at(i);
      for (int a = 0; a < axes.count(); a++) {
        at[axes.get(a)] = 0;
      }
      target[i] = kept.index(at);
    }
    if (type.dtype().isFloating()) {
      double[] totals = new double[Math.toIntExact(type.elements())];
      Arrays.fill(totals, neutralReal(fold));
      for (int i = 0; i < target.length; i++) {
        totals[target[i]] = combine(fold, totals[target[i]], x.doubleAt(i));
      }
      return HostArray.ofDoubles(type, totals);
    }
    long[] totals = new long[Math.toIntExact(type.elements())];
    Arrays.fill(totals, neutralInteger(fold, type.dtype()));
    for (int i = 0; i < target.length; i++) {
      totals[target[i]] = combine(fold, totals[target[i]], x.longAt(i));
    }
    return HostArray.ofLongs(type, totals);
  }

  static HostArray cumulate(HostArray x, Op.Fold fold, int axis, boolean reverse) {
    TensorType type = x.type();
    Lines lines = Lines.along(type.shape(), axis);
    double[] reals = x.toDoubleArray();
    long[] integers = x.toLongArray();
    lines.forEach(line -> {
      double real = neutralReal(fold);
      long integer = neutralInteger(fold, type.dtype());
      for (int k = 0; k < lines.length(); k++) {
        int i = lines.index(line, reverse ? lines.length() - 1 - k : k);
        reals[i] = real = combine(fold, real, reals[i]);
        integers[i] = integer = combine(fold, integer, integers[i]);
      }
    });
    return type.dtype().isFloating() ? HostArray.ofDoubles(type, reals) : HostArray.ofLongs(type, integers);
  }

  static HostArray argReduce(HostArray x, Op.Fold fold, int axis, TensorType type) {
    Lines lines = Lines.along(x.type().shape(), axis);
    long[] result = new long[Math.toIntExact(type.elements())];
    lines.forEach(line -> {
      int best = 0;
      for (int k = 1; k < lines.length(); k++) {
        if (beats(x, fold, lines.index(line, k), lines.index(line, best))) {
          best = k;
        }
      }
      result[line] = best;
    });
    return HostArray.ofLongs(type, result);
  }

  /** True when element i replaces the earlier element j as the largest or smallest: never an equal, a NaN always but over a NaN. */
  private static boolean beats(HostArray x, Op.Fold fold, int i, int j) {
    if (isNaN(x, i) || isNaN(x, j)) {
      return !isNaN(x, j);
    }
    return fold == Op.Fold.MAX ? compare(x, i, j) > 0 : compare(x, i, j) < 0;
  }

  /** The sorted values and their positions along the axis. */
  static List<HostArray> sort(HostArray x, int axis, boolean descending) {
    Lines lines = Lines.along(x.type().shape(), axis);
    var values = new Assembly(x.type());
    long[] positions = new long[Math.toIntExact(x.elements())];
    lines.forEach(line -> {
      Integer[] order = new Integer[lines.length()];
      Arrays.setAll(order, k -> k);
      Arrays.sort(order, (k, l) -> { // the JDK's sort of objects is stable
        int i = lines.index(line, k);
        int j = lines.index(line, l);
        if (isNaN(x, i) || isNaN(x, j)) {
          return Boolean.compare(isNaN(x, i), isNaN(x, j));
        }
        return descending ? compare(x, j, i) : compare(x, i, j);
      });
      for (int k = 0; k < order.length; k++) {
        values.put(lines.index(line, k), x, lines.index(line, order[k]));
        positions[lines.index(line, k)] = order[k];
      }
    });
    return List.of(values.done(), HostArray.ofLongs(x.type().withDType(DType.I32), positions));
  }

  private static boolean isNaN(HostArray x, int i) {
    return x.type().dtype().isFloating() && Double.isNaN(x.doubleAt(i));
  }

  /** By value: 0 and -0 are equal, which Double.compare denies. */
  private static int compare(HostArray x, int i, int j) {
    if (!x.type().dtype().isFloating()) {
      return Long.compare(x.longAt(i), x.longAt(j));
    }
    double a = x.doubleAt(i);
    double b = x.doubleAt(j);
    return a < b ? -1 : a > b ? 1 : 0;
  }

  private static double combine(Op.Fold fold, double total, double x) {
    return switch (fold) {
      case SUM -> total + x;
      case PROD -> total * x;
      case MAX -> Math.max(total, x);
      case MIN -> Math.min(total, x);
    };
  }

  private static long combine(Op.Fold fold, long total, long x) {
    return switch (fold) {
      case SUM -> total + x;
      case PROD -> total * x;
      case MAX -> Math.max(total, x);
      case MIN -> Math.min(total, x);
    };
  }

  private static double neutralReal(Op.Fold fold) {
    return switch (fold) {
      case SUM -> 0;
      case PROD -> 1;
      case MAX -> Double.NEGATIVE_INFINITY;
      case MIN -> Double.POSITIVE_INFINITY;
    };
  }

  private static long neutralInteger(Op.Fold fold, DType dtype) {
    return switch (fold) {
      case SUM -> 0;
      case PROD -> 1;
      case MAX -> dtype == DType.I32 ? Integer.MIN_VALUE : dtype == DType.I64 ? Long.MIN_VALUE : 0;
      case MIN -> dtype == DType.I32 ? Integer.MAX_VALUE : dtype == DType.I64 ? Long.MAX_VALUE : dtype == DType.U8 ? 255 : 1;
    };
  }
}
