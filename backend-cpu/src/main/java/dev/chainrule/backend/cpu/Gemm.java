package dev.chainrule.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.util.Optional;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Matrix products C = A B over row-major off-heap memory, with strides for A and B, so that a transposed operand costs
 * its caller nothing. Safe for use by several threads. The kernels know only addresses ({@link OffHeap} says why); the
 * checks and fences here are what makes that safe.
 *
 * <p>The bits of C are defined. They do not depend on the number of threads, on the vector length or on whether the
 * Vector API or oneDNN is there: for each step of {@link GemmKernel#DEPTH} along k an element's sum starts at zero and grows by
 * {@code sum = fma(a, b, sum)} in the order of k; the first step's sum is stored, the later ones are added. Threads
 * share out rows and columns, never k.
 */
final class Gemm {
  /** Goes on with a product where it is done. */
  interface Follower {

    /** Rows {@code row} to {@code row + rows - 1} and columns likewise have their values; called by the thread that computed them. */
    void block(int row, int rows, int column, int columns);
  }

  private final Workers workers;
  private final LongFunction<Optional<Dnnl>> dnnl;
  private final Pool<FloatProduct> nativeProducts;
  private final Pool<FloatProduct> products;
  private final Pool<DoubleProduct> doubleProducts = new Pool<>(DoubleProduct::new);

  /** Products in Java on the threads of {@code workers}, with the fastest kernel that this JVM has. */
  Gemm(Workers workers) {
    this(workers, GemmKernels.fastest());
  }

  /** The same, but by oneDNN where that is faster, if {@code dnnl} gives it for a product of so many multiply-adds. */
  Gemm(Workers workers, LongFunction<Optional<Dnnl>> dnnl) {
    this(workers, GemmKernels.fastest(), dnnl);
  }

  Gemm(Workers workers, GemmKernel kernel) {
    this(workers, kernel, _ -> Optional.empty());
  }

  private Gemm(Workers workers, GemmKernel kernel, LongFunction<Optional<Dnnl>> dnnl) {
    this.workers = workers;
    this.dnnl = dnnl;
    this.nativeProducts = new Pool<>(() -> new DnnlProduct(dnnl.apply(Long.MAX_VALUE).orElseThrow()));
    Pool<GemmScratch> scratch = new Pool<>(GemmScratch::new);
    this.products = new Pool<>(() -> new BlockedProduct(kernel, scratch));
  }

  /**
   * Sets C[m, n] to the product of A[m, k] and B[k, n], all of floats. Offsets and strides are in elements: element
   * (i, j) of A lies at {@code aOffset + i * aRow + j * aColumn}, of B likewise; the rows of C are dense and
   * {@code cRow} apart. C must not overlap A or B. With k = 0 it becomes zero.
   *
   * @throws IllegalArgumentException if an extent is negative, rows of C overlap, a segment is not off-heap or C's is
   *     read-only
   * @throws IndexOutOfBoundsException if a matrix does not fit in its segment
   * @throws IllegalStateException if a segment was freed
   */
  void sgemm(
      int m, int n, int k,
      MemorySegment a, long aOffset, long aRow, long aColumn,
      MemorySegment b, long bOffset, long bRow, long bColumn,
      MemorySegment c, long cOffset, long cRow) {
    sgemm(m, n, k, a, aOffset, aRow, aColumn, b, bOffset, bRow, bColumn, c, cOffset, cRow, null);
  }

  /** The same, telling {@code follower} of each block of C that is done. */
  void sgemm(
      int m, int n, int k,
      MemorySegment a, long aOffset, long aRow, long aColumn,
      MemorySegment b, long bOffset, long bRow, long bColumn,
      MemorySegment c, long cOffset, long cRow, @Nullable Follower follower) {
    checkResult(m, n, k, c, cRow);
    boolean fits = DnnlProduct.takes(m, n, k, aRow, aColumn, bRow, bColumn);
    Pool<FloatProduct> pool = fits && dnnl.apply((long) m * n * k).isPresent() ? nativeProducts : products;
    FloatProduct product = pool.take();
    try {
      product.a.set(a, Float.BYTES, aOffset, m, aRow, k, aColumn);
      product.b.set(b, Float.BYTES, bOffset, n, bColumn, k, bRow);
      product.c.set(c, Float.BYTES, cOffset, m, cRow, n, 1);
      if (m == 0 || n == 0) {
        return;
      }
      if (k == 0) {
        fillWithZeros(c, Float.BYTES, cOffset, cRow, m, n);
        if (follower != null) {
          follower.block(0, m, 0, n);
        }
        return;
      }
      product.run(m, n, k, workers, follower);
    } finally {
      pool.giveBack(product);
      Reference.reachabilityFence(a);
      Reference.reachabilityFence(b);
      Reference.reachabilityFence(c);
    }
  }

  /** The same as {@link #sgemm} for doubles. */
  void dgemm(
      int m, int n, int k,
      MemorySegment a, long aOffset, long aRow, long aColumn,
      MemorySegment b, long bOffset, long bRow, long bColumn,
      MemorySegment c, long cOffset, long cRow) {
    checkResult(m, n, k, c, cRow);
    DoubleProduct product = doubleProducts.take();
    try {
      product.a.set(a, Double.BYTES, aOffset, m, aRow, k, aColumn);
      product.b.set(b, Double.BYTES, bOffset, n, bColumn, k, bRow);
      product.c.set(c, Double.BYTES, cOffset, m, cRow, n, 1);
      if (m == 0 || n == 0) {
        return;
      }
      if (k == 0) {
        fillWithZeros(c, Double.BYTES, cOffset, cRow, m, n);
        return;
      }
      product.run(m, n, k, workers);
    } finally {
      doubleProducts.giveBack(product);
      Reference.reachabilityFence(a);
      Reference.reachabilityFence(b);
      Reference.reachabilityFence(c);
    }
  }

  private static void checkResult(int m, int n, int k, MemorySegment c, long cRow) {
    if (m < 0 || n < 0 || k < 0) {
      throw new IllegalArgumentException(
          "[gemm] expected extents of at least 0, got m=%d n=%d k=%d".formatted(m, n, k));
    }
    if (cRow < n) {
      throw new IllegalArgumentException(
          "[gemm] expected rows of C to be at least %d elements apart, got %d".formatted(n, cRow));
    }
    if (c.isReadOnly()) {
      throw new IllegalArgumentException("[gemm] expected a writable segment for C, got " + c);
    }
  }

  private static void fillWithZeros(
      MemorySegment c, int elementBytes, long offset, long rowStride, int rows, int columns) {
    for (int row = 0; row < rows; row++) {
      c.asSlice((offset + row * rowStride) * elementBytes, (long) columns * elementBytes).fill((byte) 0);
    }
  }
}
