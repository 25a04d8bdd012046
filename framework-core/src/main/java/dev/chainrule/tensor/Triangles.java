package dev.chainrule.tensor;

import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;

/** Parts of the matrices [..., rows, columns] in the last two axes, on one side of a diagonal or along it. */
final class Triangles {

  private Triangles() {}

  static Tensor lower(Tensor x, long diagonal) {
    requireMatrices("tril", x);
    return column(x).lessEqual(limit(x, diagonal)).where(x, zero(x));
  }

  static Tensor upper(Tensor x, long diagonal) {
    requireMatrices("triu", x);
    return column(x).greaterEqual(limit(x, diagonal)).where(x, zero(x));
  }

  /** Row-major, the next element of a diagonal is a row and a column further. */
  static Tensor diagonal(Tensor x, long offset) {
    requireMatrices("diagonal", x);
    long rows = x.dim(-2);
    long columns = x.dim(-1);
    long above = Math.clamp(offset, 0, columns);
    long below = offset < -rows ? rows : Math.max(-offset, 0);
    long size = Math.min(rows - below, columns - above);
    long first = below * columns + above;
    int last = x.rank() - 2;
    Tensor flat = x.reshape(x.shape().slice(0, last).concat(Shape.of(rows * columns)));
    return size == 0 ? flat.slice(last, 0, 0) : flat.slice(last, first, first + (size - 1) * (columns + 1) + 1, columns + 1);
  }

  /** For each row the column where the diagonal meets it. */
  private static Tensor limit(Tensor x, long diagonal) {
    return Tensor.indices(matrix(x), 0).add(Math.clamp(diagonal, -x.dim(-2), x.dim(-1)));
  }

  private static Tensor column(Tensor x) {
    return Tensor.indices(matrix(x), 1);
  }

  private static TensorType matrix(Tensor x) {
    return TensorType.of(DType.I64, x.dim(-2), x.dim(-1));
  }

  private static Tensor zero(Tensor x) {
    return Tensor.zeros(TensorType.scalar(x.dtype()));
  }

  private static void requireMatrices(String what, Tensor x) {
    if (x.rank() < 2) {
      throw new ShapeMismatchException(what, "expected [..., rows, columns], got " + x.type(), "");
    }
  }
}
