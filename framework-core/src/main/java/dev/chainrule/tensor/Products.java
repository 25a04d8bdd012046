package dev.chainrule.tensor;

/** Products of {@link Tensor}s: sums of products over axes that the operands share. */
sealed interface Products permits Tensor {

  private Tensor self() {
    return (Tensor) this;
  }

  /**
   * Matrix product [..., m, k] x [..., k, n] -> [..., m, n]; batch axes broadcast. As in NumPy a vector is a row on the left and a column on
   * the right, whose axis of size 1 the result lacks: [k] x [..., k, n] -> [..., n], [..., m, k] x [k] -> [..., m], [k] x [k] -> [].
   */
  default Tensor matmul(Tensor y) {
    return MatrixProduct.of(self(), y);
  }
}
