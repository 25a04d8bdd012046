package dev.chainrule.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.graph.Axes;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.schedule.Layout;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** The product in columns is the product in rows, whatever lies where. */
class ColumnMajorTest {

  private static final int ELEMENTS = 4000;

  private final double[] x = new SplittableRandom(1).longs(ELEMENTS, -9, 9).asDoubleStream().toArray();
  private final double[] w = new SplittableRandom(2).longs(ELEMENTS, -9, 9).asDoubleStream().toArray();

  private static Layout dense(long... shape) {
    return Layout.dense(Shape.of(shape));
  }

  private static Layout transposed(long... shape) {
    long[] stored = shape.clone();
    stored[shape.length - 2] = shape[shape.length - 1];
    stored[shape.length - 1] = shape[shape.length - 2];
    int[] order = new int[shape.length];
    for (int i = 0; i < order.length; i++) {
      order[i] = i;
    }
    order[shape.length - 2] = shape.length - 1;
    order[shape.length - 1] = shape.length - 2;
    return dense(stored).permute(Axes.of(order));
  }

  /** Element (i, j) of matrix number {@code part} of the batch. */
  private static double element(double[] data, Layout layout, long part, long i, long j) {
    long at = layout.offset();
    long left = part;
    for (int axis = layout.shape().rank() - 3; axis >= 0; axis--) {
      at += left % layout.shape().dim(axis) * layout.stride(axis);
      left /= layout.shape().dim(axis);
    }
    return data[Math.toIntExact(at + i * layout.stride(-2) + j * layout.stride(-1))];
  }

  private double[] inRows(Layout left, Layout right) {
    long m = left.shape().dim(-2);
    long k = left.shape().dim(-1);
    long n = right.shape().dim(-1);
    int parts = Math.toIntExact(left.shape().elements() / (m * k));
    double[] result = new double[Math.toIntExact(parts * m * n)];
    for (int p = 0; p < parts; p++) {
      for (int i = 0; i < m; i++) {
        for (int j = 0; j < n; j++) {
          for (int d = 0; d < k; d++) {
            result[Math.toIntExact((p * m + i) * n + j)] += element(x, left, p, i, d) * element(w, right, p, d, j);
          }
        }
      }
    }
    return result;
  }

  private static double at(double[] data, ColumnMajor.Matrix matrix, long start, long part, long row, long column) {
    long place = matrix.transposed() ? row * matrix.leading() + column : column * matrix.leading() + row;
    return data[Math.toIntExact(start + part * matrix.batchStride() + place)];
  }

  /** As the library is documented: d = op(a) op(b), columns behind columns. */
  private double[] inColumns(ColumnMajor product, Layout left, Layout right, int elements) {
    double[] d = new double[elements];
    long depth = product.a().transposed() ? product.a().rows() : product.a().columns();
    for (ColumnMajor.Start start : product.starts()) {
      for (int part = 0; part < product.batch(); part++) {
        for (long column = 0; column < product.d().columns(); column++) {
          for (long row = 0; row < product.d().rows(); row++) {
            long place = start.d() + part * product.d().batchStride() + column * product.d().leading() + row;
            assertEquals(0.0, d[Math.toIntExact(place)], "written twice");
            for (long k = 0; k < depth; k++) {
              d[Math.toIntExact(place)] += at(w, product.a(), right.offset() + start.a(), part, row, k)
                  * at(x, product.b(), left.offset() + start.b(), part, k, column);
            }
          }
        }
      }
    }
    return d;
  }

  private ColumnMajor assertSame(Layout left, Layout right) {
    ColumnMajor product = ColumnMajor.of(left, right).orElseThrow(() -> new AssertionError(left + " by " + right + " is refused"));
    double[] expected = inRows(left, right);
    assertArrayEquals(expected, inColumns(product, left, right, expected.length), left + " by " + right);
    for (ColumnMajor.Matrix matrix : List.of(product.a(), product.b(), product.d())) {
      assertTrue(matrix.leading() >= matrix.rows(), product.toString());
    }
    return product;
  }

  @Test
  void allTranspositionsOfAllSizes() {
    for (long m : List.of(1L, 2L, 5L)) {
      for (long k : List.of(1L, 3L, 7L)) {
        for (long n : List.of(1L, 4L)) {
          for (Layout left : List.of(dense(m, k), transposed(m, k))) {
            for (Layout right : List.of(dense(k, n), transposed(k, n))) {
              assertSame(left, right);
            }
          }
        }
      }
    }
  }

  @Test
  void aTransposedOperandIsNotCopied() {
    ColumnMajor product = assertSame(dense(5, 7), transposed(7, 3));
    assertEquals(new ColumnMajor.Matrix(7, 3, 7, true, 0), product.a(), "w^T, as it lies, is 3 rows of 7");
    assertEquals(new ColumnMajor.Matrix(7, 5, 7, false, 0), product.b());
  }

  @Test
  void aMatrixInsideALargerOne() {
    List<Op.Range> middle = List.of(new Op.Range(2, 5, 1), new Op.Range(3, 4, 1));
    Layout left = dense(9, 11).slice(middle);
    assertEquals(11, assertSame(left, dense(4, 6)).b().leading());
    assertSame(left, dense(9, 11).slice(List.of(new Op.Range(1, 4, 1), new Op.Range(0, 6, 1))));
    assertSame(dense(11, 9).permute(Axes.of(1, 0)).slice(middle), transposed(4, 6));
  }

  @Test
  void batchesThatOneStrideWalksAreOneCall() {
    ColumnMajor product = assertSame(dense(2, 3, 5, 7), transposed(2, 3, 7, 4));
    assertEquals(6, product.batch());
    assertEquals(1, product.starts().size());
    assertEquals(5, assertSame(dense(1, 5, 1, 2, 3), dense(1, 5, 1, 3, 2)).batch());
  }

  @Test
  void anOperandForTheWholeBatch() {
    Layout shared = dense(7, 4).expand(Shape.of(6, 7, 4));
    assertEquals(0, assertSame(dense(6, 5, 7), shared).a().batchStride());
    assertSame(dense(5, 7).expand(Shape.of(3, 5, 7)), dense(3, 7, 4));
  }

  @Test
  void headsBesideOneAnother() {
    // [batch, time, heads, size] as [batch, heads, time, size]: one stride does not walk batch and heads.
    Layout heads = dense(4, 5, 3, 2).permute(Axes.of(0, 2, 1, 3));
    ColumnMajor product = assertSame(heads, heads.permute(Axes.of(0, 1, 3, 2)));
    assertEquals(4, product.batch(), "the longer axis");
    assertEquals(3, product.starts().size());
    assertSame(heads, dense(4, 3, 2, 5));
    assertSame(dense(4, 3, 2, 5), heads);
  }

  @Test
  void whatTheLibraryCannotExpressIsRefused() {
    assertEquals(Optional.empty(), ColumnMajor.of(dense(0, 3), dense(3, 2)), "nothing");
    assertEquals(Optional.empty(), ColumnMajor.of(dense(2, 0), dense(0, 2)), "sums of nothing");
    Layout stepped = dense(4, 6).slice(List.of(new Op.Range(0, 2, 2), new Op.Range(0, 3, 2)));
    assertEquals(Optional.empty(), ColumnMajor.of(stepped, dense(3, 2)), "steps");
    assertEquals(Optional.empty(), ColumnMajor.of(dense(1, 3).expand(Shape.of(4, 3)), dense(3, 2)), "one row again and again");
    Layout reversed = dense(4, 3).slice(List.of(new Op.Range(3, 4, -1), new Op.Range(0, 3, 1)));
    assertEquals(Optional.empty(), ColumnMajor.of(reversed, dense(3, 2)), "from the last row to the first");
    Layout windows = dense(9).window(new Op.Window(0, 4, 1, 1), Shape.of(6, 4));
    assertEquals(Optional.empty(), ColumnMajor.of(windows, dense(4, 2)), "rows that overlap");
    Layout backwards = dense(3, 2, 2).slice(List.of(new Op.Range(2, 3, -1), new Op.Range(0, 2, 1), new Op.Range(0, 2, 1)));
    assertEquals(Optional.empty(), ColumnMajor.of(backwards, dense(3, 2, 2)), "the batch from its end");
    Layout scattered = dense(40, 2, 41, 2).permute(Axes.of(0, 2, 1, 3));
    assertEquals(Optional.empty(), ColumnMajor.of(scattered, dense(40, 41, 2, 2)), "too many calls");
  }

  @Test
  void randomViews() {
    var random = new SplittableRandom(7);
    int taken = 0;
    for (int i = 0; i < 2000; i++) {
      long[] sizes = random.longs(5, 1, 4).toArray();
      Layout left = view(random, sizes[0], sizes[1], sizes[2], sizes[3]);
      Layout right = view(random, sizes[0], sizes[1], sizes[3], sizes[4]);
      if (ColumnMajor.of(left, right).isPresent()) {
        assertSame(left, right);
        taken++;
      }
    }
    assertTrue(taken > 500, taken + " of 2000");
  }

  /** Of the shape, with its axes anywhere in a larger array, some repeated. */
  private static Layout view(SplittableRandom random, long... shape) {
    int[] order = {0, 1, 2, 3};
    for (int i = 3; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int kept = order[i];
      order[i] = order[j];
      order[j] = kept;
    }
    long[] stored = new long[4];
    for (int i = 0; i < 4; i++) {
      stored[order[i]] = random.nextInt(6) == 0 ? 1 : shape[i];
    }
    long[] around = LongStream.of(stored).map(size -> size + random.nextInt(2)).toArray();
    List<Op.Range> inside = LongStream.of(stored).mapToObj(size -> new Op.Range(0, size, 1)).toList();
    return dense(around).slice(inside).permute(Axes.of(order)).expand(Shape.of(shape));
  }
}
