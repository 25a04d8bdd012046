package dev.chainrule.gpu;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/** What runs: a digest of all files of a class path, whatever order they are named in. */
final class Build {

  private Build() {}

  static String digest(String classPath) throws IOException {
    List<Path> entries = Stream.of(classPath.split(File.pathSeparator, -1)).filter(entry -> !entry.isEmpty()).map(Path::of).filter(Files::exists)
        .sorted(Comparator.comparing((Path entry) -> entry.getFileName().toString()).thenComparing(Path::toString)).toList();
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (Path entry : entries) {
        try (Stream<Path> files = Files.walk(entry)) {
          for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
            String name = file.equals(entry) ? entry.getFileName().toString() : entry.relativize(file).toString();
            digest.update((name + "\n" + Files.size(file) + "\n").getBytes(StandardCharsets.UTF_8));
            digest.update(Files.readAllBytes(file));
          }
        }
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // all Java runtimes have it
    }
  }
}
