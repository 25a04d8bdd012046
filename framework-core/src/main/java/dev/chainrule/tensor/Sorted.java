package dev.chainrule.tensor;

import java.util.Objects;

/**
 * Elements in order along an axis, and where each came from.
 *
 * @param values of the sorted tensor's type
 * @param indices i32 of the same shape: the positions along the axis that the values had before
 */
public record Sorted(Tensor values, Tensor indices) {
  /** Refuses null. */
  public Sorted {
    Objects.requireNonNull(values, "values");
    Objects.requireNonNull(indices, "indices");
  }
}
