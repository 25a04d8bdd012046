package dev.chainrule.train;

import dev.chainrule.tensor.Tensor;
import java.util.Objects;
import java.util.function.BinaryOperator;

/**
 * A figure of merit, averaged over a dataset with each example counted once.
 *
 * @param name how results call it
 * @param perBatch the mean over one batch, from prediction and target; one floating element
 */
public record Metric(String name, BinaryOperator<Tensor> perBatch) {
  /** Refuses null. */
  public Metric {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(perBatch, "perBatch");
  }
}
