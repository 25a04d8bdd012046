package dev.chainrule.backend.cuda;

import dev.chainrule.graph.Shape;
import dev.chainrule.schedule.Layout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A matrix product of ours as a library wants it that has matrices column after column. What lies row after row is to it the transposed
 * matrix, so instead of y[m, n] = x[m, k] w[k, n] it is asked for d = a b with d = y^T, a = w^T, b = x^T: each of them is what lies in
 * memory already, or the transposed of that. Of the batch's axes those that one stride walks become the library's batch; over the others
 * the product is repeated.
 *
 * @param batch matrices in a call
 * @param starts for each call where the first matrices are
 */
record ColumnMajor(Matrix a, Matrix b, Matrix d, int batch, List<Start> starts) {

  /** More calls than these are more work than one kernel of our own that walks all axes. */
  private static final long MOST_CALLS = 32;

  ColumnMajor {
    starts = List.copyOf(starts);
  }

  /**
   * A matrix as it lies in memory.
   *
   * @param leading elements from one column to the next, at least {@code rows}
   * @param transposed whether the product takes the transposed matrix
   * @param batchStride elements from one matrix to the next, 0 for the same again
   */
  record Matrix(long rows, long columns, long leading, boolean transposed, long batchStride) {
    /** From the first to the last of the matrices of a batch. */
    long elements(int batch) {
      return (batch - 1) * batchStride + (columns - 1) * leading + rows;
    }

    /** Such as {@code 64x512/64t+0}: rows, columns, leading, whether transposed, and the batch's stride. */
    @Override
    public String toString() {
      return rows + "x" + columns + "/" + leading + (transposed ? "t" : "") + "+" + batchStride;
    }

    Matrix every(long stride) {
      return new Matrix(rows, columns, leading, transposed, stride);
    }
  }

  /** Elements from the operands' first elements. */
  record Start(long a, long b, long d) {}

  /** An axis of the batch, or several that one stride walks in each operand. */
  private record Axis(long size, long x, long w, long y) {
    boolean continues(Axis inner) {
      return x == inner.x * inner.size && w == inner.w * inner.size;
    }

    Axis with(Axis inner) {
      return new Axis(size * inner.size, inner.x, inner.w, inner.y);
    }
  }

  /**
   * The product of {@code x} [batch..., m, k] and {@code w} [batch..., k, n] into a dense result; empty if it is empty, or if columns of an
   * operand are neither dense nor rows: steps, repetitions, overlaps, reversals.
   */
  static Optional<ColumnMajor> of(Layout x, Layout w) {
    long m = x.shape().dim(-2);
    long k = x.shape().dim(-1);
    long n = w.shape().dim(-1);
    Optional<Matrix> a = seen(k, n, w);
    Optional<Matrix> b = seen(m, k, x);
    if (a.isEmpty() || b.isEmpty() || x.shape().elements() == 0 || w.shape().elements() == 0) {
      return Optional.empty();
    }
    List<Axis> axes = batchAxes(x, w, m * n);
    Axis longest = new Axis(1, 0, 0, 0);
    for (Axis axis : axes) {
      longest = axis.size > longest.size ? axis : longest;
    }
    axes.remove(longest);
    long calls = axes.stream().mapToLong(Axis::size).reduce(1, (i, j) -> i * j);
    if (calls > MOST_CALLS || longest.size > Integer.MAX_VALUE || axes.stream().anyMatch(axis -> axis.x < 0 || axis.w < 0) || longest.x < 0 || longest.w < 0) {
      return Optional.empty();
    }
    var d = new Matrix(n, m, n, false, longest.y);
    return Optional.of(new ColumnMajor(a.get().every(longest.w), b.get().every(longest.x), d, Math.toIntExact(longest.size), starts(axes)));
  }

  /** The last two axes of an operand, [rows, columns], as the library sees the transposed of what they are to us. */
  private static Optional<Matrix> seen(long rows, long columns, Layout layout) {
    long down = layout.stride(-2);
    long along = layout.stride(-1);
    if (columns == 1 || along == 1) {
      long leading = rows == 1 ? columns : down;
      if (leading >= columns) {
        return Optional.of(new Matrix(columns, rows, leading, false, 0));
      }
    }
    if (rows == 1 || down == 1) {
      long leading = columns == 1 ? rows : along;
      if (leading >= rows) {
        return Optional.of(new Matrix(rows, columns, leading, true, 0));
      }
    }
    return Optional.empty();
  }

  private static List<Axis> batchAxes(Layout x, Layout w, long matrix) {
    List<Axis> axes = new ArrayList<>();
    Shape shape = x.shape();
    long y = matrix;
    for (int i = shape.rank() - 3; i >= 0; i--) {
      if (shape.dim(i) != 1) {
        var axis = new Axis(shape.dim(i), x.stride(i), w.stride(i), y);
        if (!axes.isEmpty() && axis.continues(axes.getLast())) {
          axes.add(axis.with(axes.removeLast()));
        } else {
          axes.add(axis);
        }
        y *= shape.dim(i);
      }
    }
    return axes;
  }

  private static List<Start> starts(List<Axis> axes) {
    List<Start> starts = List.of(new Start(0, 0, 0));
    for (Axis axis : axes) {
      List<Start> more = new ArrayList<>();
      for (Start start : starts) {
        for (long i = 0; i < axis.size; i++) {
          more.add(new Start(start.a + i * axis.w, start.b + i * axis.x, start.d + i * axis.y));
        }
      }
      starts = more;
    }
    return starts;
  }
}
