package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.TensorType;
import java.util.Random;

/** Inputs for tests: every dtype's special values first, then random ones of many magnitudes. */
final class Samples {

  private static final double[] REALS = {
    0.0, -0.0, 1, -1, 0.5, -0.5, 2, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, Float.MIN_VALUE, -Float.MIN_VALUE,
    1e-40, Float.MIN_NORMAL, Float.MAX_VALUE, -Float.MAX_VALUE, Double.MIN_VALUE, Double.MAX_VALUE, 65504, 65520, 6e-8, 6.1e-5, 88.7,
    88.8, -87.4, -103.9, -104.1, 709.8, -745.2, 1e-8, -1e-8, 0.9999999, 1.0000001, 2.5, 3.5, -2.5, 255, 256, 255.9, -0.9, 2147483647.0,
    2147483648.0, -2147483649.0, 9.3e18, -9.3e18, 1e30, 3.9, 4.1, 5.9, 6.1
  };
  private static final long[] INTEGERS = {
    0, 1, -1, 2, 7, 8, 31, 32, 33, 63, 64, 127, 128, 255, 256, Integer.MAX_VALUE, Integer.MIN_VALUE, Long.MAX_VALUE, Long.MIN_VALUE,
    1L << 24, (1L << 24) + 1, (1L << 53) + 1, 65519, 65520
  };

  private Samples() {}

  /** Specials, then random values; the same for the same arguments. */
  static HostArray array(DType dtype, long seed, long... dims) {
    TensorType type = TensorType.of(dtype, dims);
    var random = new Random(seed);
    int n = Math.toIntExact(type.elements());
    if (dtype.isFloating()) {
      double[] values = new double[n];
      int turn = (int) seed * 7;
      for (int i = 0; i < n; i++) {
        values[i] = i % 3 == 0 ? REALS[Math.floorMod(i / 3 + turn, REALS.length)]
            : random.nextGaussian() * Math.pow(10, random.nextInt(9) - 4);
      }
      return HostArray.ofDoubles(type, values);
    }
    long[] values = new long[n];
    int turn = (int) seed * 5;
    for (int i = 0; i < n; i++) {
      values[i] = i % 3 == 0 ? INTEGERS[Math.floorMod(i / 3 + turn, INTEGERS.length)] : random.nextLong() >> random.nextInt(63);
    }
    return HostArray.ofLongs(type, dtype == DType.BOOL ? java.util.Arrays.stream(values).map(v -> v & 1).toArray() : values);
  }

  static Node node(DType dtype, long seed, long... dims) {
    return Ops.input(array(dtype, seed, dims));
  }

  /** Finite values of ordinary size: floats normally distributed, integers from -9 to 9 (0 to 9 for U8). */
  static HostArray plainArray(DType dtype, long seed, long... dims) {
    TensorType type = TensorType.of(dtype, dims);
    var random = new Random(seed);
    if (dtype.isFloating()) {
      return HostArray.ofDoubles(type, random.doubles(type.elements(), -2, 2).toArray());
    }
    long low = dtype == DType.U8 || dtype == DType.BOOL ? 0 : -9;
    return HostArray.ofLongs(type, random.longs(type.elements(), low, dtype == DType.BOOL ? 2 : 10).toArray());
  }

  static Node plain(DType dtype, long seed, long... dims) {
    return Ops.input(plainArray(dtype, seed, dims));
  }
}
