package dev.chainrule.nn;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.Shape;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;
import java.util.Optional;

/**
 * x W + b on the last axis: [..., in] -> [..., out]. Variables: {@code weight} [in, out] and, unless left out, {@code bias} [out].
 */
public final class Linear extends Module {

  private final long in;
  private final long out;
  private final Variable weight;
  private final Optional<Variable> bias;

  /**
   * A layer whose weight and bias start uniform on [-1/sqrt(in), 1/sqrt(in)], which is PyTorch's default (LeCun et al., "Efficient
   * BackProp", 1998, with a third of the variance). Deep rectifier networks start better from {@link Initializer#kaimingUniform}.
   */
  public Linear(long in, long out) {
    this(in, out, initial(in), Optional.of(initial(in)));
  }

  /**
   * With initial values of one's own.
   *
   * @param weight initial weight
   * @param bias initial bias; empty: the layer has none
   * @throws InvalidArgumentException when a size is below 1
   */
  public Linear(long in, long out, Initializer weight, Optional<Initializer> bias) {
    if (in < 1 || out < 1) {
      throw new InvalidArgumentException("Linear", "sizes " + in + " -> " + out + ", expected 1 or more", "");
    }
    this.in = in;
    this.out = out;
    this.weight = parameter("weight", Shape.of(in, out), weight);
    this.bias = bias.map(initial -> parameter("bias", Shape.of(out), initial));
  }

  private static Initializer initial(long in) {
    return Initializer.uniform(Math.sqrt(1.0 / Math.max(in, 1)));
  }

  /** The weight, [in, out]. */
  public Variable weight() {
    return weight;
  }

  /** The bias, [out]. */
  public Optional<Variable> bias() {
    return bias;
  }

  @Override
  protected Tensor forward(Tensor x) {
    if (x.rank() == 0 || x.dim(-1) != in) {
      throw new ShapeMismatchException(label(), "expected an input [..., " + in + "], got " + x.type(), "");
    }
    return affine(x, weight.value(), bias.map(Variable::value));
  }

  /** x [..., in], weight [in, out], bias [out] -> [..., out]; of any floating type. */
  static Tensor affine(Tensor x, Tensor weight, Optional<Tensor> bias) {
    Tensor product = x.rank() == 1 ? x.unsqueeze(0).matmul(weight).squeeze(0) : x.matmul(weight);
    return bias.map(product::add).orElse(product);
  }

  @Override
  public String toString() {
    return "Linear(" + in + " -> " + out + (bias.isPresent() ? ")" : ", no bias)");
  }
}
