package dev.chainrule.nn;

import dev.chainrule.ShapeMismatchException;
import dev.chainrule.tensor.Composites;
import dev.chainrule.tensor.Precision;
import dev.chainrule.tensor.Tensor;

/** What training makes small: from predictions and targets to one number, the mean. */
public final class Losses {

  private Losses() {}

  /**
   * The mean of (prediction - target)² over all elements.
   *
   * @param prediction floating, any shape
   * @param target of the same type; nothing is broadcast
   * @return a scalar
   * @throws ShapeMismatchException when the shapes differ
   * @throws dev.chainrule.DTypeMismatchException when the types differ
   */
  public static Tensor mse(Tensor prediction, Tensor target) {
    if (!prediction.shape().equals(target.shape())) {
      throw new ShapeMismatchException("mse", "prediction " + prediction.type() + " and target " + target.type() + " differ in shape",
          "Nothing is broadcast here; reshape one of them.");
    }
    return Precision.raised(in -> in.get(0).sub(in.get(1)).square().mean(), prediction, target);
  }

  /**
   * The mean of -log softmax(logits)[label] over the examples; finite wherever the logits are.
   *
   * @param logits [n, classes], floating
   * @param labels [n], i32 or i64, in [0, classes); any other makes the run fail
   * @return a scalar
   * @throws ShapeMismatchException when the shapes do not fit
   * @throws dev.chainrule.DTypeMismatchException when the logits are not floating or the labels not integers
   */
  public static Tensor crossEntropy(Tensor logits, Tensor labels) {
    return Precision.raised(in -> Composites.softmaxCrossEntropy(in.getFirst(), labels).mean(), logits);
  }
}
