package dev.chainrule.benchmarks.workloads;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.benchmarks.training.Workload;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Workloads as they are trained here. */
class ChainruleTrainingTest {

  private static final int BLOCK = 2 * 256 + (128 * 384 + 384) + (128 * 128 + 128) + (128 * 512 + 512) + (512 * 128 + 128);

  @Test
  void networksHaveTheParametersThatTheirShapesSay() {
    assertEquals(784 * 512 + 512 + 512 * 256 + 256 + 256 * 10 + 10, parameters(Workload.MLP_64_SGD));
    assertEquals(25 * 32 + 32 + 25 * 32 * 64 + 64 + 7 * 7 * 64 * 128 + 128 + 128 * 10 + 10, parameters(Workload.LENET));
    assertEquals(convolution(3, 64) + convolution(64, 64) + convolution(64, 128) + convolution(128, 128) + convolution(128, 256)
        + convolution(256, 256) + 4 * 4 * 256 * 10 + 10, parameters(Workload.VGG));
    assertEquals(96 * 128 + 128 * 128 + 4 * BLOCK + 256 + 128 * 96 + 96, parameters(Workload.GPT));
    assertEquals(96 * 128 + 2 * (128 * 512 + 512) + 128 * 96 + 96, parameters(Workload.LSTM));
  }

  private static long convolution(int channels, int filters) {
    return 9L * channels * filters + filters;
  }

  private static long parameters(Workload workload) {
    return new ChainruleTraining(workload).parameters();
  }

  /** An untrained network guesses: its loss is near the logarithm of the number of classes. */
  @ParameterizedTest
  @EnumSource(names = {"MLP_64_SGD", "MLP_64_ADAM", "LENET", "LSTM"})
  void theLossBeginsWithThatOfAGuessAndFalls(Workload workload) {
    var training = new ChainruleTraining(workload);
    double guess = Math.log(workload.network().classes());
    double first = training.step();
    assertEquals(guess, first, 0.1 * guess);
    double last = first;
    for (int i = 0; i < 4; i++) {
      last = training.step();
    }
    assertTrue(last < first, first + " -> " + last);
  }
}
