package dev.chainrule.backend.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Scratch space of one part of a loop: arrays of a block's length, small enough that a handful of them stays in the first-level cache.
 * F32, F16 and BF16 live in float registers, F64 in double, I32, U8 and BOOL in int, I64 in long registers.
 */
final class Registers {

  /** Elements of a block. */
  static final int BLOCK = 1024;

  /** The part of a loop that has them. */
  final int part;

  private float[][] floats = {};
  private double[][] doubles = {};
  private int[][] ints = {};
  private long[][] longs = {};

  /** For conversions between memory and registers. */
  final byte[] bytes = new byte[BLOCK];

  /** For conversions between memory and registers. */
  final short[] shorts = new short[BLOCK];

  /** Streams of a generated loop at most. */
  static final int STREAMS = 32;

  /** The longest vector there is, in bytes. */
  private static final int VECTOR_BYTES = 64;

  /** A vector that begins within a block may end behind it. */
  private static final int ROOM = BLOCK + VECTOR_BYTES / Integer.BYTES;

  /** Where the streams of a generated loop begin. */
  final long[] addresses = new long[STREAMS];

  /** The same for elements that do not fill a vector: each stream's in a vector of its own. */
  final long[] edges = new long[STREAMS];

  /** From a row to the next in the streams of a loop by rows, in bytes. */
  final long[] steps = new long[STREAMS];

  /** Of a loop by rows; a multiple of the vectors' length. */
  int rowLength;

  /** The number, in registers, of the first row that a loop by rows does. */
  int firstRow;

  private final MemorySegment edge = Arena.ofAuto().allocate((long) STREAMS * VECTOR_BYTES, VECTOR_BYTES);

  /** Of which of its elements each repeated row in a register of a generated loop begins with, and how many are there. */
  final long[] repeatedFrom = new long[STREAMS];
  final int[] repeatedCount = new int[STREAMS];

  /** If not 0 a generated loop does nothing but turn an empty loop so often, see {@link WarmUp}. */
  int idleTurns;

  /** Where a generated kernel is. */
  final Tile tile = new Tile();

  /** @param part whose registers they are, see {@link Parts} */
  Registers(int part) {
    this.part = part;
    Arrays.setAll(edges, i -> edge.address() + (long) i * VECTOR_BYTES);
  }

  float[] floats(int number) {
    if (number >= floats.length) {
      int known = floats.length;
      floats = Arrays.copyOf(floats, number + 1);
      Arrays.setAll(floats, i -> i < known ? floats[i] : new float[ROOM]);
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
      Arrays.setAll(ints, i -> i < known ? ints[i] : new int[ROOM]);
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
