package dev.chainrule.kernels;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/** Where the system wants a user's programs to keep what they can make again. */
public final class CacheFolder {

  private CacheFolder() {}

  /** Chainrule's own part of it, which need not exist. */
  public static Path ofTheUser() {
    String system = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
    Path home = Path.of(System.getProperty("user.home", "."));
    Path all = system.contains("windows") ? variable("LOCALAPPDATA").orElse(home.resolve("AppData").resolve("Local"))
        : system.contains("mac") ? home.resolve("Library").resolve("Caches")
        : variable("XDG_CACHE_HOME").orElse(home.resolve(".cache"));
    return all.resolve("chainrule");
  }

  private static Optional<Path> variable(String name) {
    return Optional.ofNullable(System.getenv(name)).filter(value -> !value.isEmpty()).map(Path::of);
  }
}
