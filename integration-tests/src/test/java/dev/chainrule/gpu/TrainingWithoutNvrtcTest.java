package dev.chainrule.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.chainrule.backend.cuda.AheadOfTime;
import dev.chainrule.backend.cuda.StandIn;
import dev.chainrule.conformance.Rehearsal;
import dev.chainrule.launcher.CommandProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The kernels that are compiled ahead for the recipe are all that it needs: it trains where there is a driver and no compiler. */
class TrainingWithoutNvrtcTest {

  @TempDir
  private Path folder;

  private static CommandProcess.Ended train(List<String> properties, String backend, String optimizer) throws IOException, InterruptedException {
    return CommandProcess.run(Map.of(), properties, "train", "mnist", "--max-steps", "3", "--backend", backend, "--optimizer", optimizer);
  }

  private static String accuracy(CommandProcess.Ended ended) {
    String output = ended.output();
    return output.substring(output.lastIndexOf("test accuracy")).lines().findFirst().orElseThrow();
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

    CommandProcess.Ended trained = train(properties, "cuda", "adam");
    assertEquals(0, trained.status(), trained.output());
    CommandProcess.Ended onTheCpu = train(List.of(), "cpu", "adam");
    assertEquals(accuracy(onTheCpu), accuracy(trained));

    CommandProcess.Ended refused = train(properties, "cuda", "rmsprop");
    assertNotEquals(0, refused.status(), refused.output());
    assertTrue(refused.output().contains("needs kernels that were not compiled ahead"), refused.output());
    assertTrue(refused.output().contains("pip install nvidia-cuda-nvrtc"), refused.output());
  }
}
