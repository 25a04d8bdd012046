package dev.chainrule.train;

import java.util.List;

/**
 * What a training did.
 *
 * @param losses one per step
 * @param samples examples seen, each epoch's counted again
 * @param seconds of wall time
 */
public record History(List<Double> losses, long samples, double seconds) {

  /** Copies the list. */
  public History {
    losses = List.copyOf(losses);
  }

  /** Examples seen per second of wall time. */
  public double samplesPerSecond() {
    return samples / seconds;
  }

  /** The last step's loss; NaN if there was no step. */
  public double finalLoss() {
    return losses.isEmpty() ? Double.NaN : losses.getLast();
  }
}
