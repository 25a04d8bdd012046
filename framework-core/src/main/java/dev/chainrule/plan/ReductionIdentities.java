package dev.chainrule.plan;

import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Shape;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Reductions of one element each, and of reductions. */
final class ReductionIdentities {

  private ReductionIdentities() {}

  static Optional<Node> simpler(Node node, Op.Reduce op, Simplification graph) {
    Node x = node.input(0);
    if (takesOneElementEach(op, x)) {
      Node typed = Ops.rebuilt(node, new Op.Cast(node.type().dtype()), List.of(x));
      return Optional.of(Ops.rebuilt(node, new Op.Reshape(node.type().shape()), List.of(typed.type().equals(x.type()) ? x : typed)));
    }
    return !x.isLeaf() && x.op() instanceof Op.Reduce inner && isOneReduction(op, inner, x.input(0).type().dtype()) && graph.isReadOnce(x)
        ? Optional.of(Ops.rebuilt(node, new Op.Reduce(op.fold(), joined(inner.axes(), op.axes(), x.input(0).type().shape())), x.inputs()))
        : Optional.empty();
  }

  /** A floating sum begins with 0, so that of -0 is 0. */
  private static boolean takesOneElementEach(Op.Reduce op, Node x) {
    return x.type().shape().keeping(op.axes()).equals(x.type().shape()) && !(op.fold() == Op.Fold.SUM && x.type().dtype().isFloating());
  }

  /** Floating sums and products depend on the order. */
  private static boolean isOneReduction(Op.Reduce outer, Op.Reduce inner, DType dtype) {
    boolean ordered = outer.fold() == Op.Fold.SUM || outer.fold() == Op.Fold.PROD;
    return outer.fold() == inner.fold() && !(ordered && dtype.isFloating());
  }

  /** The axes of {@code shape} that one of the two takes away; those of {@code outer} are numbered as the inner one leaves them. */
  private static Axes joined(Axes inner, Axes outer, Shape shape) {
    int[] left = IntStream.range(0, shape.rank()).filter(axis -> !inner.contains(axis)).toArray();
    return Axes.of(IntStream.concat(IntStream.range(0, inner.count()).map(inner::get),
        IntStream.range(0, outer.count()).map(i -> left[outer.get(i)])).sorted().toArray());
  }
}
