package dev.chainrule.tensor;

import dev.chainrule.graph.TensorType;

/** What layers are made of: functions of {@link Tensor}s with names of their own. */
sealed interface Activations permits Tensor {

  private Tensor self() {
    return (Tensor) this;
  }

  /** max(x, 0); NaN stays, the derivative at 0 is 0. */
  default Tensor relu() {
    return self().lessEqual(0).where(self().like(0), self());
  }

  /** x where positive, {@code slope * x} elsewhere; the slope is part of a plan's structure. */
  default Tensor leakyRelu(double slope) {
    return self().lessEqual(0).where(self().mul(Tensor.full(TensorType.scalar(self().dtype()), slope)), self());
  }

  /** 1 / (1 + exp(-x)). */
  default Tensor sigmoid() {
    return Composites.SIGMOID.apply(self());
  }

  /** x * Phi(x) with the normal distribution function Phi (Hendrycks and Gimpel, 2016), by erf. */
  default Tensor gelu() {
    return Composites.GELU.apply(self());
  }

  /** exp(x) / sum(exp(x)) along the axis. */
  default Tensor softmax(int axis) {
    return Composites.softmax(self(), self().axis(axis));
  }

  /** log(softmax(x)) along the axis, exact where softmax underflows. */
  default Tensor logSoftmax(int axis) {
    return Composites.logSoftmax(self(), self().axis(axis));
  }
}
