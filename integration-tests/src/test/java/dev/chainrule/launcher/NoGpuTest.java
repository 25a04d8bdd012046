package dev.chainrule.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On a machine without NVIDIA's driver the command says what is missing, and goes on without it where it was not asked for. */
class NoGpuTest {

  private static final int UNAVAILABLE = 3;

  @TempDir
  private Path nothing;

  private CommandProcess.Ended run(String... arguments) throws IOException, InterruptedException {
    return CommandProcess.run(Map.of(), List.of("-Dchainrule.cuda.libraries=" + nothing, "-verbose:class"), arguments);
  }

  private static void assertNoJcuda(CommandProcess.Ended ended) {
    assertFalse(ended.output().contains("jcuda.driver"), "classes were loaded that want a driver");
  }

  @Test
  void cudaIsRefusedByNameWithTheFix() throws IOException, InterruptedException {
    CommandProcess.Ended ended = run("train", "mnist", "--backend", "cuda", "--max-steps", "1");
    assertEquals(UNAVAILABLE, ended.status(), ended.output());
    assertTrue(ended.output().contains("libcuda.so.1 is not there"), ended.output());
    assertTrue(ended.output().contains("Install NVIDIA's driver, version 525 or newer"), ended.output());
    assertNoJcuda(ended);
  }

  @Test
  void autoTrainsElsewhereAndSaysWhy() throws IOException, InterruptedException {
    CommandProcess.Ended ended = run("train", "mnist", "--backend", "auto", "--max-steps", "1");
    assertEquals(0, ended.status(), ended.output());
    assertTrue(ended.output().contains("auto: not cuda: NVIDIA's driver library libcuda.so.1 is not there"), ended.output());
    assertTrue(ended.output().lines().anyMatch(line -> line.matches("auto: (cpu|opencl):0")), ended.output());
    assertNoJcuda(ended);
  }

  @Test
  void autoGoesOnAndDoctorSaysWhy() throws IOException, InterruptedException {
    CommandProcess.Ended ended = run("doctor");
    assertEquals(0, ended.status(), ended.output());
    assertTrue(ended.output().contains("libcuda.so.1 is not there"), ended.output());
    assertTrue(ended.output().matches("(?s).*choice +ok +(cpu|opencl):0 without --backend.*"), ended.output());
    assertNoJcuda(ended);
  }
}
