package dev.chainrule.nn;

import dev.chainrule.graph.Shape;
import dev.chainrule.tensor.ConvOptions;
import dev.chainrule.tensor.Tensor;
import java.util.Optional;

/**
 * Cross-correlation of images plus a bias: [n, in, height, width] -> [n, out, height', width'], where along each axis
 * size' = (size + padding - (kernel - 1) dilation - 1) / stride + 1, rounded down ({@link Tensor#conv2d}). Variables: {@code weight}
 * [out, in / groups, kernel height, kernel width] and, unless left out, {@code bias} [out], laid out as PyTorch's.
 */
public final class Conv2d extends Conv {

  /** Square kernels, stride 1, no padding. */
  public Conv2d(long in, long out, long kernel) {
    this(in, out, kernel, ConvOptions.DEFAULT);
  }

  /** Square kernels; initial values as below. */
  public Conv2d(long in, long out, long kernel, ConvOptions options) {
    this(in, out, Shape.of(kernel, kernel), options);
  }

  /**
   * Weight and bias start uniform on [-1/sqrt(f), 1/sqrt(f)], f = in / groups * kernel height * kernel width, which is PyTorch's default
   * (its {@code kaiming_uniform_} with a = sqrt(5)). Deep rectifier networks start better from {@link Initializer#kaimingNormal}.
   *
   * @param kernel [height, width]
   * @throws dev.chainrule.InvalidArgumentException when a size is below 1, or channels do not divide into the groups
   */
  public Conv2d(long in, long out, Shape kernel, ConvOptions options) {
    this(in, out, kernel, options, initial(in, kernel, options), Optional.of(initial(in, kernel, options)));
  }

  /**
   * With a kernel that need not be square, and initial values of one's own.
   *
   * @param kernel [height, width]
   * @param weight initial weight
   * @param bias initial bias; empty: the layer has none
   */
  public Conv2d(long in, long out, Shape kernel, ConvOptions options, Initializer weight, Optional<Initializer> bias) {
    super("height, width", in, out, kernel, options, weight, bias);
  }

  /** A layer of square kernels without a bias, for one that a normalisation follows, which takes it away again. */
  public static Conv2d withoutBias(long in, long out, long kernel, ConvOptions options) {
    Shape square = Shape.of(kernel, kernel);
    return new Conv2d(in, out, square, options, initial(in, square, options), Optional.empty());
  }

  @Override
  Tensor convolved(Tensor x, Tensor weight, ConvOptions options) {
    return x.conv2d(weight, options);
  }
}
