package dev.chainrule.optim;

import dev.chainrule.InvalidArgumentException;

/** The ranges that an optimizer's and a schedule's numbers must lie in. NaN lies in none. */
final class HyperParameter {

  private HyperParameter() {}

  static void notNegative(String where, String name, double value) {
    require(value >= 0 && value < Double.POSITIVE_INFINITY, where, name, value, "finite and not negative");
  }

  static void positive(String where, String name, double value) {
    require(value > 0 && value < Double.POSITIVE_INFINITY, where, name, value, "finite and greater than 0");
  }

  /** A decay rate or momentum: at 1 nothing would ever be forgotten. */
  static void belowOne(String where, String name, double value) {
    require(value >= 0 && value < 1, where, name, value, "at least 0 and less than 1");
  }

  static void atLeastOne(String where, String name, long value) {
    require(value >= 1, where, name, value, "at least 1");
  }

  private static void require(boolean holds, String where, String name, Number value, String range) {
    if (!holds) {
      throw new InvalidArgumentException(where, name + " is " + value + ", expected " + range, "");
    }
  }
}
