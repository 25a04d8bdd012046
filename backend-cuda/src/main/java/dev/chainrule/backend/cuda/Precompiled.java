package dev.chainrule.backend.cuda;

import dev.chainrule.kernels.Dialect;
import dev.chainrule.kernels.Source;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Kernels that nvcc compiled ahead of time for all architectures, as {@code scripts/compile-kernels} puts them into a jar: with them the
 * trainings that they are of need a driver alone. An index tells which file each is in; its first line says with which options and
 * head they were compiled, and with others they are of no use.
 */
final class Precompiled {

  /** Names a folder to look in instead of the class path. */
  static final String FOLDER = "chainrule.cuda.precompiled";

  static final String INDEX = "index";

  private static final String RESOURCES = "precompiled/";

  private final Map<String, String> files = new HashMap<>();

  private Precompiled(List<String> index) {
    if (!index.isEmpty() && !index.getFirst().equals(head())) {
      System.getLogger(Precompiled.class.getName()).log(System.Logger.Level.WARNING,
          "The kernels compiled ahead are for another version of Chainrule and are not used; scripts/compile-kernels makes new ones.");
    } else if (!index.isEmpty()) {
      for (String line : index.subList(1, index.size())) {
        String[] words = line.split(" ", 2);
        files.put(words[0], words[1]);
      }
    }
  }

  /** What there is. */
  static Precompiled here() {
    return new Precompiled(read(INDEX).map(bytes -> new String(bytes, StandardCharsets.UTF_8).lines().toList()).orElse(List.of()));
  }

  /** The first line of an index. */
  static String head() {
    return Source.digest(String.join("\n", Nvrtc.OPTIONS) + "\n" + Dialect.CUDA.head(true));
  }

  /** How many kernels there are. */
  int count() {
    return files.size();
  }

  /** The file that a kernel is in. */
  Optional<String> fileOf(Source kernel) {
    return Optional.ofNullable(files.get(kernel.name()));
  }

  /** What is in a file of the index. */
  byte[] content(String file) {
    return read(file).orElseThrow(() -> new IllegalStateException("[cuda] the kernels that were compiled ahead lack " + file));
  }

  private static Optional<byte[]> read(String name) {
    String folder = System.getProperty(FOLDER, "");
    try {
      if (!folder.isEmpty()) {
        Path file = Path.of(folder, name);
        return Files.isRegularFile(file) ? Optional.of(Files.readAllBytes(file)) : Optional.empty();
      }
      try (InputStream file = Precompiled.class.getResourceAsStream(RESOURCES + name)) {
        return file == null ? Optional.empty() : Optional.of(file.readAllBytes());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
