package dev.chainrule.endurance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/**
 * A hundred thousand runs take no more memory than the first ten thousand. Each test is a process of its own with a fixed heap, so that
 * what the process takes beside it can be told, and with a small part of it for new objects, so that the collector finds soon what
 * device memory is unused.
 */
class FlatMemoryTest {

  @Test
  void aHundredThousandStepsTakeNoMemory() throws IOException, InterruptedException {
    assertEquals(0, longRun("steps", 0));
  }

  @Test
  void aHundredThousandEvaluationsTakeNoMemory() throws IOException, InterruptedException {
    assertEquals(0, longRun("evaluations", 0));
  }

  @Test
  void aHundredBytesLeakedEachTimeAreNoticed() throws IOException, InterruptedException {
    assertEquals(1, longRun("evaluations", 100));
  }

  private static int longRun(String what, int leak) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-Xms128m", "-Xmx128m", "-Xmn16m", "-XX:+AlwaysPreTouch", "--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED",
        "-Dchainrule.backend=cpu", "-cp", System.getProperty("java.class.path"), LongRun.class.getName(), what, Integer.toString(leak))
        .redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int status = process.waitFor();
    System.out.print(output);
    assertTrue(output.contains("us each"), "the process ended early");
    return status;
  }
}
