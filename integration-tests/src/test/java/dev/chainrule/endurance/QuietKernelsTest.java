package dev.chainrule.endurance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/**
 * A step that makes garbage is interrupted by its collection. The test is a process of its own, because agents change what is compiled
 * how, and without the Vector API: how long the compiler takes to keep vectors in registers everywhere, and whether it does, differs
 * from run to run, so that only what does not depend on it is promised here. The generated vector code has a test of its own.
 */
class QuietKernelsTest {

  @Test
  void runsOfTrainingStepsAllocateNothingOnAnyThread() throws IOException, InterruptedException {
    Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "--enable-native-access=ALL-UNNAMED",
        "-cp", System.getProperty("java.class.path"), Garbage.class.getName())
        .redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    System.out.print(output);
  }
}
