package dev.chainrule.nn;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.tensor.Tensor;

/** x where positive, {@code slope * x} elsewhere (Maas, Hannun and Ng, "Rectifier nonlinearities improve acoustic models", 2013). */
public final class LeakyRelu extends Module {

  private final double slope;

  /**
   * A layer without variables.
   *
   * @throws InvalidArgumentException when the slope is not finite
   */
  public LeakyRelu(double slope) {
    if (!Double.isFinite(slope)) {
      throw new InvalidArgumentException("LeakyRelu", "slope " + slope + ", expected a finite number", "");
    }
    this.slope = slope;
  }

  /** What {@link Initializer#kaimingUniform} needs: sqrt(2 / (1 + slope²)) (He et al., 2015, section 2.2). */
  public static double gain(double slope) {
    return Math.sqrt(2 / (1 + slope * slope));
  }

  @Override
  protected Tensor forward(Tensor x) {
    return x.leakyRelu(slope);
  }

  @Override
  public String toString() {
    return "LeakyRelu(" + slope + ")";
  }
}
