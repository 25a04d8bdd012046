package dev.chainrule.nn;

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
   * @param labels [n], i32 or i64
   * @return an f32 scalar from 0 to 1
   * @throws ShapeMismatchException when the shapes do not fit
   */
  public static Tensor accuracy(Tensor logits, Tensor labels) {
    if (logits.rank() != 2 || labels.rank() != 1 || logits.dim(0) != labels.dim(0)) {
      throw new ShapeMismatchException("accuracy",
          "expected logits [n, classes] and labels [n], got " + logits.type() + " and " + labels.type(), "");
    }
    return logits.argmax(1).cast(labels.dtype()).equal(labels).cast(DType.F32).mean();
  }
}
