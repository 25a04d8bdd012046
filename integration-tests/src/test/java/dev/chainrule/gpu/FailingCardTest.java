package dev.chainrule.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.chainrule.backend.cuda.StandIn;
import dev.chainrule.launcher.CommandProcess;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A training on a card that fails in the middle of it ends with a message and a status that say so, and does not hang. */
class FailingCardTest {

  /** @param failure for the stand-in: what fails at which of its calls, or how the machine is */
  private static CommandProcess.Ended train(String failure) throws IOException, InterruptedException {
    return CommandProcess.run(Map.of("CHAINRULE_STAND_IN", failure),
        List.of("-Dchainrule.cuda.libraries=" + StandIn.here().folder(), "-Dchainrule.cuda.cubins=" + StandIn.cubins()),
        "train", "mnist", "--backend", "cuda", "--max-steps", "20", "--no-graphs");
  }

  @ParameterizedTest
  @CsvSource({"launch=30, 3, CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", "async=30, 3, CUDA_ERROR_LAUNCH_FAILED", "lost=30, 3, the GPU is lost",
      "memory=3000000, 6, bytes are not to be had", "alloc=4, 0, test accuracy"})
  void itSaysWhatFailed(String failure, int status, String message) throws IOException, InterruptedException {
    assumeTrue(StandIn.isPossible(), "skipped: the stand-in for CUDA needs g++ on Linux, x86-64");
    CommandProcess.Ended ended = train(failure);
    assertEquals(status, ended.status(), ended.output());
    assertTrue(ended.output().contains(message), ended.output());
    assertFalse(ended.output().contains("\tat "), ended.output());
  }
}
