package dev.chainrule.backend.cpu;

import dev.chainrule.InvalidArgumentException;
import java.util.Locale;
import java.util.Optional;

/** Whether a device computes with libraries that are not Java, where they are there. The bits of products of f32 and f64 do not depend on it. */
enum Natives {
  /** No: all in Java. */
  OFF,
  /** Yes, with oneDNN. Where it cannot be used the log says why, and all is computed in Java. */
  ON;

  private static final String PROPERTY = "chainrule.cpu.native";

  /** Multiply-adds that take tens of milliseconds before they are compiled. */
  private static final long WORTH_WAITING = 1 << 20;

  /** What the system property says, {@link #ON} if it is not set. */
  static Natives chosen() {
    String given = System.getProperty(PROPERTY, "on");
    return switch (given.toLowerCase(Locale.ROOT)) {
      case "off" -> OFF;
      case "on" -> ON;
      default -> throw new InvalidArgumentException(PROPERTY, "\"" + given + "\" is no choice of libraries",
          "Give off or on, as in -D" + PROPERTY + "=off, or leave it out.");
    };
  }

  /** Begins to open what is wanted, on a thread of its own. */
  void begin() {
    switch (this) {
      case ON -> DnnlSearch.begin();
      case OFF -> DnnlSearch.omit();
    }
  }

  /** oneDNN, if it is wanted and can be used. Waits until it is open. */
  Optional<Dnnl> dnnl() {
    return this == ON ? DnnlSearch.here().library() : Optional.empty();
  }

  /**
   * oneDNN, if it is wanted and can be used for a product of so many multiply-adds. A large one waits until it is open: in a program's
   * first second, in which vectors in Java are not compiled, the product alone would take longer than what is left of that.
   */
  Optional<Dnnl> dnnlFor(long multiplyAdds) {
    return multiplyAdds < WORTH_WAITING ? dnnlByNow() : dnnl();
  }

  private Optional<Dnnl> dnnlByNow() {
    return this == ON ? DnnlSearch.byNow() : Optional.empty();
  }

  /** What computes matrix products and, if that is Java alone, why. Waits until libraries are open. */
  String finding() {
    if (this == OFF) {
      return "matrix products in Java, oneDNN is switched off";
    }
    DnnlSearch search = DnnlSearch.here();
    return search.library().isPresent() ? "matrix products by oneDNN" : "matrix products in Java: " + search.finding();
  }
}
