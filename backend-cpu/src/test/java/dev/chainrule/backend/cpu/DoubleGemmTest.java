package dev.chainrule.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DoubleGemmTest {
  @ParameterizedTest
  @CsvSource({"1,1,1", "3,5,2", "65,257,300", "130,40,600", "64,10,256", "10,600,1"})
  void bitsAreDefinedForBothOrientationsWhateverTheNumberOfThreads(int m, int n, int k) {
    Random random = new Random(1);
    double[] a = random.doubles((long) m * k, -1, 1).toArray();
    double[] b = random.doubles((long) k * n, -1, 1).toArray();
    double[] expected = definition(m, n, k, a, b);
    for (int threads = 1; threads <= 4; threads++) {
      try (Workers workers = new Workers(threads)) {
        Gemm gemm = new Gemm(workers);
        MemorySegment c = doubles(new double[m * n]);
        gemm.dgemm(m, n, k, doubles(a), 0, k, 1, doubles(b), 0, n, 1, c, 0, n);
        assertArrayEquals(expected, c.toArray(ValueLayout.JAVA_DOUBLE));
        MemorySegment d = doubles(new double[m * n]);
        gemm.dgemm(
            m, n, k, doubles(transposed(a, m, k)), 0, 1, m, doubles(transposed(b, k, n)), 0, 1, k, d, 0, n);
        assertArrayEquals(expected, d.toArray(ValueLayout.JAVA_DOUBLE));
      }
    }
  }

  @Test
  void depthZeroGivesZerosAndNanPropagates() {
    try (Workers workers = new Workers(1)) {
      Gemm gemm = new Gemm(workers);
      MemorySegment c = doubles(new double[] {1, 2, 3, 4});
      gemm.dgemm(1, 2, 0, c, 0, 0, 1, c, 0, 2, 1, c, 1, 2);
      assertArrayEquals(new double[] {1, 0, 0, 4}, c.toArray(ValueLayout.JAVA_DOUBLE));
      MemorySegment nan = doubles(new double[] {0, Double.NaN});
      gemm.dgemm(1, 1, 2, nan, 0, 2, 1, doubles(new double[] {1, 1}), 0, 1, 1, c, 0, 1);
      assertTrue(Double.isNaN(c.get(ValueLayout.JAVA_DOUBLE, 0)));
      assertEquals(4, c.getAtIndex(ValueLayout.JAVA_DOUBLE, 3));
    }
  }

  private static double[] definition(int m, int n, int k, double[] a, double[] b) {
    double[] c = new double[m * n];
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < n; j++) {
        for (int start = 0; start < k; start += 256) {
          double sum = 0;
          for (int d = start; d < Math.min(k, start + 256); d++) {
            sum = Math.fma(a[i * k + d], b[d * n + j], sum);
          }
          c[i * n + j] = start == 0 ? sum : c[i * n + j] + sum;
        }
      }
    }
    return c;
  }

  private static double[] transposed(double[] matrix, int rows, int columns) {
    double[] transposed = new double[matrix.length];
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        transposed[j * rows + i] = matrix[i * columns + j];
      }
    }
    return transposed;
  }

  private static MemorySegment doubles(double[] values) {
    MemorySegment segment = Arena.ofAuto().allocate((long) values.length * Double.BYTES, Double.BYTES);
    MemorySegment.copy(values, 0, segment, ValueLayout.JAVA_DOUBLE, 0, values.length);
    return segment;
  }
}
