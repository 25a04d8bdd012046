package dev.chainrule.nn;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.Shape;
import dev.chainrule.tensor.Mode;
import dev.chainrule.tensor.Normalisation;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;

/**
 * Each channel brought to mean 0 and variance 1, then scaled and shifted: [n, channels, ...] -> the same, with any number of spatial axes,
 * none included (Ioffe and Szegedy, "Batch normalization", ICML 2015). Variables, as PyTorch's: {@code weight} [channels], ones,
 * {@code bias} [channels], zeros, and what no optimizer changes, {@code running_mean} [channels], zeros, and {@code running_var}
 * [channels], ones.
 *
 * <p>In training the statistics are the batch's, and each use moves the running ones towards them:
 * running + momentum (batch - running), with the unbiased variance. A layer used several times in a Step moves them as often. In
 * evaluation the running ones count, and nothing is assigned.
 */
public final class BatchNorm extends Module {

  private final long channels;
  private final double epsilon;
  private final double momentum;
  private final Variable weight;
  private final Variable bias;
  private final Variable runningMean;
  private final Variable runningVariance;

  /** Epsilon 1e-5 and momentum 0.1, PyTorch's defaults. (Keras's momentum 0.99 is 0.01 here.) */
  public BatchNorm(long channels) {
    this(channels, 1e-5, 0.1);
  }

  /**
   * With a momentum and an epsilon of one's own.
   *
   * @param epsilon added to the variance, finite and not negative
   * @param momentum how far the running statistics go towards the batch's, from 0 to 1
   * @throws InvalidArgumentException when a number is out of its range
   */
  public BatchNorm(long channels, double epsilon, double momentum) {
    NormSettings.require("BatchNorm", "channels", channels, epsilon);
    if (!(momentum >= 0 && momentum <= 1)) {
      throw new InvalidArgumentException("BatchNorm", "momentum " + momentum + ", expected 0 to 1",
          "It is the batch's share: 0.1 where Keras has 0.9.");
    }
    this.channels = channels;
    this.epsilon = epsilon;
    this.momentum = momentum;
    Shape shape = Shape.of(channels);
    this.weight = parameter("weight", shape, Initializer.ones());
    this.bias = parameter("bias", shape, Initializer.zeros());
    this.runningMean = buffer("running_mean", weight.type(), Initializer.zeros());
    this.runningVariance = buffer("running_var", weight.type(), Initializer.ones());
  }

  /** The running mean, [channels]. */
  public Variable runningMean() {
    return runningMean;
  }

  /** The running variance, [channels]. */
  public Variable runningVariance() {
    return runningVariance;
  }

  @Override
  protected Tensor forward(Tensor x) {
    if (x.rank() < 2 || x.dim(1) != channels) {
      throw new ShapeMismatchException(label(), "expected an input [n, " + channels + ", ...], got " + x.type(), "Channels are axis 1.");
    }
    return switch (Mode.current()) {
      case TRAINING -> training(x);
      case EVALUATION -> Normalisation.batchNormInference(
          x, weight.value(), bias.value(), runningMean.value(), runningVariance.value(), epsilon);
    };
  }

  private Tensor training(Tensor x) {
    Normalisation.Batch batch = Normalisation.batchNorm(x, weight.value(), bias.value(), epsilon);
    if (batch.count() < 2) {
      throw new ShapeMismatchException(label(), x.type() + " has " + batch.count() + " values of each channel, and no variance to train on",
          "Take larger batches, or drop a last one that is smaller.");
    }
    move(runningMean, batch.mean());
    move(runningVariance, batch.unbiasedVariance());
    return batch.y();
  }

  private void move(Variable running, Tensor batch) {
    running.assign(running.value().lerp(batch.stopGradient(), momentum));
  }

  @Override
  public String toString() {
    return "BatchNorm(" + channels + ")";
  }
}
