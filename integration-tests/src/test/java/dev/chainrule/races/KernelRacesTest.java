package dev.chainrule.races;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * No kernel reads or writes outside its buffers, or depends on the order of its threads: Oclgrind, which interprets kernels and watches each
 * access, says nothing. (What it says of uninitialised values is not asked: it is wrong about positions that sort_merge.cl looks up.) It says a lot about kernels that are wrong on purpose. Its driver takes the place of all
 * others in a process of its own.
 */
class KernelRacesTest {

  private static final List<Path> PLACES = List.of(Path.of("/usr/lib/oclgrind/liboclgrind-rt-icd.so"),
      Path.of("/usr/lib/x86_64-linux-gnu/oclgrind/liboclgrind-rt-icd.so"), Path.of("/usr/local/lib/oclgrind/liboclgrind-rt-icd.so"));

  private static final int MINUTES = 10;

  @TempDir
  private Path drivers;

  @BeforeAll
  static void requireOclgrind() {
    if (driver().isEmpty()) {
      String reason = "Oclgrind is not installed (Debian: apt install oclgrind)";
      if ("true".equals(System.getenv("CI"))) {
        fail(reason);
      }
      System.out.println("skipped: " + reason);
      abort(reason);
    }
  }

  private static Optional<Path> driver() {
    return PLACES.stream().filter(Files::exists).findFirst();
  }

  /** What Oclgrind prints about a run. */
  private String run(String what) throws IOException, InterruptedException {
    Files.writeString(drivers.resolve("oclgrind.icd"), driver().orElseThrow() + "\n");
    Path output = drivers.resolve("output");
    ProcessBuilder builder = new ProcessBuilder(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(), "--enable-native-access=ALL-UNNAMED",
        "-Dchainrule.opencl.optimise=off", "-Dchainrule.opencl.cache=off",
        "-cp", System.getProperty("java.class.path"), CheckedKernels.class.getName(), what)
        .redirectErrorStream(true).redirectOutput(output.toFile());
    builder.environment().put("OCL_ICD_VENDORS", drivers.toString());
    builder.environment().put("OCLGRIND_DATA_RACES", "1");
    builder.environment().put("OCLGRIND_MAX_ERRORS", "5");
    Process process = builder.start();
    if (!process.waitFor(MINUTES, TimeUnit.MINUTES)) {
      process.destroyForcibly();
      fail("no end after " + MINUTES + " minutes:\n" + Files.readString(output, StandardCharsets.UTF_8));
    }
    String text = Files.readString(output, StandardCharsets.UTF_8);
    assertTrue(text.contains("checked on"), text);
    return text;
  }

  private static Stream<String> reports(String text) {
    return text.lines().filter(line -> line.contains("race") || line.contains("Invalid") || line.contains("divergence")
        || line.contains("errors generated") || line.contains("Exception"));
  }

  @Test
  void kernelsStayInTheirBuffersAndDoNotRace() throws IOException, InterruptedException {
    String text = run("kernels");
    assertEquals(List.of(), reports(text).toList(), text);
    assertTrue(text.contains("Oclgrind") && text.contains("checked all"), text);
  }

  @Test
  void aPlantedRaceIsReported() throws IOException, InterruptedException {
    String text = run("race");
    assertTrue(reports(text).anyMatch(line -> line.contains("race")), text);
  }

  @Test
  void aPlantedWriteBehindTheEndIsReported() throws IOException, InterruptedException {
    String text = run("bounds");
    assertTrue(reports(text).anyMatch(line -> line.contains("Invalid write")), text);
  }
}
