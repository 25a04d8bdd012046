package dev.chainrule.backend.cpu;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/**
 * oneDNN's libraries as files. They come in a jar of JavaCPP's, of whose Java nothing is used, and are unpacked once for each user and
 * version, since only files can be opened.
 */
final class DnnlFiles {

  static final String LIBRARY = "libdnnl.so.3";
  static final String OPENMP = "libgomp.so.1";

  private static final String VERSION = "3.13-1.5.14";
  private static final String PLATFORM = "linux-x86_64";

  private DnnlFiles() {}

  /** Whether the libraries are for this operating system and processor. */
  static boolean fit() {
    return System.getProperty("os.name").equals("Linux") && System.getProperty("os.arch").equals("amd64");
  }

  /** Where this user's programs keep what they can make again. */
  static Path cache() {
    String given = System.getenv("XDG_CACHE_HOME");
    return given != null && given.startsWith("/") ? Path.of(given) : Path.of(System.getProperty("user.home"), ".cache");
  }

  /**
   * The folder below {@code cache} that holds both libraries; what is missing there, or of another size, is unpacked. Several processes
   * may do so at once: each file appears whole.
   *
   * @throws IOException if the jar is not on the class path or the folder cannot be written
   */
  static Path unpacked(Path cache) throws IOException {
    Path folder = cache.resolve("chainrule", "dnnl-" + VERSION + "-" + PLATFORM);
    for (String name : List.of(OPENMP, LIBRARY)) {
      unpack(name, folder);
    }
    return folder;
  }

  static void unpack(String name, Path folder) throws IOException {
    URL packed = DnnlFiles.class.getResource("/org/bytedeco/dnnl/" + PLATFORM + "/" + name);
    if (packed == null) {
      throw new IOException("org.bytedeco:dnnl:" + VERSION + ":" + PLATFORM + " is not on the class path");
    }
    Path file = folder.resolve(name);
    if (Files.isRegularFile(file) && Files.size(file) == packed.openConnection().getContentLengthLong()) {
      return;
    }
    Files.createDirectories(folder);
    Path part = Files.createTempFile(folder, name, ".part");
    try {
      try (InputStream in = packed.openStream()) {
        Files.copy(in, part, StandardCopyOption.REPLACE_EXISTING);
      }
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(part);
    }
  }
}
