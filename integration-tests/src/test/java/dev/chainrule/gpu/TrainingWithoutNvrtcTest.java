package dev.chainrule.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.chainrule.backend.cuda.AheadOfTime;
import dev.chainrule.backend.cuda.StandIn;
import dev.chainrule.conformance.Rehearsal;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The kernels that are compiled ahead for the recipe are all that it needs: it trains where there is a driver and no compiler. */
class TrainingWithoutNvrtcTest {

  @TempDir
  private Path folder;

  private record Ended(int status, String output) {
    /** The words that come after one. */
    String after(String label) {
      return output.substring(output.lastIndexOf(label)).lines().findFirst().orElseThrow();
    }
  }

  private static Ended train(List<String> properties, String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path")));
    command.addAll(properties);
    command.addAll(List.of("dev.chainrule.cli.Main", "train", "mnist", "--max-steps", "3"));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Ended(process.waitFor(), output);
  }

  @Test
  void theRecipeTrainsWithADriverAndKernelsCompiledAhead() throws IOException, InterruptedException {
    assumeTrue(StandIn.isPossible(), "skipped: the stand-in for CUDA needs g++ on Linux, x86-64");
    Path driver = Files.createDirectory(folder.resolve("driver"));
    Files.createSymbolicLink(driver.resolve("libcuda.so.1"), StandIn.here().folder().resolve("libcuda.so.1"));
    Path kernels = Files.createDirectory(folder.resolve("kernels"));
    AheadOfTime.compileForStandIn(Rehearsal.during(KernelsAhead.recipe("adam")), kernels);
    List<String> properties = List.of("-Dchainrule.cuda.libraries=" + driver, "-Dchainrule.cuda.precompiled=" + kernels,
        "-Dchainrule.cuda.cubins=" + folder.resolve("cubins"));

    Ended trained = train(properties, "--backend", "cuda", "--optimizer", "adam");
    assertEquals(0, trained.status, trained.output);
    Ended onTheCpu = train(List.of(), "--backend", "cpu", "--optimizer", "adam");
    assertEquals(onTheCpu.after("test accuracy"), trained.after("test accuracy"));

    Ended refused = train(properties, "--backend", "cuda", "--optimizer", "rmsprop");
    assertNotEquals(0, refused.status, refused.output);
    assertTrue(refused.output.contains("needs kernels that were not compiled ahead"), refused.output);
    assertTrue(refused.output.contains("pip install nvidia-cuda-nvrtc"), refused.output);
  }
}
