package dev.chainrule.nn;

import dev.chainrule.InvalidArgumentException;
import java.util.OptionalLong;

/**
 * What a {@link TransformerBlock} may be asked for: {@code TransformerOptions.DEFAULT.withCausal(true).withDropout(0.1)}.
 *
 * @param causal whether no position attends to a later one; false by default
 * @param dropout probability, in training, for attention's weights, for the inner layer and for what each half adds; 0 by default
 * @param inner the width between the block's two linear layers; empty, as by default: four times the block's
 */
public record TransformerOptions(boolean causal, double dropout, OptionalLong inner) {

  /** Not causal, without dropout, four times the width inside. */
  public static final TransformerOptions DEFAULT = new TransformerOptions(false, 0, OptionalLong.empty());

  /**
   * All of them.
   *
   * @throws InvalidArgumentException when dropout is not in [0, 1] or the inner width below 1
   */
  public TransformerOptions {
    if (!(dropout >= 0 && dropout <= 1)) {
      throw new InvalidArgumentException("TransformerBlock", "dropout " + dropout + ", expected 0 to 1", "");
    }
    if (inner.isPresent() && inner.getAsLong() < 1) {
      throw new InvalidArgumentException("TransformerBlock", "an inner width of " + inner.getAsLong() + ", expected 1 or more", "");
    }
  }

  /** Whether no position attends to a later one, as in a language model. */
  public TransformerOptions withCausal(boolean causal) {
    return new TransformerOptions(causal, dropout, inner);
  }

  /** A probability from 0 to 1. */
  public TransformerOptions withDropout(double dropout) {
    return new TransformerOptions(causal, dropout, inner);
  }

  /** The width between the two linear layers. */
  public TransformerOptions withInner(long inner) {
    return new TransformerOptions(causal, dropout, OptionalLong.of(inner));
  }
}
