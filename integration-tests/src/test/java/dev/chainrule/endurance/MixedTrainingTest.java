package dev.chainrule.endurance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.backend.cpu.CpuDevice;
import dev.chainrule.device.Devices;
import dev.chainrule.tensor.Precision;
import dev.chainrule.train.Step;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Networks whose products and convolutions are in bf16 on the CPU learn what those in f32 learn. */
class MixedTrainingTest {

  private static final int STEPS = 60;

  @ParameterizedTest
  @EnumSource(names = {"PERCEPTRON", "CONVOLUTION", "TRANSFORMER"})
  @Tag("S19.18")
  void theyComeToNearlyTheSameLoss(SmallTraining training) {
    double[] full = losses(training.step(), 2);
    double[] mixed = losses(training.step().withPrecision(Precision.MIXED_BF16), 2);
    double fallen = full[0] - full[STEPS - 1];
    assertTrue(fallen > 0.1 * full[0], () -> training + " learns: " + full[0] + " to " + full[STEPS - 1]);
    assertEquals(full[STEPS - 1], mixed[STEPS - 1], 0.1 * fallen, training::toString);
    assertNotEquals(full[0], mixed[0], "the products are rounded");
    assertArrayEquals(mixed, losses(training.step().withPrecision(Precision.MIXED_BF16), 1), "the same bits on one thread");
  }

  private static double[] losses(Step step, int threads) {
    try (var device = new CpuDevice(threads)) {
      return Devices.with(device, () -> {
        double[] losses = new double[STEPS];
        for (int i = 0; i < STEPS; i++) {
          losses[i] = step.run().getFirst().item();
        }
        return losses;
      });
    }
  }
}
