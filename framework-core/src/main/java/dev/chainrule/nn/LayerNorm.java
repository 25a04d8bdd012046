package dev.chainrule.nn;

import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.Shape;
import dev.chainrule.tensor.Normalisation;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;

/**
 * Each example's last axes brought to mean 0 and variance 1, then scaled and shifted: [..., s...] -> the same (Ba, Kiros and Hinton,
 * "Layer normalization", 2016). Variables, as PyTorch's: {@code weight} [s...], ones, and {@code bias} [s...], zeros.
 */
public final class LayerNorm extends Module {

  private final Shape shape;
  private final double epsilon;
  private final Variable weight;
  private final Variable bias;

  /** Over the last axis, of this size, or over several last axes; epsilon 1e-5, PyTorch's default. */
  public LayerNorm(long... shape) {
    this(Shape.of(shape), 1e-5);
  }

  /**
   * With an epsilon of one's own.
   *
   * @param shape the last axes, at least one
   * @param epsilon added to the variance, finite and not negative
   * @throws dev.chainrule.InvalidArgumentException when there is no axis, one is empty, or epsilon is out of its range
   */
  public LayerNorm(Shape shape, double epsilon) {
    NormSettings.require("LayerNorm", "values", shape.rank() == 0 ? 0 : shape.elements(), epsilon);
    this.shape = shape;
    this.epsilon = epsilon;
    this.weight = parameter("weight", shape, Initializer.ones());
    this.bias = parameter("bias", shape, Initializer.zeros());
  }

  @Override
  protected Tensor forward(Tensor x) {
    requireLast(this, x, shape);
    return Normalisation.layerNorm(x, weight.value(), bias.value(), epsilon);
  }

  static void requireLast(Module layer, Tensor x, Shape shape) {
    int first = x.rank() - shape.rank();
    if (first < 0 || !x.shape().slice(first, x.rank()).equals(shape)) {
      throw new ShapeMismatchException(layer.label(), "expected an input whose last axes are " + shape + ", got " + x.type(), "");
    }
  }

  @Override
  public String toString() {
    return "LayerNorm" + shape;
  }
}
