package dev.chainrule.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On a machine without NVIDIA's driver the command says what is missing, and goes on without it where it was not asked for. */
class NoGpuTest {

  private static final int UNAVAILABLE = 3;

  @TempDir
  private Path nothing;

  private record Ended(int status, String output) {}

  private Ended run(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-Dchainrule.cuda.libraries=" + nothing,
        "-verbose:class", "-cp", System.getProperty("java.class.path"), "dev.chainrule.cli.Main"));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Ended(process.waitFor(), output);
  }

  private static void assertNoJcuda(Ended ended) {
    assertFalse(ended.output.contains("jcuda.driver"), "classes were loaded that want a driver");
  }

  @Test
  void cudaIsRefusedByNameWithTheFix() throws IOException, InterruptedException {
    Ended ended = run("train", "mnist", "--backend", "cuda", "--max-steps", "1");
    assertEquals(UNAVAILABLE, ended.status, ended.output);
    assertTrue(ended.output.contains("libcuda.so.1 is not there"), ended.output);
    assertTrue(ended.output.contains("Install NVIDIA's driver, version 525 or newer"), ended.output);
    assertNoJcuda(ended);
  }

  @Test
  void autoTrainsElsewhereAndSaysWhy() throws IOException, InterruptedException {
    Ended ended = run("train", "mnist", "--backend", "auto", "--max-steps", "1");
    assertEquals(0, ended.status, ended.output);
    assertTrue(ended.output.contains("auto: not cuda: NVIDIA's driver library libcuda.so.1 is not there"), ended.output);
    assertTrue(ended.output.lines().anyMatch(line -> line.matches("auto: (cpu|opencl):0")), ended.output);
    assertNoJcuda(ended);
  }

  @Test
  void autoGoesOnAndDoctorSaysWhy() throws IOException, InterruptedException {
    Ended ended = run("doctor");
    assertEquals(0, ended.status, ended.output);
    assertTrue(ended.output.contains("libcuda.so.1 is not there"), ended.output);
    assertTrue(ended.output.matches("(?s).*choice +ok +(cpu|opencl):0 without --backend.*"), ended.output);
    assertNoJcuda(ended);
  }
}
