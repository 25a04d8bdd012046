package dev.chainrule.nn;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.tensor.ConvOptions;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** What convolutions over any number of axes have in common: their variables, their checks and how they are shown. */
abstract sealed class Conv extends Module permits Conv1d, Conv2d {

  private final long in;
  private final long out;
  private final Shape kernel;
  private final String axes;
  private final ConvOptions options;
  private final Variable weight;
  private final Optional<Variable> bias;

  /** @param axes the names of the spatial ones, {@code height, width} */
  Conv(String axes, long in, long out, Shape kernel, ConvOptions options, Initializer weight, Optional<Initializer> bias) {
    this.in = in;
    this.out = out;
    this.kernel = kernel;
    this.axes = axes;
    this.options = options;
    requireSizes();
    this.weight = parameter("weight", Shape.of(out, in / options.groups()).concat(kernel), weight);
    this.bias = bias.map(initial -> parameter("bias", Shape.of(out), initial));
  }

  /** Uniform on [-1/sqrt(n), 1/sqrt(n)] with the n inputs of one output: PyTorch's default for the weight and the bias. */
  static Initializer initial(long in, Shape kernel, ConvOptions options) {
    return Initializer.uniform(Math.sqrt(1.0 / Math.max(1, in / options.groups() * kernel.elements())));
  }

  private void requireSizes() {
    String kind = getClass().getSimpleName();
    if (in < 1 || out < 1) {
      throw new InvalidArgumentException(kind, "channels " + in + " -> " + out + ", expected 1 or more", "");
    }
    int count = axes.split(", ").length;
    if (kernel.rank() != count || kernel.elements() < 1) {
      throw new InvalidArgumentException(kind, "kernel " + kernel + ", expected [" + axes + "] of 1 or more each", "");
    }
    if (in % options.groups() != 0 || out % options.groups() != 0) {
      throw new InvalidArgumentException(kind, "channels " + in + " -> " + out + " do not divide into " + options.groups() + " groups",
          "Both numbers of channels are multiples of the groups'.");
    }
  }

  /** The kernels, [out, in / groups, kernel...]. */
  public final Variable weight() {
    return weight;
  }

  /** The bias, [out]. */
  public final Optional<Variable> bias() {
    return bias;
  }

  /** x [n, in, ...] and weight [out, in / groups, kernel...] -> [n, out, ...]. */
  abstract Tensor convolved(Tensor x, Tensor weight, ConvOptions options);

  @Override
  protected final Tensor forward(Tensor x) {
    if (x.rank() != kernel.rank() + 2 || x.dim(1) != in) {
      throw new ShapeMismatchException(label(), "expected an input [n, " + in + ", " + axes + "], got " + x.type(),
          x.rank() == kernel.rank() + 1 ? "unsqueeze(1) makes one channel, unsqueeze(0) a batch of one." : "Channels are axis 1.");
    }
    Tensor y = convolved(x, weight.value(), options);
    return bias.map(b -> y.add(b.value().reshape(acrossSpace()))).orElse(y);
  }

  /** [out, 1, ...], which broadcasts against the result. */
  private long[] acrossSpace() {
    long[] shape = new long[kernel.rank() + 1];
    Arrays.fill(shape, 1);
    shape[0] = out;
    return shape;
  }

  @Override
  public final String toString() {
    ConvOptions plain = ConvOptions.DEFAULT;
    return getClass().getSimpleName() + "(" + in + " -> " + out + ", kernel " + listed(kernel)
        + (options.stride().equals(plain.stride()) ? "" : ", stride " + listed(options.stride()))
        + (options.padding().equals(plain.padding()) ? "" : ", padding " + options.padding().map(Conv::edges).orElse("same"))
        + (options.dilation().equals(plain.dilation()) ? "" : ", dilation " + listed(options.dilation()))
        + (options.groups() == 1 ? "" : ", " + options.groups() + " groups")
        + (bias.isPresent() ? ")" : ", no bias)");
  }

  private static String listed(Shape shape) {
    return Arrays.stream(shape.dims()).mapToObj(Long::toString).collect(Collectors.joining("x"));
  }

  private static String listed(List<Long> numbers) {
    return numbers.stream().map(n -> Long.toString(n)).collect(Collectors.joining("x"));
  }

  private static String edges(List<Op.Edge> edges) {
    return edges.stream().map(e -> e.low() == e.high() ? Long.toString(e.low()) : e.low() + "+" + e.high())
        .collect(Collectors.joining("x"));
  }
}
