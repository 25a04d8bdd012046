package dev.chainrule.autograd;

import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Gradients that come back from slices of a tensor, each with zeros around it. Those that lie one behind the other, as the parts of a split
 * tensor do, are put side by side rather than added up: the same numbers (-0 stays what it is) without the zeros.
 */
final class Parts {

  private final List<Part> parts = new ArrayList<>();

  /**
   * A tensor with zeros before and after it along one axis.
   *
   * @param high zeros after it
   */
  private record Part(List<Tensor> inner, int axis, long low, long high) {
    long end() {
      return low + inner.stream().mapToLong(each -> each.dim(axis)).sum();
    }

    Optional<Part> followedBy(Part next) {
      if (next.axis != axis || next.low != end()) {
        return Optional.empty();
      }
      List<Tensor> both = new ArrayList<>(inner);
      both.addAll(next.inner);
      return Optional.of(new Part(both, axis, low, next.high));
    }

    Tensor whole() {
      Tensor together = inner.size() == 1 ? inner.getFirst() : Tensor.concat(axis, inner.toArray(Tensor[]::new));
      return low == 0 && high == 0 ? together : together.pad(axis, low, high, 0);
    }
  }

  /** Takes a gradient if it is such a part. */
  boolean take(Tensor gradient) {
    Optional<Part> part = part(gradient.node());
    part.ifPresent(parts::add);
    return part.isPresent();
  }

  private static Optional<Part> part(Node node) {
    if (!(node.op() instanceof Op.Pad(List<Op.Edge> edges)) || node.inputs().size() != 2 || !isZero(node.inputs().get(1))) {
      return Optional.empty();
    }
    int axis = -1;
    for (int i = 0; i < edges.size(); i++) {
      if (edges.get(i).low() > 0 || edges.get(i).high() > 0) {
        if (axis >= 0) {
          return Optional.empty();
        }
        axis = i;
      }
    }
    return axis < 0 ? Optional.empty()
        : Optional.of(new Part(List.of(Tensor.of(node.inputs().getFirst())), axis, edges.get(axis).low(), edges.get(axis).high()));
  }

  private static boolean isZero(Node fill) {
    return fill.op() instanceof Op.Const(var array) && array.elements() == 1 && array.doubleAt(0) == 0;
  }

  /** The sum of all that were taken; empty if there are none. */
  Optional<Tensor> sum() {
    parts.sort(Comparator.comparingInt(Part::axis).thenComparingLong(Part::low)); // equal ones stay in the order in which they came
    List<Part> runs = new ArrayList<>();
    for (Part part : parts) {
      Optional<Part> longer = runs.isEmpty() ? Optional.empty() : runs.getLast().followedBy(part);
      if (longer.isPresent()) {
        runs.set(runs.size() - 1, longer.get());
      } else {
        runs.add(part);
      }
    }
    return runs.stream().map(Part::whole).reduce(Tensor::add);
  }
}
