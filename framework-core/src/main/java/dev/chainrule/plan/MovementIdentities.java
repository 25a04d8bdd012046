package dev.chainrule.plan;

import dev.chainrule.graph.Axes;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Movement that leaves everything where it is, and two movements that are one. */
final class MovementIdentities {

  private MovementIdentities() {}

  static Optional<Node> simpler(Node node, Op.Movement op, Simplification graph) {
    Node x = node.input(0);
    if (movesNothing(node, op, graph)) {
      return Optional.of(x);
    }
    return x.isLeaf() ? Optional.empty() : joined(node, op, x, graph).map(one -> Ops.rebuilt(node, one, x.inputs()));
  }

  private static boolean movesNothing(Node node, Op.Movement op, Simplification graph) {
    return switch (op) {
      case Op.Reshape _, Op.Expand _ -> node.type().equals(node.input(0).type());
      case Op.Permute(Axes order) -> order.equals(Axes.all(order.count()));
      case Op.Slice(var ranges) -> isWhole(ranges, node.input(0).type().shape());
      case Op.Pad(var edges) -> edges.stream().allMatch(e -> e.low() == 0 && e.high() == 0) && graph.mayBeDropped(node.input(1));
      case Op.Concat _ -> node.inputs().size() == 1;
      case Op.Window _ -> false;
    };
  }

  private static boolean isWhole(List<Op.Range> ranges, Shape shape) {
    return IntStream.range(0, shape.rank()).allMatch(axis -> {
      Op.Range range = ranges.get(axis);
      return range.size() == shape.dim(axis) && (range.size() < 2 || range.step() == 1);
    });
  }

  /** What does the work of the operation and of the one that made {@code x}. */
  private static Optional<Op> joined(Node node, Op.Movement op, Node x, Simplification graph) {
    return switch (op) {
      // A shape that others read as well may have cost them a copy, which it would cost here once more.
      case Op.Reshape _ when x.op() instanceof Op.Reshape && (graph.isReadOnce(x) || node.type().equals(x.input(0).type())) ->
          Optional.of(op);
      case Op.Expand _ when x.op() instanceof Op.Expand -> Optional.of(op);
      case Op.Permute(Axes outer) when x.op() instanceof Op.Permute(Axes inner) ->
          Optional.of(new Op.Permute(Axes.of(IntStream.range(0, outer.count()).map(i -> inner.get(outer.get(i))).toArray())));
      case Op.Slice(var outer) when x.op() instanceof Op.Slice(var inner) -> Optional.of(new Op.Slice(joined(inner, outer)));
      default -> Optional.empty();
    };
  }

  private static List<Op.Range> joined(List<Op.Range> inner, List<Op.Range> outer) {
    List<Op.Range> ranges = new ArrayList<>();
    for (int axis = 0; axis < outer.size(); axis++) {
      Op.Range from = inner.get(axis);
      Op.Range of = outer.get(axis);
      // A step that nobody takes, and the start of nothing, may be any number.
      long step = of.size() < 2 ? 1 : from.step() * of.step();
      long start = of.size() == 0 ? 0 : from.start() + of.start() * from.step();
      ranges.add(new Op.Range(start, of.size(), step));
    }
    return ranges;
  }
}
