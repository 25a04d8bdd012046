package dev.chainrule.nn;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Normalisation;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;
import java.util.Arrays;

/**
 * Each example's channels in groups, each group with its space brought to mean 0 and variance 1, then each channel scaled and shifted:
 * [n, channels, ...] -> the same, in training and in evaluation (Wu and He, "Group normalization", ECCV 2018). Variables, as PyTorch's:
 * {@code weight} [channels], ones, and {@code bias} [channels], zeros.
 */
public final class GroupNorm extends Module {

  private final long groups;
  private final long channels;
  private final double epsilon;
  private final Variable weight;
  private final Variable bias;

  /** Epsilon 1e-5, PyTorch's default. */
  public GroupNorm(long groups, long channels) {
    this(groups, channels, 1e-5);
  }

  /**
   * With an epsilon of one's own.
   *
   * @param groups of neighbouring channels; 1: all channels together, {@code channels}: each by itself (instance normalisation)
   * @param epsilon added to the variance, finite and not negative
   * @throws InvalidArgumentException when a number is out of its range, or the channels do not divide into the groups
   */
  public GroupNorm(long groups, long channels, double epsilon) {
    NormSettings.require("GroupNorm", "channels", channels, epsilon);
    if (groups < 1 || channels % groups != 0) {
      throw new InvalidArgumentException("GroupNorm", channels + " channels do not divide into " + groups + " groups",
          "The number of channels is a multiple of the groups'.");
    }
    this.groups = groups;
    this.channels = channels;
    this.epsilon = epsilon;
    this.weight = parameter("weight", Shape.of(channels), Initializer.ones());
    this.bias = parameter("bias", Shape.of(channels), Initializer.zeros());
  }

  @Override
  protected Tensor forward(Tensor x) {
    if (x.rank() < 2 || x.dim(1) != channels) {
      throw new ShapeMismatchException(label(), "expected an input [n, " + channels + ", ...], got " + x.type(), "Channels are axis 1.");
    }
    long[] each = new long[x.rank() - 1];
    Arrays.fill(each, 1);
    each[0] = channels;
    return standardised(x).mul(weight.value().reshape(each)).add(bias.value().reshape(each));
  }

  /** As the channels of one batch normalisation, [1, n groups, rest], which has the derivative that is wanted. */
  private Tensor standardised(Tensor x) {
    long all = x.dim(0) * groups;
    TensorType one = TensorType.of(x.dtype(), all);
    Tensor rows = x.reshape(1, all, x.shape().slice(1, x.rank()).elements() / groups);
    return Normalisation.batchNorm(rows, Tensor.ones(one), Tensor.zeros(one), epsilon).y().reshape(x.shape());
  }

  @Override
  public String toString() {
    return "GroupNorm(" + channels + " in " + groups + " groups)";
  }
}
