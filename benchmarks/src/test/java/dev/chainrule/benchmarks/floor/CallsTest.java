package dev.chainrule.benchmarks.floor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.benchmarks.training.Workload;
import org.junit.jupiter.api.Test;

/** How much a step must multiply, counted by hand. */
class CallsTest {

  private static long flops(Workload workload) {
    return Calls.of(workload).stream().mapToLong(Call::flops).sum();
  }

  @Test
  void aPerceptronMultipliesForwardForItsWeightsAndFromTheSecondLayerForItsInputs() {
    assertEquals(2L * 64 * (2 * 784 * 512 + 3 * 512 * 256 + 3 * 256 * 10), flops(Workload.MLP_64_SGD));
    assertEquals(16 * flops(Workload.MLP_64_SGD), flops(Workload.MLP_1024_ADAM));
  }

  @Test
  void convolutionsMultiplyAtEachPixel() {
    long blocks = 2 * 28 * 28 * 25 * 32 + 3 * 14 * 14 * 25 * 32 * 64;
    assertEquals(2L * 64 * (blocks + 3 * (3136 * 128 + 128 * 10)), flops(Workload.LENET));
    long vgg = 1024L * 9 * (2 * 3 * 64 + 3 * 64 * 64) + 256L * 9 * 3 * (64 * 128 + 128 * 128) + 64L * 9 * 3 * (128 * 256 + 256 * 256);
    assertEquals(2L * 64 * (vgg + 3 * 4096 * 10), flops(Workload.VGG));
  }

  @Test
  void aTransformerMultipliesByItsWeightsAndInAttention() {
    long rows = 16 * 128;
    long weights = 3 * rows * (4 * 12 * 128 * 128 + 128 * 96);
    long attention = 4 * 6 * rows * 128 * 128;
    assertEquals(2 * (weights + attention), flops(Workload.GPT));
  }

  @Test
  void anLstmMultipliesTwiceByEachOfItsWeightsAndOnceForTheirGradients() {
    long rows = 32 * 64;
    assertEquals(2 * 3 * rows * (2 * 128 * 512 + 128 * 96), flops(Workload.LSTM));
  }

  @Test
  void ownKernelsCarryOutEveryKindOfCall() {
    Library own = OwnLibrary.open();
    own.prepare().apply(new Call.Product(2, 3, 4, 5)).run();
    own.prepare().apply(new Call.Convolution(Call.Pass.WEIGHT_GRADIENT, 2, 3, 8, 4, 3)).run();
  }

  @Test
  void memoryMovesAtSomeSpeed() {
    double bytesPerSecond = Bandwidth.measure(1 << 20, 2);
    assertTrue(bytesPerSecond > 1e8 && bytesPerSecond < 1e13, bytesPerSecond + " bytes a second");
  }
}
