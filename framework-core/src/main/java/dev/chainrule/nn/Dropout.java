package dev.chainrule.nn;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.tensor.Mode;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Trace;

/**
 * In training each element becomes 0 with a probability p, or is scaled by 1 / (1 - p); in evaluation nothing happens (Srivastava et al.,
 * "Dropout: a simple way to prevent neural networks from overfitting", JMLR 2014, scaled at training time). The random bits follow
 * from the Step's seed and run number and from the module's path, so that every device drops the same elements; they are computed
 * again in the backward pass and never stored.
 */
public final class Dropout extends Module {

  private final double probability;

  /**
   * A layer without variables.
   *
   * @param probability that an element becomes 0
   * @throws InvalidArgumentException when it is not in [0, 1]
   */
  public Dropout(double probability) {
    if (!(probability >= 0 && probability <= 1)) {
      throw new InvalidArgumentException("Dropout", "probability " + probability + ", expected 0 to 1", "");
    }
    this.probability = probability;
  }

  @Override
  protected Tensor forward(Tensor x) {
    if (Mode.current() == Mode.EVALUATION || probability == 0) {
      return x;
    }
    Trace trace = Trace.surrounding().orElseThrow(() -> new InvalidArgumentException(label(),
        "dropout in training mode needs the random bits of a Step, and none surrounds this call",
        "Run it in a Step (Step.training), or in evaluation mode."));
    return trace.random().dropout(x, probability);
  }

  @Override
  public String toString() {
    return "Dropout(" + probability + ")";
  }
}
