package dev.chainrule.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.chainrule.InvalidArgumentException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A missing or unfit library is a line in the log and products in Java. */
class DnnlSearchTest {

  @BeforeAll
  static void librariesAreForThisMachine() {
    assumeTrue(DnnlFiles.fit(), "no oneDNN for this machine");
  }

  /** What the search says in the log. */
  private static List<String> log(Runnable search) {
    List<String> lines = new ArrayList<>();
    Logger logger = Logger.getLogger(DnnlSearch.class.getName());
    var handler = new Handler() {
      @Override
      public void publish(LogRecord line) {
        lines.add(line.getLevel() + " " + line.getMessage());
      }

      @Override
      public void flush() {}

      @Override
      public void close() {}
    };
    logger.addHandler(handler);
    try {
      search.run();
    } finally {
      logger.removeHandler(handler);
    }
    return lines;
  }

  private static void assertNotFound(DnnlSearch.Source source, String why) {
    List<String> lines = log(() -> assertTrue(DnnlSearch.find(source).library().isEmpty()));
    assertEquals(1, lines.size(), lines.toString());
    assertTrue(lines.getFirst().startsWith("INFO Matrix products are computed in Java: " + why), lines.getFirst());
  }

  @Test
  void aFolderWithoutTheLibraryIsNamed(@TempDir Path folder) {
    assertNotFound(() -> folder, "oneDNN cannot be opened");
  }

  @Test
  void aCacheThatCannotBeWrittenIsNamed(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "");
    assertNotFound(() -> DnnlFiles.unpacked(file), "oneDNN cannot be unpacked");
  }

  @Test
  void aDamagedFileIsUnpackedAgain(@TempDir Path folder) throws IOException {
    DnnlFiles.unpack(DnnlFiles.OPENMP, folder);
    byte[] whole = Files.readAllBytes(folder.resolve(DnnlFiles.OPENMP));
    Files.writeString(folder.resolve(DnnlFiles.OPENMP), "cut short");
    DnnlFiles.unpack(DnnlFiles.OPENMP, folder);
    assertArrayEquals(whole, Files.readAllBytes(folder.resolve(DnnlFiles.OPENMP)));
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(List.of(folder.resolve(DnnlFiles.OPENMP)), files.toList());
    }
  }

  @Test
  void theDiagnosisSaysWhatComputesProducts() {
    String finding = new CpuBackend().diagnose().findings().getFirst();
    assertEquals(DnnlSearch.here().library().isPresent(), finding.equals("matrix products by oneDNN"), finding);
    assertEquals("matrix products in Java, oneDNN is switched off", Natives.OFF.finding());
  }

  @Test
  void anUnknownChoiceIsNamed() {
    String before = System.getProperty("chainrule.cpu.native", "on");
    System.setProperty("chainrule.cpu.native", "perhaps");
    try {
      var e = assertThrows(InvalidArgumentException.class, Natives::chosen);
      assertTrue(e.getMessage().contains("chainrule.cpu.native"), e.getMessage());
    } finally {
      System.setProperty("chainrule.cpu.native", before);
    }
  }

  /** Prints what a device finds that is opened with the properties of the JVM. */
  static final class Opening {
    public static void main(String[] arguments) {
      try (var first = new CpuDevice(1); var second = new CpuDevice(2)) {
        System.out.println(first.info().id() + second.info().id() + " " + Natives.chosen().finding());
      }
    }
  }

  @Test
  void switchedOffThereIsOneLine() throws Exception {
    List<String> output = GemmMachinesTest.run(Opening.class, "-Dchainrule.cpu.native=off");
    assertEquals("cpu:0cpu:0 matrix products in Java, oneDNN is switched off", output.getLast());
    assertEquals(1, output.stream().filter(line -> line.contains("INFO: Matrix products are computed in Java")).count(), output.toString());
  }

  /** That JVM's class path lacks the jar. */
  @Test
  void withoutTheJarThereIsOneLine() throws Exception {
    List<String> output = GemmMachinesTest.run(Opening.class);
    assertTrue(output.getLast().startsWith("cpu:0cpu:0 matrix products in Java: oneDNN cannot be unpacked"), output.getLast());
    assertEquals(1, output.stream().filter(line -> line.contains("INFO: Matrix products are computed in Java")).count(), output.toString());
  }
}
