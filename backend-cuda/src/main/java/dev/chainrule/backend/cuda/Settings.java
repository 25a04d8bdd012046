package dev.chainrule.backend.cuda;

import dev.chainrule.InvalidArgumentException;
import java.nio.file.Path;

/**
 * How a device works.
 *
 * @param graphs whether runs with the memory of the run before become graphs, {@code -Dchainrule.cuda.graphs=false} if not
 * @param synchronous whether the host waits for each kernel, so that one that fails is named, {@code -Dchainrule.cuda.sync=true}
 * @param tunes whether algorithms of products that nobody has measured yet are measured when a plan is made,
 *     {@code -Dchainrule.cuda.tune=true}
 * @param cubins where compiled kernels are kept, {@code -Dchainrule.cuda.cubins=folder}
 */
record Settings(boolean graphs, boolean synchronous, boolean tunes, Path cubins) {

  static final String GRAPHS = "chainrule.cuda.graphs";
  static final String SYNCHRONOUS = "chainrule.cuda.sync";

  static final String TUNES = "chainrule.cuda.tune";

  static final String CUBINS = "chainrule.cuda.cubins";

  static Settings here() {
    String cubins = System.getProperty(CUBINS, "");
    return new Settings(flag(GRAPHS, true), flag(SYNCHRONOUS, false), flag(TUNES, false),
        cubins.isEmpty() ? cache().resolve("chainrule/cubins") : Path.of(cubins));
  }

  static boolean flag(String property, boolean otherwise) {
    String given = System.getProperty(property, "");
    return switch (given) {
      case "" -> otherwise;
      case "true" -> true;
      case "false" -> false;
      default -> throw new InvalidArgumentException(property, "\"" + given + "\" is neither true nor false",
          "Give one of them, as in -D" + property + "=" + !otherwise + ", or leave it out.");
    };
  }

  /** Where this user's programs keep what they can make again. */
  private static Path cache() {
    String given = System.getenv("XDG_CACHE_HOME");
    return given != null && given.startsWith("/") ? Path.of(given) : Path.of(System.getProperty("user.home"), ".cache");
  }
}
