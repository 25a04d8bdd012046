package dev.chainrule.tensor;

/** Products of {@link Tensor}s: sums of products over axes that the operands share. */
sealed interface Products permits Tensor {

  private Tensor self() {
    return (Tensor) this;
  }

  /** Matrix product [..., m, k] x [..., k, n] -> [..., m, n]; batch axes broadcast. */
  default Tensor matmul(Tensor y) {
    return MatrixProduct.of(self(), y);
  }
}
