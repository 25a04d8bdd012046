package dev.chainrule.tensor;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.Axes;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import java.util.ArrayList;
import java.util.List;

/** What users say about one axis, as operations on all of them. */
final class Movement {

  private Movement() {}

  /** The shape with a single -1 worked out. */
  static Shape resolve(TensorType type, long... dims) {
    int open = -1;
    long known = 1;
    for (int i = 0; i < dims.length; i++) {
      if (dims[i] == -1 && open < 0) {
        open = i;
      } else {
        known = Math.multiplyExact(known, dims[i]);
      }
    }
    if (open < 0) {
      return Shape.of(dims);
    }
    if (known == 0 || type.elements() % known != 0) {
      throw new ShapeMismatchException("reshape", type + ": " + type.elements() + " elements do not divide by " + known, "");
    }
    long[] resolved = dims.clone();
    resolved[open] = type.elements() / known;
    return Shape.of(resolved);
  }

  static Tensor transpose(Tensor x) {
    if (x.rank() < 2) {
      throw new ShapeMismatchException("transpose", x.type() + " has no two axes to exchange", "");
    }
    int[] order = new int[x.rank()];
    for (int i = 0; i < order.length; i++) {
      order[i] = i;
    }
    order[x.rank() - 1] = x.rank() - 2;
    order[x.rank() - 2] = x.rank() - 1;
    return x.permute(order);
  }

  static Tensor unsqueeze(Tensor x, int axis) {
    int at = axis < 0 ? axis + x.rank() + 1 : axis;
    if (at < 0 || at > x.rank()) {
      throw new InvalidArgumentException("unsqueeze", "axis " + axis + " for " + x.type(), "");
    }
    return x.reshape(x.shape().slice(0, at).concat(Shape.of(1)).concat(x.shape().slice(at, x.rank())));
  }

  static Tensor squeeze(Tensor x, int axis) {
    if (x.dim(axis) != 1) {
      throw new ShapeMismatchException("squeeze", "axis " + axis + " of " + x.type() + " is not of size 1", "");
    }
    return x.reshape(x.shape().without(Axes.of(axis)));
  }

  static Tensor slice(Tensor x, int axis, long from, long to) {
    long n = x.dim(axis);
    long start = from < 0 ? from + n : from;
    long end = to < 0 ? to + n : to;
    if (start < 0 || end > n || start > end) {
      throw new ShapeMismatchException("slice", "[" + from + ", " + to + ") of axis " + axis + " of " + x.type(), "");
    }
    List<Op.Range> ranges = whole(x);
    ranges.set(axis, new Op.Range(start, end - start, 1));
    return x.slice(ranges);
  }

  static Tensor flip(Tensor x, int axis) {
    List<Op.Range> ranges = whole(x);
    ranges.set(axis, new Op.Range(x.dim(axis) - 1, x.dim(axis), -1));
    return x.slice(ranges);
  }

  static Tensor pad(Tensor x, int axis, long low, long high, Tensor value) {
    List<Op.Edge> edges = new ArrayList<>();
    for (int i = 0; i < x.rank(); i++) {
      edges.add(i == axis ? new Op.Edge(low, high) : new Op.Edge(0, 0));
    }
    return x.pad(edges, value);
  }

  private static List<Op.Range> whole(Tensor x) {
    List<Op.Range> ranges = new ArrayList<>();
    for (int i = 0; i < x.rank(); i++) {
      ranges.add(new Op.Range(0, x.dim(i), 1));
    }
    return ranges;
  }
}
