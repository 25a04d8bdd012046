package dev.chainrule.tensor;

import dev.chainrule.DTypeMismatchException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Shape;
import java.util.List;

/** Brings the operands of a matrix product to equal batch axes; a vector is a row on the left and a column on the right. */
final class MatrixProduct {

  private MatrixProduct() {}

  static Tensor of(Tensor x, Tensor y) {
    if (x.rank() < 1 || y.rank() < 1) {
      throw new ShapeMismatchException("matmul", "expected matrices or vectors, got " + x.type() + " x " + y.type(),
          "mul() multiplies by a scalar.");
    }
    requireNumbers(x, y);
    long inner = y.dim(y.rank() == 1 ? 0 : -2);
    if (x.dim(-1) != inner) {
      throw new ShapeMismatchException("matmul",
          "inner dimensions differ: " + x.type() + " x " + y.type() + " (" + x.dim(-1) + " vs " + inner + ")",
          "The last axis of the left operand must be as long as the second last of the right one; transpose() swaps them.");
    }
    if (x.rank() == 1) {
      return of(x.unsqueeze(0), y).squeeze(y.rank() == 1 ? 0 : -2);
    }
    return y.rank() == 1 ? of(x, y.unsqueeze(1)).squeeze(-1) : matrices(x, y);
  }

  private static void requireNumbers(Tensor x, Tensor y) {
    if (x.dtype() != y.dtype()) {
      throw new DTypeMismatchException("matmul", "element types differ: " + x.type() + " and " + y.type(),
          "Types never mix silently: cast one of them.");
    }
    if (x.dtype() == DType.BOOL) {
      throw new DTypeMismatchException("matmul", "not defined for " + x.type(), "Cast to a number first.");
    }
  }

  private static Tensor matrices(Tensor x, Tensor y) {
    if (x.rank() == 2 && y.rank() == 2) {
      return Precision.lowered(MatrixProduct::dot, x, y);
    }
    if (y.rank() == 2 && x.rank() > 2) {
      // One matrix for the whole batch: a single taller product.
      Tensor rows = x.reshape(x.shape().slice(0, x.rank() - 1).elements(), x.dim(-1));
      return Precision.lowered(MatrixProduct::dot, rows, y).reshape(x.shape().with(x.rank() - 1, y.dim(-1)));
    }
    Shape batch = Broadcast.shape(() -> "matmul", x.type().withShape(batch(x)), y.type().withShape(batch(y)));
    Shape left = batch.concat(matrix(x));
    Shape right = batch.concat(matrix(y));
    return Precision.lowered(in -> dot(in.get(0).broadcastTo(left), in.get(1).broadcastTo(right)), x, y);
  }

  /** Of two operands with equal batch axes. */
  static Tensor dot(List<Tensor> operands) {
    return dot(operands.get(0), operands.get(1));
  }

  private static Tensor dot(Tensor x, Tensor y) {
    return Tensor.made(Ops.node(new Op.Dot(Precision.allowsTf32(x.dtype())), x.node(), y.node()));
  }

  private static Shape batch(Tensor x) {
    return x.shape().slice(0, x.rank() - 2);
  }

  private static Shape matrix(Tensor x) {
    return x.shape().slice(x.rank() - 2, x.rank());
  }
}
