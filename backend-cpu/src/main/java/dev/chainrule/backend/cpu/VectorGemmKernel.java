package dev.chainrule.backend.cpu;

import static dev.chainrule.backend.cpu.OffHeap.FLOAT;
import static dev.chainrule.backend.cpu.OffHeap.MEMORY;

import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The matrix product's inner loops with the Vector API.
 *
 * <p>A tile is two vectors wide and as tall as the registers allow: with 32 registers 12 rows (24 sums, two vectors of
 * B and one broadcast element of A), with the 16 of AVX2 six. One step of depth reads 2 vectors and 12 scalars for 24
 * multiply-adds, so the arithmetic units are the limit and not the loads. A panel of B is 32 KiB at 512 bits: it
 * stays in the first or second cache while the panels of A, 12 KiB each, stream past it.
 *
 * <p>The product works on arrays and leaves its tile in an array: 24 sums together with accesses to off-heap memory
 * in one method exceed what the compiler is willing to inline, and then every operation allocates.
 */
final class VectorGemmKernel implements GemmKernel {
  static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  static final int LENGTH = SPECIES.length();
  static final int ROWS = SPECIES.vectorBitSize() == 256 ? 6 : 12;
  static final int COLUMNS = 2 * LENGTH;
  static final ByteOrder ORDER = ByteOrder.nativeOrder();

  /**
   * For what is left when a row is no multiple of a vector. Masks would do it in one step, but not all machines have them, and
   * with masks that are not constants the compiler sometimes gives up: each access then allocates.
   */
  static final VectorSpecies<Float> FOUR_FLOATS = FloatVector.SPECIES_128;

  @Override
  public int tileRows() {
    return ROWS;
  }

  @Override
  public int tileColumns() {
    return COLUMNS;
  }

  @Override
  public void pack(MatrixView source, int lane, int lanes, int depthStart, int depth, float[] panel, int at, int width) {
    long from = source.at(lane, depthStart);
    if (source.laneStride() == Float.BYTES) {
      VectorPacking.copyLanes(from, source.depthStride(), lanes, depth, panel, at, width);
    } else if (source.depthStride() == Float.BYTES) {
      VectorPacking.transposeLanes(from, source.laneStride(), lanes, depth, panel, at, width);
    } else {
      ScalarGemmKernel.gather(from, source.laneStride(), source.depthStride(), lanes, depth, panel, at, width);
    }
  }

  @Override
  public void multiply(float[] a, int aAt, float[] b, int bAt, int depth, int rows, int columns, float[] tile) {
    if (rows <= 6) {
      multiplySix(a, aAt, b, bAt, depth, tile);
    } else {
      multiplyTwelve(a, aAt, b, bAt, depth, tile);
    }
  }

  @Override
  public void write(float[] tile, int rows, int columns, long c, long rowStride, boolean add) {
    int vectors = columns / LENGTH * LENGTH;
    int fours = columns & -4;
    for (int column = 0; column < vectors; column += LENGTH) {
      writeVectors(tile, rows, column, c + (long) column * Float.BYTES, rowStride, add);
    }
    for (int column = vectors; column < fours; column += 4) {
      writeFours(tile, rows, column, c + (long) column * Float.BYTES, rowStride, add);
    }
    if (fours < columns) {
      writeFloats(tile, rows, fours, columns, c + (long) fours * Float.BYTES, rowStride, add);
    }
  }

  private static void writeVectors(float[] tile, int rows, int column, long to, long rowStride, boolean add) {
    for (int row = 0; row < rows; row++, to += rowStride) {
      FloatVector sum = FloatVector.fromArray(SPECIES, tile, row * COLUMNS + column);
      if (add) {
        sum = FloatVector.fromMemorySegment(SPECIES, MEMORY, to, ORDER).add(sum);
      }
      sum.intoMemorySegment(MEMORY, to, ORDER);
    }
  }

  private static void writeFours(float[] tile, int rows, int column, long to, long rowStride, boolean add) {
    for (int row = 0; row < rows; row++, to += rowStride) {
      FloatVector sum = FloatVector.fromArray(FOUR_FLOATS, tile, row * COLUMNS + column);
      if (add) {
        sum = FloatVector.fromMemorySegment(FOUR_FLOATS, MEMORY, to, ORDER).add(sum);
      }
      sum.intoMemorySegment(MEMORY, to, ORDER);
    }
  }

  private static void writeFloats(
      float[] tile, int rows, int firstColumn, int columns, long to, long rowStride, boolean add) {
    for (int row = 0; row < rows; row++, to += rowStride) {
      for (int column = firstColumn; column < columns; column++) {
        long element = to + (long) (column - firstColumn) * Float.BYTES;
        float sum = tile[row * COLUMNS + column];
        MEMORY.set(FLOAT, element, add ? MEMORY.get(FLOAT, element) + sum : sum);
      }
    }
  }

  private static void multiplyTwelve(float[] a, int aAt, float[] b, int bAt, int depth, float[] tile) {
    FloatVector left0 = FloatVector.zero(SPECIES);
    FloatVector right0 = FloatVector.zero(SPECIES);
    FloatVector left1 = FloatVector.zero(SPECIES);
    FloatVector right1 = FloatVector.zero(SPECIES);
    FloatVector left2 = FloatVector.zero(SPECIES);
    FloatVector right2 = FloatVector.zero(SPECIES);
    FloatVector left3 = FloatVector.zero(SPECIES);
    FloatVector right3 = FloatVector.zero(SPECIES);
    FloatVector left4 = FloatVector.zero(SPECIES);
    FloatVector right4 = FloatVector.zero(SPECIES);
    FloatVector left5 = FloatVector.zero(SPECIES);
    FloatVector right5 = FloatVector.zero(SPECIES);
    FloatVector left6 = FloatVector.zero(SPECIES);
    FloatVector right6 = FloatVector.zero(SPECIES);
    FloatVector left7 = FloatVector.zero(SPECIES);
    FloatVector right7 = FloatVector.zero(SPECIES);
    FloatVector left8 = FloatVector.zero(SPECIES);
    FloatVector right8 = FloatVector.zero(SPECIES);
    FloatVector left9 = FloatVector.zero(SPECIES);
    FloatVector right9 = FloatVector.zero(SPECIES);
    FloatVector left10 = FloatVector.zero(SPECIES);
    FloatVector right10 = FloatVector.zero(SPECIES);
    FloatVector left11 = FloatVector.zero(SPECIES);
    FloatVector right11 = FloatVector.zero(SPECIES);
    for (int d = 0; d < depth; d++) {
      FloatVector left = FloatVector.fromArray(SPECIES, b, bAt);
      FloatVector right = FloatVector.fromArray(SPECIES, b, bAt + LENGTH);
      FloatVector a0 = FloatVector.broadcast(SPECIES, a[aAt]);
      left0 = a0.fma(left, left0);
      right0 = a0.fma(right, right0);
      FloatVector a1 = FloatVector.broadcast(SPECIES, a[aAt + 1]);
      left1 = a1.fma(left, left1);
      right1 = a1.fma(right, right1);
      FloatVector a2 = FloatVector.broadcast(SPECIES, a[aAt + 2]);
      left2 = a2.fma(left, left2);
      right2 = a2.fma(right, right2);
      FloatVector a3 = FloatVector.broadcast(SPECIES, a[aAt + 3]);
      left3 = a3.fma(left, left3);
      right3 = a3.fma(right, right3);
      FloatVector a4 = FloatVector.broadcast(SPECIES, a[aAt + 4]);
      left4 = a4.fma(left, left4);
      right4 = a4.fma(right, right4);
      FloatVector a5 = FloatVector.broadcast(SPECIES, a[aAt + 5]);
      left5 = a5.fma(left, left5);
      right5 = a5.fma(right, right5);
      FloatVector a6 = FloatVector.broadcast(SPECIES, a[aAt + 6]);
      left6 = a6.fma(left, left6);
      right6 = a6.fma(right, right6);
      FloatVector a7 = FloatVector.broadcast(SPECIES, a[aAt + 7]);
      left7 = a7.fma(left, left7);
      right7 = a7.fma(right, right7);
      FloatVector a8 = FloatVector.broadcast(SPECIES, a[aAt + 8]);
      left8 = a8.fma(left, left8);
      right8 = a8.fma(right, right8);
      FloatVector a9 = FloatVector.broadcast(SPECIES, a[aAt + 9]);
      left9 = a9.fma(left, left9);
      right9 = a9.fma(right, right9);
      FloatVector a10 = FloatVector.broadcast(SPECIES, a[aAt + 10]);
      left10 = a10.fma(left, left10);
      right10 = a10.fma(right, right10);
      FloatVector a11 = FloatVector.broadcast(SPECIES, a[aAt + 11]);
      left11 = a11.fma(left, left11);
      right11 = a11.fma(right, right11);
      aAt += ROWS;
      bAt += COLUMNS;
    }
    left0.intoArray(tile, 0);
    right0.intoArray(tile, LENGTH);
    left1.intoArray(tile, COLUMNS);
    right1.intoArray(tile, COLUMNS + LENGTH);
    left2.intoArray(tile, 2 * COLUMNS);
    right2.intoArray(tile, 2 * COLUMNS + LENGTH);
    left3.intoArray(tile, 3 * COLUMNS);
    right3.intoArray(tile, 3 * COLUMNS + LENGTH);
    left4.intoArray(tile, 4 * COLUMNS);
    right4.intoArray(tile, 4 * COLUMNS + LENGTH);
    left5.intoArray(tile, 5 * COLUMNS);
    right5.intoArray(tile, 5 * COLUMNS + LENGTH);
    left6.intoArray(tile, 6 * COLUMNS);
    right6.intoArray(tile, 6 * COLUMNS + LENGTH);
    left7.intoArray(tile, 7 * COLUMNS);
    right7.intoArray(tile, 7 * COLUMNS + LENGTH);
    left8.intoArray(tile, 8 * COLUMNS);
    right8.intoArray(tile, 8 * COLUMNS + LENGTH);
    left9.intoArray(tile, 9 * COLUMNS);
    right9.intoArray(tile, 9 * COLUMNS + LENGTH);
    left10.intoArray(tile, 10 * COLUMNS);
    right10.intoArray(tile, 10 * COLUMNS + LENGTH);
    left11.intoArray(tile, 11 * COLUMNS);
    right11.intoArray(tile, 11 * COLUMNS + LENGTH);
  }

  private static void multiplySix(float[] a, int aAt, float[] b, int bAt, int depth, float[] tile) {
    FloatVector left0 = FloatVector.zero(SPECIES);
    FloatVector right0 = FloatVector.zero(SPECIES);
    FloatVector left1 = FloatVector.zero(SPECIES);
    FloatVector right1 = FloatVector.zero(SPECIES);
    FloatVector left2 = FloatVector.zero(SPECIES);
    FloatVector right2 = FloatVector.zero(SPECIES);
    FloatVector left3 = FloatVector.zero(SPECIES);
    FloatVector right3 = FloatVector.zero(SPECIES);
    FloatVector left4 = FloatVector.zero(SPECIES);
    FloatVector right4 = FloatVector.zero(SPECIES);
    FloatVector left5 = FloatVector.zero(SPECIES);
    FloatVector right5 = FloatVector.zero(SPECIES);
    for (int d = 0; d < depth; d++) {
      FloatVector left = FloatVector.fromArray(SPECIES, b, bAt);
      FloatVector right = FloatVector.fromArray(SPECIES, b, bAt + LENGTH);
      FloatVector a0 = FloatVector.broadcast(SPECIES, a[aAt]);
      left0 = a0.fma(left, left0);
      right0 = a0.fma(right, right0);
      FloatVector a1 = FloatVector.broadcast(SPECIES, a[aAt + 1]);
      left1 = a1.fma(left, left1);
      right1 = a1.fma(right, right1);
      FloatVector a2 = FloatVector.broadcast(SPECIES, a[aAt + 2]);
      left2 = a2.fma(left, left2);
      right2 = a2.fma(right, right2);
      FloatVector a3 = FloatVector.broadcast(SPECIES, a[aAt + 3]);
      left3 = a3.fma(left, left3);
      right3 = a3.fma(right, right3);
      FloatVector a4 = FloatVector.broadcast(SPECIES, a[aAt + 4]);
      left4 = a4.fma(left, left4);
      right4 = a4.fma(right, right4);
      FloatVector a5 = FloatVector.broadcast(SPECIES, a[aAt + 5]);
      left5 = a5.fma(left, left5);
      right5 = a5.fma(right, right5);
      aAt += ROWS;
      bAt += COLUMNS;
    }
    left0.intoArray(tile, 0);
    right0.intoArray(tile, LENGTH);
    left1.intoArray(tile, COLUMNS);
    right1.intoArray(tile, COLUMNS + LENGTH);
    left2.intoArray(tile, 2 * COLUMNS);
    right2.intoArray(tile, 2 * COLUMNS + LENGTH);
    left3.intoArray(tile, 3 * COLUMNS);
    right3.intoArray(tile, 3 * COLUMNS + LENGTH);
    left4.intoArray(tile, 4 * COLUMNS);
    right4.intoArray(tile, 4 * COLUMNS + LENGTH);
    left5.intoArray(tile, 5 * COLUMNS);
    right5.intoArray(tile, 5 * COLUMNS + LENGTH);
  }
}
