package dev.chainrule.nn;

import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.Shape;
import dev.chainrule.tensor.Tensor;

/** One row for each example: [n, a, b, ...] -> [n, a * b * ...]. */
public final class Flatten extends Module {

  @Override
  protected Tensor forward(Tensor x) {
    if (x.rank() == 0) {
      throw new ShapeMismatchException(label(), "expected an input [n, ...], got " + x.type(), "");
    }
    return x.reshape(Shape.of(x.dim(0), x.shape().slice(1, x.rank()).elements()));
  }
}
