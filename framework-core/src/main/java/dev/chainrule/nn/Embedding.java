package dev.chainrule.nn;

import dev.chainrule.DTypeMismatchException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Shape;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;

/**
 * A vector for each integer: i32 or i64 [...] -> [..., width] (Bengio et al., "A neural probabilistic language model", JMLR 2003).
 * Variable: {@code weight} [count, width], a row for each integer. An integer outside [0, count) makes the run fail and is named. The
 * gradients of an integer that occurs several times add up.
 */
public final class Embedding extends Module {

  private final long count;
  private final long width;
  private final Variable weight;

  /** Rows start normal with mean 0 and standard deviation 1, PyTorch's default. */
  public Embedding(long count, long width) {
    this(count, width, Initializer.normal(1));
  }

  /**
   * With initial rows of one's own.
   *
   * @throws InvalidArgumentException when a size is below 1
   */
  public Embedding(long count, long width, Initializer weight) {
    if (count < 1 || width < 1) {
      throw new InvalidArgumentException("Embedding", "sizes " + count + " -> " + width + ", expected 1 or more", "");
    }
    this.count = count;
    this.width = width;
    this.weight = parameter("weight", Shape.of(count, width), weight);
  }

  /** The rows, [count, width]. A linear layer that shares them multiplies by {@code weight().value().transpose()}. */
  public Variable weight() {
    return weight;
  }

  @Override
  protected Tensor forward(Tensor x) {
    if (x.dtype() != DType.I32 && x.dtype() != DType.I64) {
      throw new DTypeMismatchException(label(), "expected i32 or i64 integers, got " + x.type(), "Cast them first: cast(DType.I32).");
    }
    return weight.value().take(0, x);
  }

  @Override
  public String toString() {
    return "Embedding(" + count + " -> " + width + ")";
  }
}
