package dev.chainrule.tensor;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import java.util.List;

/**
 * {@link Tensor}s put in order along an axis; all types. Equal elements keep their order, also 0 and -0, and NaN comes last in both
 * directions. The gradient of each value goes back to where the value came from. A scalar has no axis to be sorted along.
 */
sealed interface Sorting permits Tensor {

  private Tensor self() {
    return (Tensor) this;
  }

  /** The elements along the axis from the smallest to the largest, with their i32 positions before: two tensors of this shape. */
  default Sorted sort(int axis) {
    return sort(axis, false);
  }

  /** {@link #sort(int)}, or from the largest to the smallest; NaN is last either way. */
  default Sorted sort(int axis, boolean descending) {
    Node sorted = Ops.node(new Op.Sort(self().axis("sort", axis), descending), self().node());
    List<Tensor> results = Tensor.made(List.of(Ops.node(new Op.Result(0), sorted), Ops.node(new Op.Result(1), sorted)));
    return new Sorted(results.get(0), results.get(1));
  }

  /** i32 positions along the axis of the smallest element, the second smallest, and so on. */
  default Tensor argsort(int axis) {
    return sort(axis).indices();
  }

  /** {@link #argsort(int)}, or from the largest on. */
  default Tensor argsort(int axis, boolean descending) {
    return sort(axis, descending).indices();
  }

  /** The k largest elements along the axis, the largest first: [..., n, ...] -> [..., k, ...]; of equals the first ones. */
  default Sorted topk(long k, int axis) {
    return topk(k, axis, true);
  }

  /**
   * The k largest elements along the axis, the largest first, or the k smallest, the smallest first. NaN counts as neither: it is among
   * them only where there are fewer than k numbers.
   *
   * @param k in [0, n], n the size of the axis
   * @throws InvalidArgumentException when k is outside
   */
  default Sorted topk(long k, int axis, boolean largest) {
    int counted = self().axis("topk", axis);
    long n = self().dim(counted);
    if (k < 0 || k > n) {
      throw new InvalidArgumentException("topk",
          "k is " + k + ", expected 0 to " + n + ", the size of axis " + axis + " of " + self().type(), "Ask for fewer, or for all by sort().");
    }
    Sorted sorted = sort(counted, largest);
    return new Sorted(sorted.values().slice(counted, 0, k), sorted.indices().slice(counted, 0, k));
  }
}
