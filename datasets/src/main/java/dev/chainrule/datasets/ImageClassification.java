package dev.chainrule.datasets;

import dev.chainrule.data.Dataset;
import java.util.Objects;

/**
 * Images with a class each, in two parts. An example is (image f32[height,width] with values 0 to 1, class i32[]).
 *
 * @param train to learn from
 * @param test held out; images of the same shape
 * @param classes the number of classes; labels are 0 to {@code classes} - 1
 */
public record ImageClassification(Dataset train, Dataset test, int classes) {
  /** Refuses null. */
  public ImageClassification {
    Objects.requireNonNull(train, "train");
    Objects.requireNonNull(test, "test");
  }
}
