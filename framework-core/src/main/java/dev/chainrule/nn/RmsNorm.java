package dev.chainrule.nn;

import dev.chainrule.graph.Shape;
import dev.chainrule.tensor.Normalisation;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;

/**
 * x / sqrt(mean(x²) + epsilon) * weight over each example's last axis: [..., width] -> the same (Zhang and Sennrich, "Root mean square
 * layer normalization", NeurIPS 2019). Variable: {@code weight} [width], ones.
 */
public final class RmsNorm extends Module {

  private final Shape shape;
  private final double epsilon;
  private final Variable weight;

  /** Epsilon 2^-23, the distance from 1 to the next f32: PyTorch's default. Language models often have 1e-5 or 1e-6. */
  public RmsNorm(long width) {
    this(width, Math.ulp(1.0f));
  }

  /**
   * With an epsilon of one's own.
   *
   * @param epsilon added to the mean square, finite and not negative
   * @throws dev.chainrule.InvalidArgumentException when a number is out of its range
   */
  public RmsNorm(long width, double epsilon) {
    NormSettings.require("RmsNorm", "values", width, epsilon);
    this.shape = Shape.of(width);
    this.epsilon = epsilon;
    this.weight = parameter("weight", shape, Initializer.ones());
  }

  @Override
  protected Tensor forward(Tensor x) {
    LayerNorm.requireLast(this, x, shape);
    return Normalisation.rmsNorm(x, weight.value(), epsilon);
  }

  @Override
  public String toString() {
    return "RmsNorm" + shape;
  }
}
