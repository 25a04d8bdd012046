package dev.chainrule.graph;

import dev.chainrule.ShapeMismatchException;

/** Types of the convolution and its two gradients. */
final class ConvTypes {

  private ConvTypes() {}

  static TensorType forward(Op op, Op.Geometry geometry, TensorType x, TensorType w) {
    TypeRules.sameDType(op, x, w);
    int spatial = geometry.axes().size();
    int groups = geometry.groups();
    if (!x.dtype().isFloating() || x.rank() != spatial + 2 || w.rank() != spatial + 2 || groups < 1
        || x.shape().dim(1) != w.shape().dim(1) * groups || w.shape().dim(0) % groups != 0) {
      throw new ShapeMismatchException(op.label(),
          x + " * " + w + " in " + groups + " groups: expected [batch, channels, ...] * [filters, channels/groups, ...]", "");
    }
    long[] dims = x.shape().dims();
    dims[1] = w.shape().dim(0);
    for (int i = 0; i < spatial; i++) {
      Op.Spatial s = geometry.axes().get(i);
      long padded = x.shape().dim(i + 2) + s.low() + s.high();
      long span = (w.shape().dim(i + 2) - 1) * s.dilation() + 1;
      if (s.stride() < 1 || s.dilation() < 1 || s.low() < 0 || s.high() < 0 || w.shape().dim(i + 2) < 1 || span > padded) {
        throw new ShapeMismatchException(op.label(), "weights " + w + " with " + s + " do not fit " + x, "");
      }
      dims[i + 2] = (padded - span) / s.stride() + 1;
    }
    return x.withShape(Shape.of(dims));
  }

  static TensorType inputGradient(Op op, Op.Geometry geometry, TensorType g, TensorType w, Shape inputShape) {
    return checked(op, geometry, g, w.withShape(inputShape), w, w.withShape(inputShape));
  }

  static TensorType weightGradient(Op op, Op.Geometry geometry, TensorType g, TensorType x, Shape weightShape) {
    return checked(op, geometry, g, x, x.withShape(weightShape), x.withShape(weightShape));
  }

  private static TensorType checked(Op op, Op.Geometry geometry, TensorType g, TensorType x, TensorType w, TensorType result) {
    TensorType expected = forward(op, geometry, x, w);
    if (!expected.equals(g)) {
      throw new ShapeMismatchException(op.label(), "cotangent is " + g + ", expected " + expected, "");
    }
    return result;
  }
}
