package dev.chainrule.nn;

import dev.chainrule.InvalidArgumentException;

/** What the layers that normalise ask of their settings. */
final class NormSettings {

  private NormSettings() {}

  static void require(String layer, String what, long size, double epsilon) {
    if (size < 1) {
      throw new InvalidArgumentException(layer, size + " " + what + ", expected 1 or more", "");
    }
    if (!(epsilon >= 0 && epsilon < Double.POSITIVE_INFINITY)) {
      throw new InvalidArgumentException(layer, "epsilon is " + epsilon + ", expected a finite number that is not negative", "");
    }
  }
}
