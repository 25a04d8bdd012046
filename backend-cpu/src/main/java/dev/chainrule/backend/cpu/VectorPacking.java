package dev.chainrule.backend.cpu;

import static dev.chainrule.backend.cpu.OffHeap.MEMORY;
import static dev.chainrule.backend.cpu.VectorGemmKernel.COLUMNS;
import static dev.chainrule.backend.cpu.VectorGemmKernel.FOUR_FLOATS;
import static dev.chainrule.backend.cpu.VectorGemmKernel.LENGTH;
import static dev.chainrule.backend.cpu.VectorGemmKernel.ORDER;
import static dev.chainrule.backend.cpu.VectorGemmKernel.ROWS;
import static dev.chainrule.backend.cpu.VectorGemmKernel.SPECIES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Packs lanes into a panel with vector instructions, for the two layouts that occur: neighbouring lanes adjacent in
 * memory (a copy), or neighbouring depths adjacent (a transposition).
 *
 * <p>At a batch of 64 each element of a weight matrix is packed for 64 multiply-adds, four vector instructions' worth,
 * so packing a float at a time would take about a quarter of the product's time.
 *
 * <p>Vectors may reach beyond the panel's width and spoil the next depth's first lanes. Therefore lanes are packed
 * from the last to the first and depths from the first to the last: the right values come later.
 */
final class VectorPacking {
  private static final VectorSpecies<Integer> FOUR = IntVector.SPECIES_128;
  private static final IntVector LOW_PAIRS = IntVector.fromArray(FOUR, new int[] {0, 4, 1, 5}, 0);
  private static final IntVector HIGH_PAIRS = IntVector.fromArray(FOUR, new int[] {2, 6, 3, 7}, 0);
  private static final IntVector LOW_HALVES = IntVector.fromArray(FOUR, new int[] {0, 1, 4, 5}, 0);
  private static final IntVector HIGH_HALVES = IntVector.fromArray(FOUR, new int[] {2, 3, 6, 7}, 0);

  /** Depths transposed before the next four lanes' turn: their part of a panel, 8 KiB, stays in the first cache. */
  private static final int DEPTHS_AT_ONCE = 64;

  private VectorPacking() {}

  /** Packs lanes that lie side by side. */
  static void copyLanes(long from, long depthStride, int lanes, int depth, float[] panel, int at, int width) {
    if (lanes == 2 * LENGTH) {
      for (int d = 0; d < depth; d++) {
        long source = from + d * depthStride;
        FloatVector left = FloatVector.fromMemorySegment(SPECIES, MEMORY, source, ORDER);
        FloatVector right = FloatVector.fromMemorySegment(SPECIES, MEMORY, source + (long) LENGTH * Float.BYTES, ORDER);
        left.intoArray(panel, at + d * width);
        right.intoArray(panel, at + d * width + LENGTH);
      }
      return;
    }
    int vectors = lanes / LENGTH * LENGTH;
    int fours = lanes & -4;
    ScalarGemmKernel.gather(
        from + (long) fours * Float.BYTES, Float.BYTES, depthStride, lanes - fours, depth, panel, at + fours, width);
    for (int lane = fours - 4; lane >= vectors; lane -= 4) {
      copyFour(from + (long) lane * Float.BYTES, depthStride, depth, panel, at + lane, width);
    }
    for (int lane = vectors - LENGTH; lane >= 0; lane -= LENGTH) {
      copyVector(from + (long) lane * Float.BYTES, depthStride, depth, panel, at + lane, width);
    }
  }

  private static void copyFour(long from, long depthStride, int depth, float[] panel, int at, int width) {
    for (int d = 0; d < depth; d++) {
      FloatVector.fromMemorySegment(FOUR_FLOATS, MEMORY, from + d * depthStride, ORDER).intoArray(panel, at + d * width);
    }
  }

  private static void copyVector(long from, long depthStride, int depth, float[] panel, int at, int width) {
    for (int d = 0; d < depth; d++) {
      FloatVector.fromMemorySegment(SPECIES, MEMORY, from + d * depthStride, ORDER).intoArray(panel, at + d * width);
    }
  }

  /** Packs lanes whose elements lie one after the other. */
  static void transposeLanes(long from, long laneStride, int lanes, int depth, float[] panel, int at, int width) {
    int whole = depth & -4;
    for (int start = 0; start < whole; start += DEPTHS_AT_ONCE) {
      int count = Math.min(DEPTHS_AT_ONCE, whole - start);
      for (int lane = (lanes - 1) & -4; lane >= 0; lane -= 4) {
        long lane0 = from + lane * laneStride + (long) start * Float.BYTES;
        int last = lanes - 1 - lane;
        transposeFour(
            lane0,
            lane0 + Math.min(1, last) * laneStride,
            lane0 + Math.min(2, last) * laneStride,
            lane0 + Math.min(3, last) * laneStride,
            count,
            panel,
            at + start * width + lane,
            width);
      }
    }
    long rest = from + (long) whole * Float.BYTES;
    ScalarGemmKernel.gather(rest, laneStride, Float.BYTES, lanes, depth - whole, panel, at + whole * width, width);
  }

  private static void transposeFour(
      long lane0, long lane1, long lane2, long lane3, int depth, float[] panel, int at, int width) {
    // Two loops, because with a constant width the compiler moves the bounds checks out: a third faster.
    if (width == COLUMNS) {
      for (int d = 0; d < depth; d += 4) {
        long by = (long) d * Float.BYTES;
        transposeBlock(lane0 + by, lane1 + by, lane2 + by, lane3 + by, panel, at + d * COLUMNS, COLUMNS);
      }
    } else {
      for (int d = 0; d < depth; d += 4) {
        long by = (long) d * Float.BYTES;
        transposeBlock(lane0 + by, lane1 + by, lane2 + by, lane3 + by, panel, at + d * ROWS, ROWS);
      }
    }
  }

  private static void transposeBlock(
      long lane0, long lane1, long lane2, long lane3, float[] panel, int at, int width) {
    IntVector v0 = IntVector.fromMemorySegment(FOUR, MEMORY, lane0, ORDER);
    IntVector v1 = IntVector.fromMemorySegment(FOUR, MEMORY, lane1, ORDER);
    IntVector v2 = IntVector.fromMemorySegment(FOUR, MEMORY, lane2, ORDER);
    IntVector v3 = IntVector.fromMemorySegment(FOUR, MEMORY, lane3, ORDER);
    IntVector low01 = LOW_PAIRS.selectFrom(v0, v1);
    IntVector low23 = LOW_PAIRS.selectFrom(v2, v3);
    IntVector high01 = HIGH_PAIRS.selectFrom(v0, v1);
    IntVector high23 = HIGH_PAIRS.selectFrom(v2, v3);
    LOW_HALVES.selectFrom(low01, low23).reinterpretAsFloats().intoArray(panel, at);
    HIGH_HALVES.selectFrom(low01, low23).reinterpretAsFloats().intoArray(panel, at + width);
    LOW_HALVES.selectFrom(high01, high23).reinterpretAsFloats().intoArray(panel, at + 2 * width);
    HIGH_HALVES.selectFrom(high01, high23).reinterpretAsFloats().intoArray(panel, at + 3 * width);
  }
}
