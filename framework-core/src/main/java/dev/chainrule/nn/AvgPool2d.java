package dev.chainrule.nn;

import dev.chainrule.tensor.PoolOptions;
import dev.chainrule.tensor.Tensor;

/**
 * The mean of each window: [..., height, width] -> [..., height', width'], where along each axis
 * size' = (size + 2 padding - window) / stride + 1, rounded down ({@link Tensor#avgPool2d}). The stride is the window's size by default,
 * and zeros of the padding count, as in PyTorch.
 */
public final class AvgPool2d extends Pool {

  /** Square windows side by side. */
  public AvgPool2d(long size) {
    this(PoolOptions.of(size));
  }

  /** Windows of any size and stride. */
  public AvgPool2d(PoolOptions options) {
    super(options);
  }

  @Override
  Tensor pooled(Tensor x, PoolOptions options) {
    return x.avgPool2d(options);
  }
}
