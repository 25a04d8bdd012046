package dev.chainrule.nn;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.Shape;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;

/**
 * A learned vector added at each position: [..., time, width] -> the same, time at most {@code length} (Radford et al., "Language models
 * are unsupervised multitask learners", 2019). Variable: {@code weight} [length, width].
 */
public final class PositionalEmbedding extends Module {

  private final long length;
  private final long width;
  private final Variable weight;

  /** Starts normal with standard deviation 0.02, as GPT-2's. */
  public PositionalEmbedding(long length, long width) {
    this(length, width, Initializer.normal(0.02));
  }

  /**
   * With initial vectors of one's own.
   *
   * @param length the most positions
   * @throws InvalidArgumentException when a size is below 1
   */
  public PositionalEmbedding(long length, long width, Initializer weight) {
    if (length < 1 || width < 1) {
      throw new InvalidArgumentException("PositionalEmbedding", "sizes " + length + " x " + width + ", expected 1 or more", "");
    }
    this.length = length;
    this.width = width;
    this.weight = parameter("weight", Shape.of(length, width), weight);
  }

  @Override
  protected Tensor forward(Tensor x) {
    if (x.rank() < 2 || x.dim(-1) != width) {
      throw new ShapeMismatchException(label(), "expected an input [..., time, " + width + "], got " + x.type(), "");
    }
    if (x.dim(-2) > length) {
      throw new ShapeMismatchException(label(), x.type() + " has " + x.dim(-2) + " positions, expected at most " + length,
          "Cut the input, or make the layer longer.");
    }
    return x.add(weight.value().slice(0, 0, x.dim(-2)));
  }

  @Override
  public String toString() {
    return "PositionalEmbedding(" + length + " x " + width + ")";
  }
}
