package dev.chainrule.benchmarks.training;

import java.util.Collection;

/** The middle one of some numbers, of an even count the mean of the two in the middle. */
final class Median {

  private Median() {}

  static double of(Collection<? extends Number> numbers) {
    double[] sorted = numbers.stream().mapToDouble(Number::doubleValue).sorted().toArray();
    if (sorted.length == 0) {
      throw new IllegalArgumentException("[median] expected at least 1 number, got none");
    }
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
