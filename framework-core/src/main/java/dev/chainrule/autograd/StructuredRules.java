package dev.chainrule.autograd;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Rules of operations that look at more than one element at a time. */
final class StructuredRules {

  private StructuredRules() {}

  /** 16-bit floats are counted, multiplied and divided in f32 and rounded at the end: counts and partial products need not fit them. */
  static Tensor reduce(Op.Fold fold, Axes axes, Tensor x, Tensor out, Tensor g) {
    Shape kept = x.shape().keeping(axes);
    Tensor spread = g.reshape(kept).broadcastTo(x.shape());
    DType wide = x.dtype().accumulator();
    return switch (fold) {
      case SUM -> spread;
      case PROD -> spread.cast(wide).mul(productOfOthers(x.cast(wide), axes)).cast(x.dtype());
      case MAX, MIN -> {
        // Equal extremes share the gradient evenly.
        Tensor extreme = x.equal(out.reshape(kept).broadcastTo(x.shape())).cast(wide);
        Tensor count = Tensor.of(Ops.node(new Op.Reduce(Op.Fold.SUM, axes), extreme.node()));
        yield spread.cast(wide).mul(extreme.div(count.reshape(kept).broadcastTo(x.shape()))).cast(x.dtype());
      }
    };
  }

  /** At each element the product of all others along the axes; no division, so that zeros are right. */
  private static Tensor productOfOthers(Tensor x, Axes axes) {
    int[] order = IntStream.concat(
        IntStream.range(0, x.rank()).filter(i -> !axes.contains(i)), IntStream.range(0, axes.count()).map(axes::get)).toArray();
    Tensor moved = x.permute(order);
    Tensor rows = moved.reshape(moved.shape().slice(0, x.rank() - axes.count()).concat(Shape.of(count(x, axes))));
    int last = rows.rank() - 1;
    if (rows.dim(last) == 0) {
      return Tensor.ones(x.type());
    }
    Tensor before = productOfEarlier(rows, last);
    Tensor after = cumulate(rows, last, true).slice(last, 1, rows.dim(last)).pad(last, 0, 1, 1);
    Tensor others = before.mul(after).reshape(moved.shape());
    return Tensor.of(Ops.node(new Op.Permute(Axes.of(order).inverse()), others.node()));
  }

  private static long count(Tensor x, Axes axes) {
    return IntStream.range(0, axes.count()).mapToLong(i -> x.shape().dim(axes.get(i))).reduce(1, (a, b) -> a * b);
  }

  private static Tensor cumulate(Tensor x, int axis, boolean reverse) {
    return Tensor.of(Ops.node(new Op.Cumulate(Op.Fold.PROD, axis, reverse), x.node()));
  }

  /** At each element the product of all before it along the axis. */
  private static Tensor productOfEarlier(Tensor x, int axis) {
    return cumulate(x, axis, false).slice(axis, 0, x.dim(axis) - 1).pad(axis, 1, 0, 1);
  }

  /**
   * Of running products y_i = x_0 ... x_i: the gradient at k is the sum of g_i y_i / x_k over i >= k. Without a division, so that zeros
   * are right, it is the product of all before k times s_k, where s_k = g_k + x_(k+1) s_(k+1). Time and memory: about log2(n) sums and
   * products of x's size. 16-bit floats are computed in f32 and rounded at the end.
   */
  static Tensor runningProduct(int axis, boolean reverse, Tensor x, Tensor g) {
    if (x.shape().elements() == 0) {
      return g;
    }
    if (reverse) {
      return runningProduct(axis, false, x.flip(axis), g.flip(axis)).flip(axis);
    }
    Tensor factors = x.cast(x.dtype().accumulator());
    Tensor later = sumOfLater(axis, factors, g.cast(factors.dtype()));
    return productOfEarlier(factors, axis).mul(later).cast(x.dtype());
  }

  /**
   * s_k = g_k + x_(k+1) s_(k+1), by doubling (Hillis and Steele, "Data parallel algorithms", 1986): when the step of a distance d begins,
   * s_k holds the d terms from g_k on, and {@code between} the products of x_(k+1) ... x_(k+d).
   */
  private static Tensor sumOfLater(int axis, Tensor x, Tensor g) {
    long n = x.dim(axis);
    Tensor s = g;
    Tensor between = x.slice(axis, 1, n);
    for (long d = 1; d < n; d *= 2) {
      // What lies beyond the end is cut off, not multiplied by zeros: 0 times an infinity would be NaN.
      Tensor longer = s.slice(axis, 0, n - d).add(between.mul(s.slice(axis, d, n)));
      s = Tensor.concat(axis, longer, s.slice(axis, n - d, n));
      long left = Math.max(0, n - 2 * d);
      between = between.slice(axis, 0, left).mul(between.slice(axis, n - d - left, n - d));
    }
    return s;
  }

  /** The gradient of each sorted value goes back to where the value came from. */
  static List<@Nullable Tensor> sort(Node node, @Nullable Tensor g, int axis) {
    if (g == null) {
      return Collections.singletonList(null);
    }
    int last = g.rank() - 1;
    Tensor from = Tensor.of(Ops.node(new Op.Result(1), node)).swapAxes(axis, last).cast(DType.I64);
    Tensor moved = g.swapAxes(axis, last);
    long length = moved.dim(last);
    Tensor row = Tensor.arange(DType.I64, moved.shape().elements()).reshape(moved.shape()).sub(
        Tensor.indices(new TensorType(DType.I64, moved.shape()), last));
    Tensor flat = Tensor.zeros(TensorType.of(g.dtype(), moved.shape().elements()))
        .scatterAdd(0, from.add(row).reshape(-1), moved.reshape(Shape.of(moved.shape().elements())));
    return List.of(length == 0 ? g : flat.reshape(moved.shape()).swapAxes(axis, last));
  }

  /** By its own derivative, else through its body written out. */
  static List<@Nullable Tensor> composite(Op.Composite op, Node node, List<Node> in, List<@Nullable Tensor> arrived) {
    if (op.derivative().isEmpty()) {
      return throughBody(op, node, in, arrived);
    }
    List<Node> outputs = Ops.results(node);
    List<@Nullable Node> seeds = new ArrayList<>();
    for (Tensor seed : arrived) {
      seeds.add(seed == null ? null : seed.node());
    }
    List<@Nullable Node> found = op.derivative().get().cotangents(in, outputs, seeds);
    requireFit(op, in, found);
    List<@Nullable Tensor> results = new ArrayList<>();
    for (Node cotangent : found) {
      results.add(cotangent == null ? null : Tensor.of(cotangent));
    }
    return results;
  }

  /** Derivatives are written by users too. */
  private static void requireFit(Op.Composite op, List<Node> in, List<@Nullable Node> found) {
    if (found.size() != in.size()) {
      throw new InvalidArgumentException(op.name(),
          "its derivative gives " + found.size() + " cotangents for " + in.size() + " inputs",
          "Give one for each input; null where it is zero.");
    }
    for (int i = 0; i < found.size(); i++) {
      Node cotangent = found.get(i);
      if (cotangent != null && !cotangent.type().equals(in.get(i).type())) {
        throw new InvalidArgumentException(op.name(),
            "its derivative gives " + cotangent.type() + " for input " + i + ", which is " + in.get(i).type(), "");
      }
    }
  }

  private static List<@Nullable Tensor> throughBody(Op.Composite op, Node node, List<Node> in, List<@Nullable Tensor> arrived) {
    List<@Nullable Tensor> found = Gradients.ofFunction(op.body().inline(in, node.origin()), arrived, in);
    // An input that occurs twice has received the sum of both already.
    Set<Node> seen = new HashSet<>();
    for (int i = 0; i < found.size(); i++) {
      if (!seen.add(in.get(i))) {
        found.set(i, null);
      }
    }
    return found;
  }
}
