package dev.chainrule.tensor;

import java.util.List;
import java.util.stream.LongStream;

/** Products of {@link Tensor}s: sums of products over axes that the operands share. For any other axes see {@link Tensor#einsum}. */
sealed interface Products permits Tensor {

  private Tensor self() {
    return (Tensor) this;
  }

  /**
   * Matrix product [..., m, k] x [..., k, n] -> [..., m, n]; batch axes broadcast. As in NumPy a vector is a row on the left and a column
   * on the right, whose axis of size 1 the result lacks: [k] x [..., k, n] -> [..., n], [..., m, k] x [k] -> [..., m], [k] x [k] -> [].
   * Any numbers of one type; integers wrap.
   *
   * @throws dev.chainrule.ShapeMismatchException when k differs, or batch axes do not broadcast
   * @throws dev.chainrule.DTypeMismatchException when the types differ
   */
  default Tensor matmul(Tensor y) {
    return MatrixProduct.of(self(), y);
  }

  // --- convolutions ------------------------------------------------------------------------------------------------------------------

  /** {@link #conv1d(Tensor, ConvOptions)} with stride 1 and no padding. */
  default Tensor conv1d(Tensor weights) {
    return conv1d(weights, ConvOptions.DEFAULT);
  }

  /**
   * Cross-correlation along one axis: this [batch, channels, length] with weights [filters, channels/groups, kernel] ->
   * [batch, filters, length'], where length' = (length + padding - (kernel - 1) dilation - 1) / stride + 1, rounded down. A bias [filters]
   * is added by {@code add(bias.unsqueeze(1))}. Floating types; of 16-bit floats the sums are in f32.
   *
   * @throws dev.chainrule.ShapeMismatchException when ranks or channels do not fit, or the kernel is larger than what it moves over
   * @throws dev.chainrule.DTypeMismatchException when the types differ or are not floating
   */
  default Tensor conv1d(Tensor weights, ConvOptions options) {
    return Convolution.of(1, self(), weights, options);
  }

  /** {@link #conv2d(Tensor, ConvOptions)} with stride 1 and no padding. */
  default Tensor conv2d(Tensor weights) {
    return conv2d(weights, ConvOptions.DEFAULT);
  }

  /**
   * Cross-correlation: this [batch, channels, height, width] with weights [filters, channels/groups, kernel height, kernel width] ->
   * [batch, filters, height', width']; sizes as for {@link #conv1d(Tensor, ConvOptions)}. A bias [filters] is added by
   * {@code add(bias.reshape(-1, 1, 1))}.
   */
  default Tensor conv2d(Tensor weights, ConvOptions options) {
    return Convolution.of(2, self(), weights, options);
  }

  /** {@link #conv3d(Tensor, ConvOptions)} with stride 1 and no padding. */
  default Tensor conv3d(Tensor weights) {
    return conv3d(weights, ConvOptions.DEFAULT);
  }

  /**
   * Cross-correlation of this [batch, channels, depth, height, width] with weights [filters, channels/groups, kernel...] ->
   * [batch, filters, depth', height', width']; sizes as for {@link #conv1d(Tensor, ConvOptions)}.
   */
  default Tensor conv3d(Tensor weights, ConvOptions options) {
    return Convolution.of(3, self(), weights, options);
  }

  /**
   * The transposed convolution, which is the gradient of {@link #conv1d(Tensor, ConvOptions)} for its input: this
   * [batch, channels, length] with weights [channels, filters/groups, kernel] -> [batch, filters, length'], where
   * length' = (length - 1) stride + (kernel - 1) dilation + 1 + output padding - padding.
   *
   * @param outputPadding added at the end, from 0 to stride - 1: none by default, else one number for all axes or one for each
   */
  default Tensor convTranspose1d(Tensor weights, ConvOptions options, long... outputPadding) {
    return Convolution.transposed(1, self(), weights, options, orZero(outputPadding));
  }

  /** {@link #convTranspose1d} over [batch, channels, height, width] with weights [channels, filters/groups, kernel...]. */
  default Tensor convTranspose2d(Tensor weights, ConvOptions options, long... outputPadding) {
    return Convolution.transposed(2, self(), weights, options, orZero(outputPadding));
  }

  /** {@link #convTranspose1d} over [batch, channels, depth, height, width] with weights [channels, filters/groups, kernel...]. */
  default Tensor convTranspose3d(Tensor weights, ConvOptions options, long... outputPadding) {
    return Convolution.transposed(3, self(), weights, options, orZero(outputPadding));
  }

  // --- pooling -----------------------------------------------------------------------------------------------------------------------

  /**
   * The largest element of each window along the last axis: [..., length] -> [..., length'], where
   * length' = (length + 2 padding - size) / stride + 1, rounded down. NaN where there is one. Any type. Of equal maxima each gets the same
   * share of the gradient; the padding counts as -infinity, or the smallest integer.
   */
  default Tensor maxPool1d(PoolOptions options) {
    return Pooling.max(1, self(), options);
  }

  /** {@link #maxPool1d} over [..., height, width]. Over all of it: {@code max(-2, -1)}. */
  default Tensor maxPool2d(PoolOptions options) {
    return Pooling.max(2, self(), options);
  }

  /** {@link #maxPool1d} over [..., depth, height, width]. */
  default Tensor maxPool3d(PoolOptions options) {
    return Pooling.max(3, self(), options);
  }

  /**
   * The mean of each window along the last axis: [..., length] -> [..., length'], sizes as for {@link #maxPool1d}. Zeros of the padding
   * count as elements unless the options say otherwise. Floating types; 16-bit floats are averaged in f32.
   */
  default Tensor avgPool1d(PoolOptions options) {
    return Pooling.average(1, self(), options);
  }

  /** {@link #avgPool1d} over [..., height, width]. Over all of it: {@code mean(-2, -1)}. */
  default Tensor avgPool2d(PoolOptions options) {
    return Pooling.average(2, self(), options);
  }

  /** {@link #avgPool1d} over [..., depth, height, width]. */
  default Tensor avgPool3d(PoolOptions options) {
    return Pooling.average(3, self(), options);
  }

  private static List<Long> orZero(long... numbers) {
    return numbers.length == 0 ? List.of(0L) : LongStream.of(numbers).boxed().toList();
  }
}
