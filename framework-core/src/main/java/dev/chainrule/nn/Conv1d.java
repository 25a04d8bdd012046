package dev.chainrule.nn;

import dev.chainrule.graph.Shape;
import dev.chainrule.tensor.ConvOptions;
import dev.chainrule.tensor.Tensor;
import java.util.Optional;

/**
 * Cross-correlation along one axis plus a bias: [n, in, length] -> [n, out, length'], where
 * length' = (length + padding - (kernel - 1) dilation - 1) / stride + 1, rounded down ({@link Tensor#conv1d}). Variables: {@code weight}
 * [out, in / groups, kernel] and, unless left out, {@code bias} [out], laid out as PyTorch's.
 */
public final class Conv1d extends Conv {

  /** Stride 1, no padding. */
  public Conv1d(long in, long out, long kernel) {
    this(in, out, kernel, ConvOptions.DEFAULT);
  }

  /**
   * Weight and bias start uniform on [-1/sqrt(f), 1/sqrt(f)], f = in / groups * kernel, which is PyTorch's default (its
   * {@code kaiming_uniform_} with a = sqrt(5)).
   *
   * @throws dev.chainrule.InvalidArgumentException when a size is below 1, or channels do not divide into the groups
   */
  public Conv1d(long in, long out, long kernel, ConvOptions options) {
    this(in, out, kernel, options, initial(in, Shape.of(kernel), options), Optional.of(initial(in, Shape.of(kernel), options)));
  }

  /**
   * With initial values of one's own.
   *
   * @param weight initial weight
   * @param bias initial bias; empty: the layer has none
   */
  public Conv1d(long in, long out, long kernel, ConvOptions options, Initializer weight, Optional<Initializer> bias) {
    super("length", in, out, Shape.of(kernel), options, weight, bias);
  }

  /** A layer without a bias, for one that a normalisation follows, which takes it away again. */
  public static Conv1d withoutBias(long in, long out, long kernel, ConvOptions options) {
    return new Conv1d(in, out, kernel, options, initial(in, Shape.of(kernel), options), Optional.empty());
  }

  @Override
  Tensor convolved(Tensor x, Tensor weight, ConvOptions options) {
    return x.conv1d(weight, options);
  }
}
