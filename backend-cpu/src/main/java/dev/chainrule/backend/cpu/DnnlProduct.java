package dev.chainrule.backend.cpu;

import static dev.chainrule.backend.cpu.GemmKernel.DEPTH;

import org.jspecify.annotations.Nullable;

/**
 * A product by oneDNN. C is cut into a grid of blocks, some for threads to share; whoever takes one goes through the depth in steps of
 * {@link GemmKernel#DEPTH}, one call each. On processors with AVX-512 oneDNN's kernels let an element grow by
 * {@code sum = fma(a, b, sum)} in the order of depth, from zero, and add that to C at the end: those are the bits that {@link Gemm}
 * defines. {@link #takes} leaves out the few shapes that it computes otherwise, and those for which a call costs more than it saves.
 */
final class DnnlProduct extends FloatProduct {

  /** The rows and columns that oneDNN's kernel computes at once: blocks are multiples of them. */
  private static final int TILE_ROWS = 8;

  private static final int TILE_COLUMNS = 48;

  /** Products of A[m, k] and B[k, n] with up to so many rows have sums of their own if B is dense along its columns. */
  private static final int FEW_ROWS = 16;

  /** Multiply-adds below which a call costs more than it saves. */
  private static final long SMALL = 1 << 14;

  /** Multiply-adds that are worth a block of their own. */
  private static final long WORK_PER_BLOCK = 1 << 18;

  /** Into how many blocks of equal size a product is cut if there is work for them: two and four threads have the same share. */
  private static final int BLOCKS = 4;

  private static final int MOST_TILES_DOWN = 32;
  private static final int MOST_TILES_ACROSS = 16;

  private static final byte ROWS = 'N';
  private static final byte COLUMNS = 'T';

  private final Dnnl dnnl;
  private final PartTask block = this::multiplyBlock;
  private int m;
  private int n;
  private int k;
  private int gridRows;
  private int gridColumns;
  private byte formA;
  private byte formB;
  private long ldA;
  private long ldB;
  private Gemm.@Nullable Follower follower;

  DnnlProduct(Dnnl dnnl) {
    this.dnnl = dnnl;
  }

  /** Whether a product is one for oneDNN; strides are in elements. */
  static boolean takes(int m, int n, int k, long aRow, long aColumn, long bRow, long bColumn) {
    return (long) m * n * k >= SMALL && m > 1 && n > 1
        && (dense(aRow, aColumn, k) || dense(aColumn, aRow, m))
        && (dense(bRow, bColumn, n) || (dense(bColumn, bRow, k) && m > FEW_ROWS));
  }

  /** Whether lines of {@code length} elements are dense and don't overlap. */
  private static boolean dense(long line, long element, int length) {
    return element == 1 && line >= length;
  }

  @Override
  void run(int m, int n, int k, Workers workers, Gemm.@Nullable Follower follower) {
    this.follower = follower;
    this.m = m;
    this.n = n;
    this.k = k;
    boolean rowsOfA = dense(a.laneStride() / Float.BYTES, a.depthStride() / Float.BYTES, k);
    formA = rowsOfA ? ROWS : COLUMNS;
    ldA = (rowsOfA ? a.laneStride() : a.depthStride()) / Float.BYTES;
    boolean rowsOfB = dense(b.depthStride() / Float.BYTES, b.laneStride() / Float.BYTES, n);
    formB = rowsOfB ? ROWS : COLUMNS;
    ldB = (rowsOfB ? b.depthStride() : b.laneStride()) / Float.BYTES;
    cut(workers.threads() == 1 ? 1 : BLOCKS);
    workers.forEach(gridRows * gridColumns, block);
  }

  private void cut(int most) {
    int parts = Integer.highestOneBit(Math.clamp((long) m * n * k / WORK_PER_BLOCK, 1, most));
    while (!findGrid(parts)) {
      parts /= 2;
    }
  }

  /**
   * Finds the grid of {@code parts} blocks, or of as many in each of several rounds, that is soonest done: a block costs its tiles, and one
   * for each {@value #TILE_COLUMNS} lines of A and B that it reads. Among equals, the one with wider blocks. False if all have blocks that
   * are too narrow.
   */
  private boolean findGrid(int parts) {
    int down = Math.ceilDiv(m, TILE_ROWS);
    int across = Math.ceilDiv(n, TILE_COLUMNS);
    long least = Long.MAX_VALUE;
    for (int columns = parts; columns >= 1; columns /= 2) {
      int rows = parts / columns;
      int below = rows * Math.ceilDiv(Math.ceilDiv(down, rows), MOST_TILES_DOWN);
      int beside = columns * Math.ceilDiv(Math.ceilDiv(across, columns), MOST_TILES_ACROSS);
      long tall = Math.ceilDiv(down, below);
      long wide = Math.ceilDiv(across, beside);
      long cost = below * beside / parts * (tall * wide * TILE_COLUMNS + tall * TILE_ROWS + wide * TILE_COLUMNS);
      if (cost <= least && wideEnough(down, below, formB == ROWS ? 2 : 3) && wideEnough(across, beside, 2)) {
        least = cost;
        gridRows = below;
        gridColumns = beside;
      }
    }
    return least < Long.MAX_VALUE;
  }

  /** Whether each block has {@code least} tiles, so that more than one line is left where the last tile has one only. */
  private static boolean wideEnough(int tiles, int blocks, int least) {
    return blocks == 1 || tiles / blocks >= least;
  }

  private void multiplyBlock(int number) {
    int row = number % gridRows;
    int column = number / gridRows;
    int firstRow = edge(m, TILE_ROWS, row, gridRows);
    int endRow = edge(m, TILE_ROWS, row + 1, gridRows);
    int firstColumn = edge(n, TILE_COLUMNS, column, gridColumns);
    int endColumn = edge(n, TILE_COLUMNS, column + 1, gridColumns);
    for (int start = 0; start < k; start += DEPTH) {
      dnnl.sgemm(formA, formB, endRow - firstRow, endColumn - firstColumn, Math.min(DEPTH, k - start),
          a.at(firstRow, start), ldA, b.at(firstColumn, start), ldB,
          start == 0 ? 0 : 1, c.at(firstRow, firstColumn), c.laneStride() / Float.BYTES);
    }
    if (follower != null) {
      follower.block(firstRow, endRow - firstRow, firstColumn, endColumn - firstColumn);
    }
  }

  /** Where a block begins, in whole tiles. */
  private static int edge(int length, int tile, int index, int blocks) {
    return (int) Math.min(length, (long) Math.ceilDiv(length, tile) * index / blocks * tile);
  }
}
