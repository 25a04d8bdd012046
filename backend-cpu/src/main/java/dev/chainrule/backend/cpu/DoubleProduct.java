package dev.chainrule.backend.cpu;

import static dev.chainrule.backend.cpu.GemmKernel.DEPTH;
import static dev.chainrule.backend.cpu.OffHeap.DOUBLE;
import static dev.chainrule.backend.cpu.OffHeap.MEMORY;

import java.util.Arrays;

/**
 * A double-precision matrix product C = A B. Double precision serves gradient checks and references, so this is as
 * plain as blocking allows: a block of B is copied into an array once for 64 rows of A, and each of these rows grows
 * its sums over it. The arithmetic is the single-precision product's, see {@link Gemm}. The object is used again for
 * other products, so that one allocates nothing.
 */
final class DoubleProduct implements PartTask {
  private static final int BLOCK_ROWS = 64;
  private static final int BLOCK_COLUMNS = 256;

  /** To be set before {@link #run}: the operands and the result. The lanes of C are its rows. */
  final MatrixView a = new MatrixView();
  final MatrixView b = new MatrixView();
  final MatrixView c = new MatrixView();

  private final Pool<Block> blocks = new Pool<>(Block::new);
  private int m;
  private int n;
  private int k;
  private int down;

  /** The sums of a row and a block of B. */
  private static final class Block {
    private final double[] sums = new double[BLOCK_COLUMNS];
    private final double[] right = new double[DEPTH * BLOCK_COLUMNS];
  }

  /** The product of A[m, k] and B[k, n]. */
  void run(int m, int n, int k, Workers workers) {
    this.m = m;
    this.n = n;
    this.k = k;
    down = Math.ceilDiv(m, BLOCK_ROWS);
    workers.forEach(down * Math.ceilDiv(n, BLOCK_COLUMNS), this);
  }

  @Override
  public void run(int block) {
    Block scratch = blocks.take();
    try {
      multiplyBlock(block % down * BLOCK_ROWS, block / down * BLOCK_COLUMNS, scratch.sums, scratch.right);
    } finally {
      blocks.giveBack(scratch);
    }
  }

  private void multiplyBlock(int firstRow, int firstColumn, double[] sums, double[] right) {
    int endRow = Math.min(firstRow + BLOCK_ROWS, m);
    int columns = Math.min(BLOCK_COLUMNS, n - firstColumn);
    for (int start = 0; start < k; start += DEPTH) {
      int depth = Math.min(DEPTH, k - start);
      copyRight(firstColumn, columns, start, depth, right);
      for (int row = firstRow; row < endRow; row++) {
        Arrays.fill(sums, 0, columns, 0);
        for (int d = 0; d < depth; d++) {
          double left = MEMORY.get(DOUBLE, a.at(row, start + d));
          for (int j = 0; j < columns; j++) {
            sums[j] = Math.fma(left, right[d * columns + j], sums[j]);
          }
        }
        write(sums, columns, c.at(row, firstColumn), start > 0);
      }
    }
  }

  private void copyRight(int firstColumn, int columns, int start, int depth, double[] right) {
    for (int d = 0; d < depth; d++) {
      for (int j = 0; j < columns; j++) {
        right[d * columns + j] = MEMORY.get(DOUBLE, b.at(firstColumn + j, start + d));
      }
    }
  }

  private static void write(double[] sums, int columns, long to, boolean add) {
    for (int j = 0; j < columns; j++) {
      long element = to + (long) j * Double.BYTES;
      MEMORY.set(DOUBLE, element, add ? MEMORY.get(DOUBLE, element) + sums[j] : sums[j]);
    }
  }
}
