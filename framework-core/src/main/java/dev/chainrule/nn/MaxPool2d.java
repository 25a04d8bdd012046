package dev.chainrule.nn;

import dev.chainrule.tensor.PoolOptions;
import dev.chainrule.tensor.Tensor;

/**
 * The largest number of each window: [..., height, width] -> [..., height', width'], where along each axis
 * size' = (size + 2 padding - window) / stride + 1, rounded down ({@link Tensor#maxPool2d}). The stride is the window's size by default,
 * as in PyTorch and Keras.
 */
public final class MaxPool2d extends Pool {

  /** Square windows side by side. */
  public MaxPool2d(long size) {
    this(PoolOptions.of(size));
  }

  /** Windows of any size and stride. */
  public MaxPool2d(PoolOptions options) {
    super(options);
  }

  @Override
  Tensor pooled(Tensor x, PoolOptions options) {
    return x.maxPool2d(options);
  }
}
