package dev.chainrule.io;

import dev.chainrule.InvalidArgumentException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * Writes a file whole or not at all: the content goes to a temporary file beside the target, is forced to disk and renamed over it. A
 * reader sees the old content or the new, and so does the next start after a crash.
 */
public final class AtomicFile {

  /** Writes the content, from position 0. */
  @FunctionalInterface
  public interface Content {
    /** Writes the whole content, from position 0. */
    void writeTo(FileChannel channel) throws IOException;
  }

  private AtomicFile() {}

  /**
   * Creates or replaces {@code target}, whose directory must exist.
   *
   * @throws UncheckedIOException if writing fails; the target is then as it was and no temporary file is left
   */
  public static void write(Path target, Content content) {
    Path absolute = target.toAbsolutePath();
    Path directory = absolute.getParent();
    Path name = absolute.getFileName();
    if (directory == null || name == null) {
      throw new InvalidArgumentException(target.toString(), "not the name of a file", "");
    }
    String unique = ProcessHandle.current().pid() + "-" + Long.toHexString(System.nanoTime());
    Path temporary = directory.resolve("." + name + "." + unique + ".tmp");
    try {
      try (var channel = FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        content.writeTo(channel);
        channel.force(true);
      }
      Files.move(temporary, absolute, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + target, e);
    } finally {
      delete(temporary);
    }
    syncDirectory(directory);
  }

  private static void delete(Path temporary) {
    try {
      Files.deleteIfExists(temporary);
    } catch (IOException e) {
      // The failure to write is what the caller has to hear about.
    }
  }

  /** Makes the rename itself durable. Some systems (Windows) cannot open a directory; the content is safe there all the same. */
  private static void syncDirectory(Path directory) {
    try (var channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException e) {
      // Not possible here.
    }
  }
}
