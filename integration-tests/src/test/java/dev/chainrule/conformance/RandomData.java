package dev.chainrule.conformance;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import java.util.List;

/** Values for random graphs: ordinary ones most of the time, and everything that is an exception somewhere. */
final class RandomData {

  /** Arrays up to this size have a choice for each element, so that they can be made simple one by one. */
  private static final int CHOSEN_ELEMENTS = 6;

  private static final int SEEDS = 1 << 16;

  private static final List<Double> NUMBERS =
      List.of(0.0, 1.0, 2.0, 3.0, -1.0, 0.5, -0.5, 0.1, -2.5, -0.0, 100.0, 1e-40, 1e30, Double.NaN, Double.POSITIVE_INFINITY, -1e30);

  private RandomData() {}

  static HostArray of(TensorType type, Choices choices) {
    DType dtype = type.dtype();
    long[] dims = type.shape().dims();
    return switch (choices.below(10)) {
      case 0 -> type.elements() <= CHOSEN_ELEMENTS ? chosen(type, choices) : counting(type);
      case 1, 2, 3, 4 -> Samples.plain(dtype, choices.below(SEEDS), dims);
      case 5 -> Samples.scales(dtype, choices.below(SEEDS), dims);
      case 6 -> ties(type, choices.below(SEEDS));
      case 7 -> specials(type, choices.below(SEEDS));
      case 8 -> Samples.anyBits(dtype, choices.below(SEEDS), dims);
      default -> oneSpecial(type, choices);
    };
  }

  /** A Java number that the type holds: a Long, or for floating types a Double. */
  static Number number(DType dtype, Choices choices) {
    if (dtype.isFloating()) {
      return choices.of(NUMBERS);
    }
    long number = choices.below(dtype == DType.BOOL ? 2 : 40);
    return dtype == DType.BOOL || dtype == DType.U8 || !choices.oneIn(4) ? number : -number;
  }

  private static HostArray chosen(TensorType type, Choices choices) {
    double[] values = new double[Math.toIntExact(type.elements())];
    for (int i = 0; i < values.length; i++) {
      values[i] = number(type.dtype(), choices).doubleValue();
    }
    return HostArray.ofDoubles(type, values);
  }

  /** 0, 1, 2, 3, 4, 0, ... */
  private static HostArray counting(TensorType type) {
    double[] values = new double[Math.toIntExact(type.elements())];
    for (int i = 0; i < values.length; i++) {
      values[i] = i % 5;
    }
    return HostArray.ofDoubles(type, values);
  }

  /** Three different values, zeros of both signs among them where there are two. */
  private static HostArray ties(TensorType type, long seed) {
    long[] from = Samples.indices(DType.I32, 3, seed, type.shape().dims()).toLongArray();
    double[] values = new double[from.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = from[i] == 2 ? -0.0 : from[i];
    }
    return HostArray.ofDoubles(type, values);
  }

  private static HostArray specials(TensorType type, long seed) {
    HostArray specials = Samples.specials(type.dtype());
    HostArray from = Samples.indices(DType.I32, Math.toIntExact(specials.elements()), seed, type.shape().dims());
    return taken(type, specials, from);
  }

  private static HostArray taken(TensorType type, HostArray from, HostArray at) {
    int n = Math.toIntExact(type.elements());
    if (type.dtype().isFloating()) {
      double[] values = new double[n];
      for (int i = 0; i < n; i++) {
        values[i] = from.doubleAt(at.longAt(i));
      }
      return HostArray.ofDoubles(type, values);
    }
    long[] values = new long[n];
    for (int i = 0; i < n; i++) {
      values[i] = from.longAt(at.longAt(i));
    }
    return HostArray.ofLongs(type, values);
  }

  private static HostArray oneSpecial(TensorType type, Choices choices) {
    HostArray specials = Samples.specials(type.dtype());
    double[] values = Samples.plain(type.dtype(), choices.below(SEEDS), type.shape().dims()).toDoubleArray();
    if (values.length > 0) {
      values[choices.below(values.length)] = specials.doubleAt(choices.below(Math.toIntExact(specials.elements())));
    }
    return HostArray.ofDoubles(type, values);
  }
}
