package dev.chainrule.backend.cpu;

import static dev.chainrule.backend.cpu.GemmKernel.DEPTH;
import static dev.chainrule.backend.cpu.OffHeap.DOUBLE;
import static dev.chainrule.backend.cpu.OffHeap.MEMORY;

import java.util.Arrays;

/**
 * A double-precision matrix product C = A B. Double precision serves gradient checks and references, so this is as
 * plain as blocking allows: a block of B is copied into an array once for 64 rows of A, and each of these rows grows
 * its sums over it. The arithmetic is the single-precision product's, see {@link Gemm}.
 */
record DoubleProduct(int m, int n, int k, MatrixView a, MatrixView b, MatrixView c) {
  private static final int BLOCK_ROWS = 64;
  private static final int BLOCK_COLUMNS = 256;

  void run(Workers workers) {
    int down = Math.ceilDiv(m, BLOCK_ROWS);
    int across = Math.ceilDiv(n, BLOCK_COLUMNS);
    workers.forEach(down * across, block -> multiplyBlock(block % down * BLOCK_ROWS, block / down * BLOCK_COLUMNS));
  }

  private void multiplyBlock(int firstRow, int firstColumn) {
    int endRow = Math.min(firstRow + BLOCK_ROWS, m);
    double[] sums = new double[Math.min(BLOCK_COLUMNS, n - firstColumn)];
    double[] right = new double[Math.min(DEPTH, k) * sums.length];
    for (int start = 0; start < k; start += DEPTH) {
      int depth = Math.min(DEPTH, k - start);
      copyRight(firstColumn, sums.length, start, depth, right);
      for (int row = firstRow; row < endRow; row++) {
        Arrays.fill(sums, 0);
        for (int d = 0; d < depth; d++) {
          double left = MEMORY.get(DOUBLE, a.at(row, start + d));
          for (int j = 0; j < sums.length; j++) {
            sums[j] = Math.fma(left, right[d * sums.length + j], sums[j]);
          }
        }
        write(sums, c.at(row, firstColumn), start > 0);
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

  private static void write(double[] sums, long to, boolean add) {
    for (int j = 0; j < sums.length; j++) {
      long element = to + (long) j * Double.BYTES;
      MEMORY.set(DOUBLE, element, add ? MEMORY.get(DOUBLE, element) + sums[j] : sums[j]);
    }
  }
}
