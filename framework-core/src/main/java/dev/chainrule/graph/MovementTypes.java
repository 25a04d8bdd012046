package dev.chainrule.graph;

import dev.chainrule.DTypeMismatchException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import java.util.List;

/** Types of what only rearranges elements. */
final class MovementTypes {

  private MovementTypes() {}

  static TensorType infer(Op.Movement op, Node[] in) {
    TensorType x = in[0].type();
    return switch (op) {
      case Op.Reshape(Shape shape) -> {
        if (shape.elements() != x.elements()) {
          throw new ShapeMismatchException(op.label(),
              x + " has " + x.elements() + " elements, " + shape + " has " + shape.elements(), "");
        }
        yield x.withShape(shape);
      }
      case Op.Permute(Axes order) -> {
        if (!order.isPermutation(x.rank())) {
          throw new InvalidArgumentException(op.label(), order + " is not an order of the axes of " + x, "");
        }
        yield x.withShape(x.shape().permute(order));
      }
      case Op.Expand(Shape shape) -> expand(op, x, shape);
      case Op.Pad(List<Op.Edge> edges) -> pad(op, x, in[1].type(), edges);
      case Op.Slice(List<Op.Range> ranges) -> slice(op, x, ranges);
      case Op.Concat(int axis) -> concat(op, in, axis);
      case Op.Window(int axis, long size, long stride, long dilation) -> {
        TypeRules.axis(op, in[0], axis);
        long count = windows(op, x.shape().dim(axis), size, stride, dilation, x);
        yield x.withShape(x.shape().with(axis, count).concat(Shape.of(size)));
      }
    };
  }

  static TensorType overlap(Op.Overlap op, Node x) {
    Shape shape = x.type().shape();
    if (op.axis() < 0 || op.axis() >= shape.rank() - 1
        || shape.dim(-1) != op.size()
        || shape.dim(op.axis()) != windows(op, op.length(), op.size(), op.stride(), op.dilation(), x.type())) {
      throw new ShapeMismatchException(op.label(), x.type() + " holds no windows of " + op, "");
    }
    return x.type().withShape(shape.slice(0, shape.rank() - 1).with(op.axis(), op.length()));
  }

  private static long windows(Op op, long length, long size, long stride, long dilation, TensorType x) {
    long span = (size - 1) * dilation + 1;
    if (size < 1 || stride < 1 || dilation < 1 || span > length) {
      throw new ShapeMismatchException(op.label(),
          "a window of " + size + " with stride " + stride + " and dilation " + dilation + " does not fit an axis of " + length + " in " + x, "");
    }
    return (length - span) / stride + 1;
  }

  private static TensorType expand(Op op, TensorType x, Shape shape) {
    int added = shape.rank() - x.rank();
    boolean fits = added >= 0;
    for (int i = 0; fits && i < x.rank(); i++) {
      fits = x.shape().dim(i) == shape.dim(i + added) || x.shape().dim(i) == 1;
    }
    if (!fits) {
      throw new ShapeMismatchException(op.label(),
          x + " to " + shape + ": only axes of size 1 are repeated, and new axes come first", "");
    }
    return x.withShape(shape);
  }

  private static TensorType pad(Op op, TensorType x, TensorType value, List<Op.Edge> edges) {
    TypeRules.sameDType(op, x, value);
    if (edges.size() != x.rank() || value.rank() != 0) {
      throw new ShapeMismatchException(op.label(), edges.size() + " edges and " + value + " for " + x, "");
    }
    long[] dims = x.shape().dims();
    for (int i = 0; i < dims.length; i++) {
      if (edges.get(i).low() < 0 || edges.get(i).high() < 0) {
        throw new InvalidArgumentException(op.label(), "negative width in " + edges, "Use slice to cut.");
      }
      dims[i] += edges.get(i).low() + edges.get(i).high();
    }
    return x.withShape(Shape.of(dims));
  }

  private static TensorType slice(Op op, TensorType x, List<Op.Range> ranges) {
    if (ranges.size() != x.rank()) {
      throw new ShapeMismatchException(op.label(), ranges.size() + " ranges for " + x, "");
    }
    long[] dims = x.shape().dims();
    for (int i = 0; i < dims.length; i++) {
      Op.Range r = ranges.get(i);
      long last = r.start() + (r.size() - 1) * r.step();
      boolean inside = r.size() == 0 || (r.start() >= 0 && r.start() < dims[i] && last >= 0 && last < dims[i]);
      if (r.size() < 0 || r.step() == 0 || !inside) {
        throw new ShapeMismatchException(op.label(), r + " lies outside axis " + i + " of " + x, "");
      }
      dims[i] = r.size();
    }
    return x.withShape(Shape.of(dims));
  }

  private static TensorType concat(Op op, Node[] in, int axis) {
    TensorType first = in[0].type();
    TypeRules.axis(op, in[0], axis);
    long length = 0;
    for (Node node : in) {
      TensorType x = node.type();
      if (x.dtype() != first.dtype()) {
        throw new DTypeMismatchException(op.label(), "element types differ: " + first + " and " + x, "Cast one of them.");
      }
      if (x.rank() != first.rank() || !x.shape().with(axis, 0).equals(first.shape().with(axis, 0))) {
        throw new ShapeMismatchException(op.label(), "shapes differ beyond axis " + axis + ": " + first + " and " + x, "");
      }
      length += x.shape().dim(axis);
    }
    return first.withShape(first.shape().with(axis, length));
  }
}
