package dev.chainrule.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileTest {

  @TempDir Path directory;

  @Test
  void replacesTheOldContent() throws IOException {
    Path file = directory.resolve("f");
    Files.writeString(file, "the old and longer content");
    AtomicFile.write(file, channel -> channel.write(ByteBuffer.wrap(new byte[] {'n', 'e', 'w'})));
    assertEquals("new", Files.readString(file));
    assertEquals(List.of(file), files());
  }

  @Test
  void aFailureLeavesTheOldContentAndNoTemporaryFile() throws IOException {
    Path file = directory.resolve("f");
    Files.writeString(file, "old");
    var full = assertThrows(UncheckedIOException.class, () -> AtomicFile.write(file, channel -> {
      channel.write(ByteBuffer.allocate(10));
      throw new IOException("disk full");
    }));
    assertEquals("disk full", full.getCause().getMessage());
    assertThrows(ArithmeticException.class, () -> AtomicFile.write(file, _ -> Math.toIntExact(1L << 40)));
    assertEquals("old", Files.readString(file));
    assertEquals(List.of(file), files());
  }

  @Test
  void theOldContentStaysUntilTheNewIsComplete() throws IOException {
    Path file = directory.resolve("f");
    Files.writeString(file, "old");
    AtomicFile.write(file, channel -> {
      channel.write(ByteBuffer.allocate(10));
      assertEquals("old", Files.readString(file));
    });
    assertEquals(10, Files.size(file));
  }

  @Test
  void aMissingDirectoryIsAnError() {
    assertThrows(UncheckedIOException.class, () -> AtomicFile.write(directory.resolve("none").resolve("f"), _ -> { }));
  }

  private List<Path> files() throws IOException {
    try (var all = Files.list(directory)) {
      return all.toList();
    }
  }
}
