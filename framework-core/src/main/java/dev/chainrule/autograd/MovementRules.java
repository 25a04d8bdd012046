package dev.chainrule.autograd;

import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Rules of what moves elements: each gradient moves back to where its element came from. */
final class MovementRules {

  private MovementRules() {}

  static List<@Nullable Tensor> cotangents(Op.Movement op, List<Node> in, Tensor x, Tensor g) {
    return switch (op) {
      case Op.Reshape _ -> List.of(g.reshape(x.shape()));
      case Op.Permute(Axes order) -> List.of(Tensor.of(Ops.node(new Op.Permute(order.inverse()), g.node())));
      case Op.Expand _ -> List.of(sumRepeated(x.shape(), g));
      case Op.Pad(List<Op.Edge> edges) -> {
        // Masked, not g.sum() less the inner sum: that difference would cancel, and infinities in the middle would reach the value.
        Tensor around = Tensor.zeros(x.type().withDType(DType.BOOL)).pad(edges, Tensor.ones(TensorType.scalar(DType.BOOL)));
        yield List.of(cut(g, edges, x.shape()), around.where(g, Tensor.zeros(g.type())).sum());
      }
      case Op.Slice(List<Op.Range> ranges) -> List.of(putBack(g, ranges, x.shape()));
      case Op.Concat(int axis) -> {
        List<@Nullable Tensor> parts = new ArrayList<>();
        long from = 0;
        for (Node input : in) {
          long to = from + input.type().shape().dim(axis);
          parts.add(g.slice(axis, from, to));
          from = to;
        }
        yield parts;
      }
      case Op.Window(int axis, long size, long stride, long dilation) ->
          List.of(Tensor.of(Ops.node(new Op.Overlap(axis, x.shape().dim(axis), size, stride, dilation), g.node())));
    };
  }

  /** An element used many times receives the sum of all its gradients. */
  private static Tensor sumRepeated(Shape shape, Tensor g) {
    int added = g.rank() - shape.rank();
    int[] repeated = new int[g.rank()];
    int count = 0;
    for (int i = 0; i < g.rank(); i++) {
      if (i < added || shape.dim(i - added) != g.shape().dim(i)) {
        repeated[count++] = i;
      }
    }
    return count == 0 ? g.reshape(shape) : g.sum(Arrays.copyOf(repeated, count)).reshape(shape);
  }

  private static Tensor cut(Tensor g, List<Op.Edge> edges, Shape shape) {
    return g.slice(IntStream.range(0, edges.size())
        .mapToObj(i -> new Op.Range(edges.get(i).low(), shape.dim(i), 1)).toList());
  }

  /** The adjoint of a slice: its elements at their places, zeros between and around them. */
  private static Tensor putBack(Tensor g, List<Op.Range> ranges, Shape shape) {
    Tensor result = g;
    for (int axis = 0; axis < ranges.size(); axis++) {
      Op.Range r = ranges.get(axis);
      if (r.size() == 0) {
        result = result.pad(axis, 0, shape.dim(axis), 0);
        continue;
      }
      long step = Math.abs(r.step());
      long first = r.step() > 0 ? r.start() : r.start() + (r.size() - 1) * r.step();
      result = spread(r.step() > 0 ? result : result.flip(axis), axis, step);
      long after = shape.dim(axis) - first - result.dim(axis);
      if (first > 0 || after > 0) {
        result = result.pad(axis, first, after, 0);
      }
    }
    return result;
  }

  /** {@code step - 1} zeros between neighbours. */
  private static Tensor spread(Tensor g, int axis, long step) {
    if (step == 1 || g.dim(axis) == 1) {
      return g;
    }
    long size = g.dim(axis);
    Tensor padded = g.unsqueeze(axis + 1).pad(axis + 1, 0, step - 1, 0);
    return padded.reshape(g.shape().with(axis, size * step)).slice(axis, 0, (size - 1) * step + 1);
  }
}
