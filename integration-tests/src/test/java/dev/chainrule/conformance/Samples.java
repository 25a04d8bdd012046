package dev.chainrule.conformance;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** Inputs, the same in every run. */
final class Samples {

  static final DType[] ALL = DType.values();
  static final List<DType> FLOATING = Arrays.stream(ALL).filter(DType::isFloating).toList();
  static final List<DType> INTEGER = Arrays.stream(ALL).filter(DType::isInteger).toList();
  static final List<DType> NUMERIC = Arrays.stream(ALL).filter(d -> d != DType.BOOL).toList();
  static final List<DType> INTEGRAL = Arrays.stream(ALL).filter(d -> !d.isFloating()).toList();

  /** More than 2^16 elements, and a multiple of nothing. */
  static final int LARGE = 70_001;

  private Samples() {}

  /** Everything that is an exception somewhere: NaN, infinities, zeros, the ends of the range, ties, limits of functions. */
  static HostArray specials(DType dtype) {
    if (!dtype.isFloating()) {
      long[] values = switch (dtype) {
        case I32 -> new long[] {Integer.MIN_VALUE, Integer.MIN_VALUE + 1, -65537, -2, -1, 0, 1, 2, 31, 32, 33, Integer.MAX_VALUE};
        case I64 -> new long[] {
          Long.MIN_VALUE, Long.MIN_VALUE + 1, -(1L << 40), -2, -1, 0, 1, 2, 63, 64, 65, (1L << 53) + 1, Long.MAX_VALUE};
        case U8 -> new long[] {0, 1, 2, 7, 8, 9, 127, 128, 254, 255};
        default -> new long[] {0, 1};
      };
      return HostArray.ofLongs(TensorType.of(dtype, values.length), values);
    }
    FloatFormat format = FloatFormat.of(dtype);
    double ulp = format.ulp(1);
    double[] sizes = {
      0, 0.1, 0.5, 1, 1 - ulp / 2, 1 + ulp, 1.5, 2.5, 3.5, 1 / 3.0, Math.PI, Math.PI / 2, Math.PI / 4, 1e-4, 10, 88.7, 88.8, 87.3, 103.9,
      709.7, 745.2, 1e4, 1e5, 0x1p23, 0x1p23 + 1, 0x1p24, 0x1p31, 0x1p52, 0x1p63, 1e10, 1e30, 1e300, format.smallest(),
      format.smallestNormal() - format.smallest(), format.smallestNormal(), format.largest(), Double.POSITIVE_INFINITY, Double.NaN
    };
    double[] values = new double[2 * sizes.length];
    for (int i = 0; i < sizes.length; i++) {
      values[2 * i] = sizes[i];
      values[2 * i + 1] = -sizes[i];
    }
    return HostArray.ofDoubles(TensorType.of(dtype, values.length), values);
  }

  /** Uniform over the type's bit patterns: every exponent, denormal numbers and NaN are as likely as they are many. */
  static HostArray anyBits(DType dtype, long seed, long... shape) {
    TensorType type = TensorType.of(dtype, shape);
    byte[] bytes = new byte[Math.toIntExact(type.bytes())];
    new SplittableRandom(seed).nextBytes(bytes);
    if (dtype == DType.BOOL) {
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] &= 1;
      }
    }
    return HostArray.owning(type, bytes);
  }

  /** Uniform in [low, high). */
  static HostArray between(DType dtype, double low, double high, long seed, long... shape) {
    TensorType type = TensorType.of(dtype, shape);
    var random = new SplittableRandom(seed);
    double[] values = new double[Math.toIntExact(type.elements())];
    Arrays.setAll(values, _ -> low + (high - low) * random.nextDouble());
    return HostArray.ofDoubles(type, values);
  }

  /** Either sign, and sizes from 2^-20 to 2^6, as likely at each scale. */
  static HostArray scales(DType dtype, long seed, long... shape) {
    TensorType type = TensorType.of(dtype, shape);
    var random = new SplittableRandom(seed);
    double[] values = new double[Math.toIntExact(type.elements())];
    Arrays.setAll(values, _ -> (random.nextBoolean() ? 1 : -1) * Math.exp(-14 + 18 * random.nextDouble()));
    return HostArray.ofDoubles(type, values);
  }

  /** Small numbers that any type holds, such that sums and products of some stay in range: floats in (-2, 2), integers up to 9. */
  static HostArray plain(DType dtype, long seed, long... shape) {
    if (dtype == DType.BOOL) {
      return anyBits(dtype, seed, shape);
    }
    return switch (dtype) {
      case U8 -> between(dtype, 0, 10, seed, shape);
      case I32, I64 -> between(dtype, -9, 10, seed, shape);
      default -> between(dtype, -2, 2, seed, shape);
    };
  }

  /** Indices in [0, count), with repetitions. */
  static HostArray indices(DType dtype, int count, long seed, long... shape) {
    TensorType type = TensorType.of(dtype, shape);
    var random = new SplittableRandom(seed);
    return HostArray.ofLongs(type, IntStream.range(0, Math.toIntExact(type.elements())).mapToLong(_ -> random.nextInt(count)).toArray());
  }

  /** The array with every 0 replaced by 3, for divisors. */
  static HostArray nonZero(HostArray array) {
    return HostArray.ofLongs(array.type(), Arrays.stream(array.toLongArray()).map(v -> v == 0 ? 3 : v).toArray());
  }

  /** Every pair of elements of one vector: its elements each repeated, and repeated as a whole. */
  static List<HostArray> pairs(HostArray values) {
    int n = Math.toIntExact(values.elements());
    List<HostArray> both = new ArrayList<>();
    for (boolean slow : new boolean[] {true, false}) {
      int[] from = IntStream.range(0, n * n).map(i -> slow ? i / n : i % n).toArray();
      TensorType type = TensorType.of(values.type().dtype(), (long) n * n);
      both.add(type.dtype().isFloating()
          ? HostArray.ofDoubles(type, Arrays.stream(from).mapToDouble(values::doubleAt).toArray())
          : HostArray.ofLongs(type, Arrays.stream(from).mapToLong(values::longAt).toArray()));
    }
    return both;
  }
}
