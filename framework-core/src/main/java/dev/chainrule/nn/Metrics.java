package dev.chainrule.nn;

import dev.chainrule.DTypeMismatchException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.DType;
import dev.chainrule.tensor.Tensor;

/** How good predictions are, in numbers for people. */
public final class Metrics {

  private Metrics() {}

  /**
   * The part of the examples whose largest logit is the label's; the first of equal logits counts.
   *
   * @param logits [n, classes]
   * @param labels [n], integers; one that is no class counts as wrong
   * @return an f32 scalar from 0 to 1
   * @throws ShapeMismatchException when the shapes do not fit
   * @throws DTypeMismatchException when the labels are not integers
   */
  public static Tensor accuracy(Tensor logits, Tensor labels) {
    if (logits.rank() != 2 || labels.rank() != 1 || logits.dim(0) != labels.dim(0)) {
      throw new ShapeMismatchException("accuracy",
          "expected logits [n, classes] and labels [n], got " + logits.type() + " and " + labels.type(), "");
    }
    if (!labels.dtype().isInteger()) {
      throw new DTypeMismatchException("accuracy",
          "labels are " + labels.type() + ", expected class numbers as integers", "Cast them first: cast(DType.I32).");
    }
    return logits.argmax(1).cast(DType.I64).equal(labels.cast(DType.I64)).cast(DType.F32).mean();
  }
}
