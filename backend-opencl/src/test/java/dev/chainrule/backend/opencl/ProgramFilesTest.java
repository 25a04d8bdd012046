package dev.chainrule.backend.opencl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProgramFilesTest {

  @TempDir
  private Path folder;

  @Test
  void aProgramIsReadAsItWasWritten() throws IOException {
    var files = new ProgramFiles(Optional.of(folder.resolve("deep").resolve("down")));
    assertEquals(Optional.empty(), files.read("key"));
    files.write("key", () -> new byte[] {1, 2, 3});
    files.write("key", () -> new byte[] {4, 5});
    assertArrayEquals(new byte[] {4, 5}, files.read("key").orElseThrow());
    try (Stream<Path> all = Files.list(folder.resolve("deep").resolve("down"))) {
      assertEquals(List.of("key"), all.map(file -> file.getFileName().toString()).toList());
    }
  }

  @Test
  void aPlaceThatCannotBeWrittenKeepsNothingAndHarmsNothing() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "");
    var files = new ProgramFiles(Optional.of(file));
    files.write("key", () -> new byte[] {1});
    assertEquals(Optional.empty(), files.read("key"));
    assertEquals(Optional.empty(), ProgramFiles.none().read("key"));
  }

  @Test
  void whereNothingIsKeptNoProgramIsAskedFor() {
    ProgramFiles.none().write("key", () -> fail("a driver would have to make it"));
  }
}
