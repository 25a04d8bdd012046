package dev.chainrule.backend.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;

/**
 * A matrix product with random operands in a given memory layout, and what it must give: bit for bit by the
 * definition in {@link Gemm}, and within a bound by arithmetic in double precision.
 */
final class GemmCase {
  /** How an operand lies in memory. */
  enum Layout {
    ROWS,
    COLUMNS,
    PADDED_ROWS,
    EVERY_OTHER,
    REVERSED_ROWS,
    ONE_ROW_REPEATED
  }

  /** A strided matrix in a segment; offset and strides in elements. */
  private record Matrix(MemorySegment segment, long offset, long rowStride, long columnStride) {
    static Matrix random(int rows, int columns, Layout layout, Random random) {
      return switch (layout) {
        case ROWS -> new Matrix(randomFloats((long) rows * columns, random), 0, columns, 1);
        case COLUMNS -> new Matrix(randomFloats((long) rows * columns, random), 0, 1, rows);
        case PADDED_ROWS ->
            new Matrix(randomFloats(5 + (long) rows * (columns + 3), random), 5, columns + 3, 1);
        case EVERY_OTHER -> new Matrix(randomFloats(2L * rows * columns, random), 0, 2L * columns, 2);
        case REVERSED_ROWS ->
            new Matrix(randomFloats((long) rows * columns, random), (rows - 1L) * columns, -columns, 1);
        case ONE_ROW_REPEATED -> new Matrix(randomFloats(columns, random), 0, 0, 1);
      };
    }

    float get(int row, int column) {
      return segment.getAtIndex(ValueLayout.JAVA_FLOAT, offset + row * rowStride + column * columnStride);
    }
  }

  private static final int GUARD = 3;
  private static final float UNTOUCHED = -12345;

  final int m;
  final int n;
  final int k;
  private final Matrix a;
  private final Matrix b;

  GemmCase(int m, int n, int k, Layout layoutA, Layout layoutB, long seed) {
    Random random = new Random(seed);
    this.m = m;
    this.n = n;
    this.k = k;
    a = Matrix.random(m, k, layoutA, random);
    b = Matrix.random(k, n, layoutB, random);
  }

  /** Sets an element of A, such as to NaN. */
  void setA(int row, int column, float value) {
    a.segment.setAtIndex(ValueLayout.JAVA_FLOAT, a.offset + row * a.rowStride + column * a.columnStride, value);
  }

  /** What {@code gemm} computes, row after row; fails if it writes anything beside C. */
  float[] product(Gemm gemm) {
    long rowStride = (long) n + GUARD;
    MemorySegment c = Arena.ofAuto().allocate((GUARD + m * rowStride) * Float.BYTES, Float.BYTES);
    for (long i = 0; i < c.byteSize() / Float.BYTES; i++) {
      c.setAtIndex(ValueLayout.JAVA_FLOAT, i, UNTOUCHED);
    }
    gemm.sgemm(
        m, n, k,
        a.segment, a.offset, a.rowStride, a.columnStride,
        b.segment, b.offset, b.rowStride, b.columnStride,
        c, GUARD, rowStride);
    float[] product = new float[m * n];
    for (int i = 0; i < c.byteSize() / Float.BYTES; i++) {
      float value = c.getAtIndex(ValueLayout.JAVA_FLOAT, i);
      long column = (i - GUARD) % rowStride;
      if (i >= GUARD && column < n) {
        product[(int) ((i - GUARD) / rowStride * n + column)] = value;
      } else if (value != UNTOUCHED) {
        throw new AssertionError("wrote outside C at element " + i + ": " + value);
      }
    }
    return product;
  }

  /** The product by the definition of its bits. */
  float[] definition() {
    float[] product = new float[m * n];
    float[] sums = new float[n];
    for (int i = 0; i < m; i++) {
      for (int start = 0; start < k; start += 256) {
        Arrays.fill(sums, 0);
        for (int d = start; d < Math.min(k, start + 256); d++) {
          float left = a.get(i, d);
          for (int j = 0; j < n; j++) {
            sums[j] = Math.fma(left, b.get(d, j), sums[j]);
          }
        }
        for (int j = 0; j < n; j++) {
          product[i * n + j] = start == 0 ? sums[j] : product[i * n + j] + sums[j];
        }
      }
    }
    return product;
  }

  /** The product in double precision. */
  double exact(int row, int column) {
    double sum = 0;
    for (int d = 0; d < k; d++) {
      sum += (double) a.get(row, d) * b.get(d, column);
    }
    return sum;
  }

  /**
   * How far a float product may be from the exact one: k roundings, each of half a unit in the last place of a sum that
   * is at most the sum of the absolute products (Higham, Accuracy and Stability of Numerical Algorithms, 3.1).
   */
  double bound(int row, int column) {
    double sum = 0;
    for (int d = 0; d < k; d++) {
      sum += Math.abs((double) a.get(row, d) * b.get(d, column));
    }
    return 1.01 * k * 0x1p-24 * sum;
  }

  @Override
  public String toString() {
    return "[%d,%d] x [%d,%d], strides %d,%d and %d,%d"
        .formatted(m, k, k, n, a.rowStride, a.columnStride, b.rowStride, b.columnStride);
  }

  private static MemorySegment randomFloats(long count, Random random) {
    MemorySegment floats = Arena.ofAuto().allocate(count * Float.BYTES, Float.BYTES);
    for (long i = 0; i < count; i++) {
      floats.setAtIndex(ValueLayout.JAVA_FLOAT, i, random.nextFloat() - 0.5f);
    }
    return floats;
  }
}
