package dev.chainrule.tensor;

import dev.chainrule.graph.TensorType;

/** What layers are made of: functions of {@link Tensor}s with names of their own. Floating types, {@link #relu} any number type. */
sealed interface Activations permits Tensor {

  private Tensor self() {
    return (Tensor) this;
  }

  /** max(x, 0); NaN stays, the derivative at 0 is 0. */
  default Tensor relu() {
    return ActivationFunctions.RELU.apply(self());
  }

  /** x where positive, {@code slope * x} elsewhere; the slope is part of a plan's structure. */
  default Tensor leakyRelu(double slope) {
    self().floating("leakyRelu");
    return self().lessEqual(0).where(self().mul(Tensor.full(TensorType.scalar(self().dtype()), slope)), self());
  }

  /** 1 / (1 + exp(-x)). */
  default Tensor sigmoid() {
    return ActivationFunctions.SIGMOID.apply(self().floating("sigmoid"));
  }

  /** x * Phi(x) with the normal distribution function Phi (Hendrycks and Gimpel, 2016), by erf. */
  default Tensor gelu() {
    return ActivationFunctions.GELU.apply(self().floating("gelu"));
  }

  /**
   * The approximation of {@link #gelu} by 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) (Hendrycks and Gimpel, 2016), off by up to
   * 5e-4: for models that were trained with it.
   */
  default Tensor geluTanh() {
    return ActivationFunctions.GELU_TANH.apply(self().floating("geluTanh"));
  }

  /** x sigmoid(x), also called swish (Elfwing, Uchibe and Doya, 2018). */
  default Tensor silu() {
    return ActivationFunctions.SILU.apply(self().floating("silu"));
  }

  /** log(1 + exp(x)), a smooth {@link #relu}: x itself far above 0, exp(x) far below (Dugas et al., 2001). Nothing overflows. */
  default Tensor softplus() {
    return ActivationFunctions.SOFTPLUS.apply(self().floating("softplus"));
  }

  /** exp(x) / sum(exp(x)) along the axis. A scalar has no axis; {@code reshape(1)} gives it one. */
  default Tensor softmax(int axis) {
    return Composites.softmax(self().floating("softmax"), self().axis("softmax", axis));
  }

  /** log(softmax(x)) along the axis, exact where softmax underflows. A scalar has no axis. */
  default Tensor logSoftmax(int axis) {
    return Composites.logSoftmax(self().floating("logSoftmax"), self().axis("logSoftmax", axis));
  }
}
