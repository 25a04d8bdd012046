package dev.chainrule.train;

import dev.chainrule.tensor.Tensor;

/** From a model's output and the target to one number to make small. */
@FunctionalInterface
public interface Loss {

  /**
   * Composes the loss; called at every step.
   *
   * @param prediction the model's output for a batch
   * @param target the batch's second field
   * @return one floating element, the mean over the batch
   */
  Tensor apply(Tensor prediction, Tensor target);
}
