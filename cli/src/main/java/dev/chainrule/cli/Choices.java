package dev.chainrule.cli;

import dev.chainrule.InvalidArgumentException;
import java.util.Map;
import java.util.Optional;

/** Options that take one of several names. */
final class Choices {

  private Choices() {}

  /** The value for a name; unknown ones are answered with all there are. */
  static <T> T pick(String option, String name, Map<String, T> known) {
    return Optional.ofNullable(known.get(name)).orElseThrow(() ->
        new InvalidArgumentException(option, "unknown name '" + name + "'", "Choose one of: " + String.join(", ", known.keySet()) + "."));
  }
}
