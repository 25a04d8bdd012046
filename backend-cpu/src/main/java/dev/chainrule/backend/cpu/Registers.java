package dev.chainrule.backend.cpu;

import java.util.Arrays;

/**
 * Scratch space of one part of a loop: arrays of a block's length, small enough that a handful of them stays in the first-level cache.
 * F32, F16 and BF16 live in float registers, F64 in double, I32, U8 and BOOL in int, I64 in long registers.
 */
final class Registers {

  /** Elements of a block. */
  static final int BLOCK = 1024;

  private float[][] floats = {};
  private double[][] doubles = {};
  private int[][] ints = {};
  private long[][] longs = {};

  /** For conversions between memory and registers. */
  final byte[] bytes = new byte[BLOCK];

  /** For conversions between memory and registers. */
  final short[] shorts = new short[BLOCK];

  /** Where a generated kernel is. */
  final Tile tile = new Tile();

  float[] floats(int number) {
    if (number >= floats.length) {
      int known = floats.length;
      floats = Arrays.copyOf(floats, number + 1);
      Arrays.setAll(floats, i -> i < known ? floats[i] : new float[BLOCK]);
    }
    return floats[number];
  }

  double[] doubles(int number) {
    if (number >= doubles.length) {
      int known = doubles.length;
      doubles = Arrays.copyOf(doubles, number + 1);
      Arrays.setAll(doubles, i -> i < known ? doubles[i] : new double[BLOCK]);
    }
    return doubles[number];
  }

  int[] ints(int number) {
    if (number >= ints.length) {
      int known = ints.length;
      ints = Arrays.copyOf(ints, number + 1);
      Arrays.setAll(ints, i -> i < known ? ints[i] : new int[BLOCK]);
    }
    return ints[number];
  }

  long[] longs(int number) {
    if (number >= longs.length) {
      int known = longs.length;
      longs = Arrays.copyOf(longs, number + 1);
      Arrays.setAll(longs, i -> i < known ? longs[i] : new long[BLOCK]);
    }
    return longs[number];
  }

  /** A register as the array that it is. */
  Object array(RegisterKind kind, int number) {
    return switch (kind) {
      case FLOAT -> floats(number);
      case DOUBLE -> doubles(number);
      case INT -> ints(number);
      case LONG -> longs(number);
    };
  }
}
