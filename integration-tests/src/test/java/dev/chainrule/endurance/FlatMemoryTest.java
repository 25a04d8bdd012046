package dev.chainrule.endurance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.chainrule.benchmarks.Endurance;
import dev.chainrule.device.Backend;
import dev.chainrule.device.Devices;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Ten thousands of runs take no more memory than the first ones: heap, device memory, direct memory, classes, plans, and what the process
 * has in memory where the system says so. Each test is a process of its own with a fixed heap, so that what it takes beside that can be
 * told, and without the tests' agents, which would be slow and keep memory of their own.
 */
class FlatMemoryTest {

  @Test
  @Tag("S16.13")
  void aHundredThousandStepsOfChangingBatchSizesTakeNoMemory() throws IOException, InterruptedException {
    assertEquals(List.of(), grown("cpu", "training", 100_000, 0));
  }

  /** Fewer, since a driver that computes on the processor takes a millisecond for each; by a fifth of them all plans are there. */
  @Test
  void twentyThousandStepsOfChangingBatchSizesTakeNoMemoryOnOpenCl() throws IOException, InterruptedException {
    requireOpenCl();
    assertEquals(List.of(), grown("opencl", "training", 20_000, 0));
  }

  @Test
  void aHundredThousandEvaluationsTakeNoMemory() throws IOException, InterruptedException {
    assertEquals(List.of(), grown("cpu", "evaluations", 100_000, 0));
  }

  @Test
  void aHundredBytesLeakedEachTimeAreNoticed() throws IOException, InterruptedException {
    List<String> grown = grown("cpu", "evaluations", 20_000, 100);
    assertTrue(grown.contains("heap"), grown::toString);
  }

  private static void requireOpenCl() {
    Backend opencl = Devices.backends().stream().filter(backend -> backend.name().equals("opencl")).findFirst().orElseThrow();
    if (opencl.discover().isEmpty()) {
      String reason = String.join("; ", opencl.diagnose().findings());
      assertNotEquals("true", System.getenv("CI"), reason);
      System.out.println("skipped: " + reason);
      abort(reason);
    }
  }

  /** What the program reports as grown. */
  private static List<String> grown(String backend, String what, int runs, int leak) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-Xms128m", "-Xmx128m", "-Xmn16m", "-XX:+AlwaysPreTouch",
        "--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED",
        "-Dchainrule.backend=" + backend, "-cp", System.getProperty("java.class.path"),
        Endurance.class.getName(), what, Integer.toString(runs), Integer.toString(leak))
        .redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int status = process.waitFor();
    System.out.print(output);
    if (!Files.exists(Path.of("/proc/self/status"))) {
      System.out.println("resident memory is not checked: the system has no /proc/self/status");
    }
    String verdict = output.lines().reduce("", (_, last) -> last);
    assertEquals(status == 0 ? "flat" : "grown", verdict.replaceAll(":.*", ""), "the process ended early");
    return verdict.startsWith("flat") ? List.of() : List.of(verdict.replaceAll("^grown: | by [^;]*", "").split("; "));
  }
}
