package dev.chainrule.nn;

import dev.chainrule.tensor.Tensor;

/**
 * exp(x) / sum(exp(x)) along an axis. For training leave it out: {@link Losses#crossEntropy} takes logits and is exact where
 * probabilities underflow.
 */
public final class Softmax extends Module {

  private final int axis;

  /**
   * A layer without variables.
   *
   * @param axis negative axes count from the last
   */
  public Softmax(int axis) {
    this.axis = axis;
  }

  @Override
  protected Tensor forward(Tensor x) {
    return x.softmax(axis);
  }

  @Override
  public String toString() {
    return "Softmax(axis " + axis + ")";
  }
}
