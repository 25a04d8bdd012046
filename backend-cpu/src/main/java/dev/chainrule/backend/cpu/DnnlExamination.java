package dev.chainrule.backend.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Whether oneDNN's products have the bits that {@link Gemm} defines, tried out on this processor: one product in each form and a large
 * one, for which oneDNN has another kernel, of which some elements are looked at. It also makes oneDNN generate its kernels.
 */
final class DnnlExamination {

  private static final int PLACES = 40;

  private final Dnnl dnnl;
  private final int m;
  private final int n;
  private final int k;

  private DnnlExamination(Dnnl dnnl, int m, int n, int k) {
    this.dnnl = dnnl;
    this.m = m;
    this.n = n;
    this.k = k;
  }

  static boolean passed(Dnnl dnnl) {
    var small = new DnnlExamination(dnnl, 29, 99, GemmKernel.DEPTH);
    var large = new DnnlExamination(dnnl, 1100, 1100, 33);
    return small.passed('N', 'N') && small.passed('T', 'N') && small.passed('N', 'T') && small.passed('T', 'T') && large.passed('N', 'N');
  }

  private boolean passed(char formA, char formB) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment a = factors(arena, m * k, 1);
      MemorySegment b = factors(arena, k * n, 2);
      MemorySegment c = arena.allocate(ValueLayout.JAVA_FLOAT, (long) m * n);
      dnnl.sgemm((byte) formA, (byte) formB, m, n, k, a.address(), formA == 'N' ? k : m, b.address(), formB == 'N' ? n : k, 0,
          c.address(), n);
      for (int place = 0; place < PLACES; place++) {
        int row = place == 0 ? m - 1 : place * 17 % m;
        int column = place == 1 ? n - 1 : place * 29 % n;
        if (c.getAtIndex(ValueLayout.JAVA_FLOAT, (long) row * n + column) != element(a, formA, b, formB, row, column)) {
          return false;
        }
      }
      return true;
    }
  }

  /** Numbers whose products have to be rounded. */
  private static MemorySegment factors(Arena arena, int count, int seed) {
    MemorySegment factors = arena.allocate(ValueLayout.JAVA_FLOAT, count);
    for (int i = 0; i < count; i++) {
      factors.setAtIndex(ValueLayout.JAVA_FLOAT, i, (i + 1) * (0x9E3779B9 + seed) * 0x1p-31f);
    }
    return factors;
  }

  private float element(MemorySegment a, char formA, MemorySegment b, char formB, int row, int column) {
    float sum = 0;
    for (int d = 0; d < k; d++) {
      float left = a.getAtIndex(ValueLayout.JAVA_FLOAT, formA == 'N' ? (long) row * k + d : (long) d * m + row);
      float right = b.getAtIndex(ValueLayout.JAVA_FLOAT, formB == 'N' ? (long) d * n + column : (long) column * k + d);
      sum = Math.fma(left, right, sum);
    }
    return sum;
  }
}
