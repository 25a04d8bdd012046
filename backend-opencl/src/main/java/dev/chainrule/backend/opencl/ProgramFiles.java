package dev.chainrule.backend.opencl;

import dev.chainrule.kernels.CacheFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Compiled programs in the user's cache directory, by a digest of their text and of what compiled them. The property
 * {@code chainrule.opencl.cache} names another directory, or is {@code off}. That a file cannot be read or written only costs time.
 */
record ProgramFiles(Optional<Path> folder) {

  private static final String PROPERTY = "chainrule.opencl.cache";
  private static final System.Logger LOG = System.getLogger(ProgramFiles.class.getName());

  static ProgramFiles none() {
    return new ProgramFiles(Optional.empty());
  }

  static ProgramFiles chosen() {
    String given = System.getProperty(PROPERTY, "");
    if (given.equals("off")) {
      return none();
    }
    try {
      return new ProgramFiles(Optional.of(given.isEmpty() ? CacheFolder.ofTheUser().resolve("opencl") : Path.of(given)));
    } catch (InvalidPathException e) {
      return none();
    }
  }

  Optional<byte[]> read(String key) {
    Path file = folder.map(f -> f.resolve(key)).orElse(null);
    try {
      return file == null || !Files.exists(file) ? Optional.empty() : Optional.of(Files.readAllBytes(file));
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "a compiled program could not be read", e);
      return Optional.empty();
    }
  }

  /** Whole or not at all; it is not asked for where nothing is kept, since some drivers compile again for it. */
  void write(String key, Supplier<byte[]> program) {
    if (folder.isEmpty()) {
      return;
    }
    try {
      Files.createDirectories(folder.get());
      Path part = Files.createTempFile(folder.get(), key, ".part");
      Files.write(part, program.get());
      Files.move(part, folder.get().resolve(key), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "a compiled program could not be kept", e);
    }
  }
}
