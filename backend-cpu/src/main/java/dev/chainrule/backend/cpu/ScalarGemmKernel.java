package dev.chainrule.backend.cpu;

import static dev.chainrule.backend.cpu.OffHeap.FLOAT;
import static dev.chainrule.backend.cpu.OffHeap.MEMORY;

import java.util.Arrays;

/**
 * The matrix product's inner loops in plain Java, for a JVM that was started without the Vector API, and the oracle of
 * {@link VectorGemmKernel}: both give the same bits.
 *
 * <p>A tile is four rows of up to 256 sums in memory; four steps of depth per pass over a row make up for loading and
 * storing them. The tile and the four rows of B that are in use, 4 KiB each, stay in the first cache. The inner loop is
 * one that a compiler can turn into vector code, but JDK 25 does not: it cannot know that the arrays do not overlap.
 */
final class ScalarGemmKernel implements GemmKernel {
  private static final int ROWS = 4;
  private static final int COLUMNS = 256;

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
    gather(from, source.laneStride(), source.depthStride(), lanes, depth, panel, at, width);
  }

  /** Packs lanes of any strides, a float at a time. */
  static void gather(
      long from, long laneStride, long depthStride, int lanes, int depth, float[] panel, int at, int width) {
    for (int d = 0; d < depth; d++) {
      for (int lane = 0; lane < lanes; lane++) {
        panel[at + d * width + lane] = MEMORY.get(FLOAT, from + lane * laneStride + d * depthStride);
      }
    }
  }

  @Override
  public void multiply(float[] a, int aAt, float[] b, int bAt, int depth, int rows, int columns, float[] tile) {
    Arrays.fill(tile, 0, rows * COLUMNS, 0f);
    int fours = depth & -4;
    for (int d = 0; d < fours; d += 4) {
      for (int row = 0; row < rows; row++) {
        addFour(a, aAt + d * ROWS + row, b, bAt + d * COLUMNS, columns, tile, row * COLUMNS);
      }
    }
    for (int d = fours; d < depth; d++) {
      for (int row = 0; row < rows; row++) {
        addOne(a[aAt + d * ROWS + row], b, bAt + d * COLUMNS, columns, tile, row * COLUMNS);
      }
    }
  }

  private static void addFour(float[] a, int aAt, float[] b, int bAt, int columns, float[] sums, int at) {
    float a0 = a[aAt];
    float a1 = a[aAt + ROWS];
    float a2 = a[aAt + 2 * ROWS];
    float a3 = a[aAt + 3 * ROWS];
    for (int j = 0; j < columns; j++) {
      float sum = Math.fma(a0, b[bAt + j], sums[at + j]);
      sum = Math.fma(a1, b[bAt + COLUMNS + j], sum);
      sum = Math.fma(a2, b[bAt + 2 * COLUMNS + j], sum);
      sums[at + j] = Math.fma(a3, b[bAt + 3 * COLUMNS + j], sum);
    }
  }

  private static void addOne(float a, float[] b, int bAt, int columns, float[] sums, int at) {
    for (int j = 0; j < columns; j++) {
      sums[at + j] = Math.fma(a, b[bAt + j], sums[at + j]);
    }
  }

  @Override
  public void write(float[] tile, int rows, int columns, long c, long rowStride, boolean add) {
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        long to = c + row * rowStride + (long) column * Float.BYTES;
        float sum = tile[row * COLUMNS + column];
        MEMORY.set(FLOAT, to, add ? MEMORY.get(FLOAT, to) + sum : sum);
      }
    }
  }
}
