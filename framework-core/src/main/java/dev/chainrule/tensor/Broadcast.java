package dev.chainrule.tensor;

import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/** Brings operands to one shape as NumPy does: aligned at the last axis, sizes of 1 repeated. */
final class Broadcast {

  private Broadcast() {}

  static Tensor apply(Op.Pointwise op, Tensor x, Tensor y) {
    Shape a = x.shape();
    Shape b = y.shape();
    if (a.equals(b) || x.dtype() != y.dtype()) { // what cannot be mixed is refused in the shapes that the caller knows
      return Tensor.made(Ops.node(op, x.node(), y.node()));
    }
    Shape shape = shape(op::label, x.type(), y.type());
    return Tensor.made(Ops.node(op, to(x.node(), shape), to(y.node(), shape)));
  }

  static Tensor where(Tensor condition, Tensor x, Tensor y) {
    var op = new Op.Where();
    Shape branches = shape(op::label, x.type(), y.type());
    Shape shape = shape(op::label, condition.type(), x.type().withShape(branches));
    return Tensor.made(Ops.node(op, to(condition.node(), shape), to(x.node(), shape), to(y.node(), shape)));
  }

  static Node to(Node x, Shape shape) {
    return x.type().shape().equals(shape) ? x : Ops.node(new Op.Expand(shape), x);
  }

  /** The common shape of two operands. */
  static Shape shape(Supplier<String> operation, TensorType x, TensorType y) {
    Shape a = x.shape();
    Shape b = y.shape();
    if (b.rank() == 0 || a.equals(b)) {
      return a;
    }
    if (a.rank() == 0) {
      return b;
    }
    int rank = Math.max(a.rank(), b.rank());
    long[] dims = new long[rank];
    for (int i = 1; i <= rank; i++) {
      long p = i <= a.rank() ? a.dim(-i) : 1;
      long q = i <= b.rank() ? b.dim(-i) : 1;
      if (p != q && p != 1 && q != 1) {
        throw new ShapeMismatchException(operation.get(), "shapes do not broadcast: " + x + " and " + y + " (" + p + " vs " + q + ")",
            "Aligned at the last axis, sizes must be equal or 1.");
      }
      dims[rank - i] = p == 1 ? q : p;
    }
    return Shape.of(dims);
  }

  /** The adjoint of bringing to x's shape: what {@code shape} was repeated along is summed up. */
  static Tensor summed(Tensor x, Shape shape) {
    int more = x.rank() - shape.rank();
    int[] axes = IntStream.range(0, x.rank()).filter(i -> i < more || (shape.dim(i - more) == 1 && x.dim(i) != 1)).toArray();
    return axes.length == 0 ? x : x.sum(axes).reshape(shape);
  }
}
