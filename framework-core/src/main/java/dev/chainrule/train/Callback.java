package dev.chainrule.train;

/** Told by the {@link Trainer} what happens, in its thread. All methods do nothing by default. */
public interface Callback {

  /**
   * One step has been committed.
   *
   * @param epoch from 0
   * @param batch from 0, within the epoch
   * @param batches of the epoch
   * @param steps since the start of the training, this one included
   * @param loss of this batch, before the update
   * @param samples in this batch
   */
  record StepEnd(int epoch, int epochs, int batch, int batches, long steps, double loss, int samples) {}

  /**
   * One epoch is over.
   *
   * @param meanLoss over its steps
   * @param samplesPerSecond of wall time, loading included
   */
  record EpochEnd(int epoch, int epochs, double meanLoss, double seconds, double samplesPerSecond) {}

  /** Called after each step. */
  default void stepEnded(StepEnd step) {}

  /** Called after each epoch. */
  default void epochEnded(EpochEnd epoch) {}
}
