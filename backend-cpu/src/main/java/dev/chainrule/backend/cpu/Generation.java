package dev.chainrule.backend.cpu;

import dev.chainrule.InvalidArgumentException;
import java.util.Locale;

/** When a device's kernels run as generated classes; their results do not depend on it. */
public enum Generation {
  /** Never. */
  OFF,
  /** Once an executable has run twice and its kernels' classes are compiled. */
  ON,
  /** From the first run on, compiled or not: for tests. */
  EAGER;

  private static final String PROPERTY = "chainrule.cpu.generate";

  /** What the system property says, {@link #ON} if it is not set. */
  static Generation chosen() {
    String given = System.getProperty(PROPERTY, "on");
    return switch (given.toLowerCase(Locale.ROOT)) {
      case "off" -> OFF;
      case "on" -> ON;
      case "eager" -> EAGER;
      default -> throw new InvalidArgumentException(PROPERTY, "\"" + given + "\" is no way to generate code",
          "Give off, on or eager, as in -D" + PROPERTY + "=off, or leave it out.");
    };
  }

  /** This, or {@link #OFF} where the JVM lacks the Vector API. */
  Generation here() {
    return ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent() ? this : OFF;
  }
}
