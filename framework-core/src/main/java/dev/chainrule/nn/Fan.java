package dev.chainrule.nn;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;

/** How many inputs one output of a layer sums up, and how many outputs one input goes into. */
record Fan(long in, long out) {

  static Fan of(TensorType weight) {
    Shape shape = weight.shape();
    if (shape.rank() < 2 || shape.elements() == 0) {
      throw new InvalidArgumentException("initializer", "a weight " + weight + " has no inputs and outputs to scale by",
          "Use uniform, normal or a constant.");
    }
    if (shape.rank() == 2) {
      return new Fan(shape.dim(0), shape.dim(1));
    }
    long taps = shape.slice(2, shape.rank()).elements();
    return new Fan(shape.dim(1) * taps, shape.dim(0) * taps);
  }
}
