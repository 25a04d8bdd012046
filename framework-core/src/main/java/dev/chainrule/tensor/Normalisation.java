package dev.chainrule.tensor;

import dev.chainrule.DTypeMismatchException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Shape;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Values brought to mean 0 and variance 1, then scaled and shifted: (x - mean) / sqrt(variance + epsilon) * weight + bias, with the biased
 * variance, the mean of squared distances. Over what the mean is taken tells the methods apart. 16-bit floats are computed in f32 and
 * rounded once, at the end.
 *
 * <p>Equal values give the bias as far as their mean is exact: its rounding error, about u |mean|, counts against sqrt(epsilon). Where the
 * squares overflow (distances beyond 1e19 in f32) the variance is infinite and the result is the bias.
 */
public final class Normalisation {

  private Normalisation() {}

  /** (x, weight, bias) to (y, mean, variance). */
  static final CompositeFunction LAYER_NORM = Standardised.composite("layerNorm", (x, weight) -> Standardised.last(true, x, weight));

  /** (x, weight) to (y, mean square). */
  static final CompositeFunction RMS_NORM = Standardised.composite("rmsNorm", (x, weight) -> Standardised.last(false, x, weight));

  /** (x, weight, bias) to (y, mean, variance). */
  static final CompositeFunction BATCH_NORM = Standardised.composite("batchNorm", (x, _) -> Standardised.channels(x));

  /** (x, weight, bias, mean, variance) to y; what the channels have in common is computed once for each. */
  static final CompositeFunction BATCH_NORM_INFERENCE = new CompositeFunction("batchNormInference", (in, attributes) -> {
    Tensor x = Precision.wide(in.get(0));
    Shape channels = Standardised.againstChannels(x);
    Tensor scale = in.get(4).add(Standardised.epsilon(attributes)).rsqrt().mul(Precision.wide(in.get(1)));
    Tensor y = x.sub(in.get(3).reshape(channels)).mul(scale.reshape(channels)).add(Precision.wide(in.get(2)).reshape(channels));
    return List.of(y.cast(in.get(0).dtype()));
  }, Optional.empty());

  /**
   * Layer normalisation (Ba, Kiros and Hinton, 2016): each example over its own last axes.
   *
   * @param x [..., s...], floating
   * @param weight [s...], at least one axis; mean and variance are taken over these
   * @param bias [s...]
   * @param epsilon added to the variance, finite and not negative; often 1e-5
   * @return [..., s...]
   */
  public static Tensor layerNorm(Tensor x, Tensor weight, Tensor bias, double epsilon) {
    requireOneType("layerNorm", x, weight, bias);
    requireLastAxes("layerNorm", x, weight);
    requireShape("layerNorm", "bias", bias, weight.shape());
    return LAYER_NORM.apply(attributes("layerNorm", epsilon), x, weight, bias).getFirst();
  }

  /**
   * Root mean square normalisation (Zhang and Sennrich, 2019): x / sqrt(mean(x^2) + epsilon) * weight over the last axes, without a mean
   * taken away.
   *
   * @param x [..., s...], floating
   * @param weight [s...], at least one axis
   * @param epsilon added to the mean square, finite and not negative; often 1e-6
   * @return [..., s...]
   */
  public static Tensor rmsNorm(Tensor x, Tensor weight, double epsilon) {
    requireOneType("rmsNorm", x, weight);
    requireLastAxes("rmsNorm", x, weight);
    return RMS_NORM.apply(attributes("rmsNorm", epsilon), x, weight).getFirst();
  }

  /**
   * What batch normalisation gives in training.
   *
   * @param y [n, channels, spatial...]
   * @param mean of each channel over the batch and its space, [channels]; f32 where y is of 16 bits
   * @param variance biased: divided by {@code count}; [channels]
   * @param count how many values each channel has
   */
  public record Batch(Tensor y, Tensor mean, Tensor variance, long count) {
    /** Refuses null. */
    public Batch {
      Objects.requireNonNull(y, "y");
      Objects.requireNonNull(mean, "mean");
      Objects.requireNonNull(variance, "variance");
    }

    /** Divided by count - 1 instead, by 1 for a single value: what PyTorch's running variance is a mean of. [channels] */
    public Tensor unbiasedVariance() {
      return variance.mul((double) count / Math.max(count - 1, 1));
    }
  }

  /**
   * Batch normalisation in training (Ioffe and Szegedy, 2015): each channel over the batch and its space. Gradients flow through the
   * statistics too; a layer that keeps running ones stops them with {@link Tensor#stopGradient}.
   *
   * @param x [n, channels, spatial...], floating; spatial axes may be none
   * @param weight [channels]
   * @param bias [channels]
   * @param epsilon added to the variance, finite and not negative; often 1e-5
   */
  public static Batch batchNorm(Tensor x, Tensor weight, Tensor bias, double epsilon) {
    requireChannels("batchNorm", x, weight, bias);
    List<Tensor> results = BATCH_NORM.apply(attributes("batchNorm", epsilon), x, weight, bias);
    long channels = x.dim(1);
    return new Batch(results.get(0), results.get(1), results.get(2), channels == 0 ? 0 : x.shape().elements() / channels);
  }

  /**
   * Batch normalisation in evaluation: with given statistics.
   *
   * @param x [n, channels, spatial...], floating
   * @param weight [channels]
   * @param bias [channels]
   * @param mean [channels], of x's type, but f32 where that has 16 bits
   * @param variance as the mean
   * @param epsilon added to the variance, finite and not negative
   * @return [n, channels, spatial...]
   */
  public static Tensor batchNormInference(Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor variance, double epsilon) {
    String name = "batchNormInference";
    requireChannels(name, x, weight, bias);
    requireShape(name, "mean", mean, weight.shape());
    requireShape(name, "variance", variance, weight.shape());
    DType statistics = x.dtype().accumulator();
    if (mean.dtype() != statistics || variance.dtype() != statistics) {
      throw new DTypeMismatchException(name,
          "expected mean and variance of " + statistics + " for " + x.type() + ", got " + mean.type() + " and " + variance.type(),
          "Cast them first: cast(DType." + statistics.name() + ").");
    }
    return BATCH_NORM_INFERENCE.apply(attributes(name, epsilon), x, weight, bias, mean, variance).getFirst();
  }

  // --- what does not fit -------------------------------------------------------------------------------------------------------------

  private static Map<String, Object> attributes(String name, double epsilon) {
    if (!(epsilon >= 0 && epsilon < Double.POSITIVE_INFINITY)) {
      throw new InvalidArgumentException(name, "epsilon is " + epsilon + ", expected a finite number that is not negative", "");
    }
    return Map.of("epsilon", epsilon);
  }

  private static void requireOneType(String name, Tensor x, Tensor... weights) {
    if (!x.dtype().isFloating()) {
      throw new DTypeMismatchException(name, "not defined for " + x.type(), "Cast it first: cast(DType.F32).");
    }
    for (Tensor weight : weights) {
      if (weight.dtype() != x.dtype()) {
        throw new DTypeMismatchException(name, "element types differ: x is " + x.type() + ", a weight or bias " + weight.type(),
            "Cast one of them: cast(DType." + x.dtype().name() + ").");
      }
    }
  }

  private static void requireLastAxes(String name, Tensor x, Tensor weight) {
    int first = x.rank() - weight.rank();
    if (weight.rank() == 0 || first < 0 || !x.shape().slice(first, x.rank()).equals(weight.shape())) {
      throw new ShapeMismatchException(name, "x is " + x.type() + ", its weight " + weight.type(),
          "The weight's axes, at least one, are those of x that are averaged over: its last.");
    }
  }

  private static void requireChannels(String name, Tensor x, Tensor weight, Tensor bias) {
    requireOneType(name, x, weight, bias);
    if (x.rank() < 2) {
      throw new ShapeMismatchException(name, "expected x [n, channels, spatial...], got " + x.type(), "");
    }
    requireShape(name, "weight", weight, Shape.of(x.dim(1)));
    requireShape(name, "bias", bias, Shape.of(x.dim(1)));
  }

  private static void requireShape(String name, String what, Tensor tensor, Shape shape) {
    if (!tensor.shape().equals(shape)) {
      throw new ShapeMismatchException(name, what + " is " + tensor.type() + ", expected the shape " + shape, "");
    }
  }
}
