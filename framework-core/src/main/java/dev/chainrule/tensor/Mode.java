package dev.chainrule.tensor;

import java.util.function.Supplier;

/**
 * What a model is run for. It belongs to the surroundings of a call, not to the model: {@code Mode.TRAINING.call(...)}, or the Step.
 * The default is evaluation.
 */
public enum Mode {
  /** Dropout drops, batch statistics are taken and running ones updated. */
  TRAINING,
  /** The model as a function: nothing random, nothing updated. */
  EVALUATION;

  private static final ScopedValue<Mode> CURRENT = ScopedValue.newInstance();

  /** The mode of the surroundings; evaluation where nothing says otherwise. */
  public static Mode current() {
    return CURRENT.orElse(EVALUATION);
  }

  /** Runs {@code body} in this mode. */
  public <T> T call(Supplier<T> body) {
    return ScopedValue.where(CURRENT, this).call(body::get);
  }
}
