package dev.chainrule.conformance;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.benchmarks.gpu.GpuTraining;
import dev.chainrule.benchmarks.gpu.GpuWorkload;
import dev.chainrule.device.Devices;
import dev.chainrule.nn.Losses;
import dev.chainrule.optim.AdamW;
import dev.chainrule.optim.Schedule;
import dev.chainrule.train.parity.Parity;
import dev.chainrule.train.parity.ParityReport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The benchmarks' networks for graphics processors, small: every device trains them as the CPU does, and in reduced precision, too. */
class GpuWorkloadsTest {

  /** At step 8 the input of a relu is 0 to within roundings, so that its gradient is on one side on some devices, on the other on others. */
  private static final int STEPS_OF_RESIDUALS = 5;

  @ParameterizedTest
  @MethodSource("dev.chainrule.conformance.TestedDevices#stream")
  void inFullPrecisionTheyTrainAlike(TestedDevices.TestedDevice tested) {
    GpuWorkload.small().forEach(workload -> {
      ParityReport report = Parity.of(() -> GpuTraining.model(workload), Losses::crossEntropy,
          parameters -> new AdamW(parameters, Schedule.constant(workload.rate())), GpuTraining.batches(workload))
          .withSteps(workload.model() instanceof GpuWorkload.Residuals ? STEPS_OF_RESIDUALS : 9, 4).between(Devices.open("cpu"), tested.device());
      assertTrue(report.holds(), workload.title() + ": " + report);
    });
  }

  @ParameterizedTest
  @MethodSource("dev.chainrule.conformance.TestedDevices#stream")
  void inTheirOwnPrecisionTheyLearn(TestedDevices.TestedDevice tested) {
    tested.run(() -> {
      for (GpuWorkload workload : GpuWorkload.small()) {
        var training = new GpuTraining(workload);
        double first = training.step().item();
        for (int i = 0; i < 20; i++) {
          training.step();
        }
        double last = training.lossOfFirstBatch();
        assertTrue(last < first, workload.title() + ": " + first + " -> " + last);
      }
    });
  }
}
