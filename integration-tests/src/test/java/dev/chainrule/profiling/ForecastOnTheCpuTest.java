package dev.chainrule.profiling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.autograd.Gradients;
import dev.chainrule.backend.cpu.CpuDevice;
import dev.chainrule.device.Devices;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.nn.Linear;
import dev.chainrule.nn.Losses;
import dev.chainrule.nn.Relu;
import dev.chainrule.nn.Sequential;
import dev.chainrule.optim.Adam;
import dev.chainrule.optim.Schedule;
import dev.chainrule.plan.Engine;
import dev.chainrule.plan.PlanReport;
import dev.chainrule.tensor.ConvOptions;
import dev.chainrule.tensor.Loop;
import dev.chainrule.tensor.Normalisation;
import dev.chainrule.tensor.PoolOptions;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.train.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The memory that a plan's report announces is what the pool of a device counts when the plan has run there. */
class ForecastOnTheCpuTest {

  private static final double SLACK = 0.05;

  private static Tensor data(long... shape) {
    TensorType type = TensorType.of(DType.F32, shape);
    return Tensor.of(HostArray.ofDoubles(type, new SplittableRandom(1).doubles(type.elements(), -1, 1).toArray()));
  }

  private static List<Tensor> withGradients(Tensor loss, Tensor... targets) {
    List<Tensor> all = new ArrayList<>(List.of(loss));
    all.addAll(Gradients.of(loss, List.of(targets)));
    return all;
  }

  private static void assertForecast(Step step, Tensor... inputs) {
    try (var device = new CpuDevice(2)) {
      Devices.with(device, () -> {
        Engine engine = Engine.of(device);
        PlanReport report = step.plan(inputs);
        assertEquals(report.planBytes(), engine.peakBytes(), "a plan has no other memory than the report says");
        List<Tensor> results = step.run(inputs);
        assertEquals(report.peakBytes(), engine.peakBytes(), SLACK * engine.peakBytes());
        assertTrue(report.arenaBytes() > 0 && results.size() > 0);
        long held = report.temporariesAtPeak().values().stream().mapToLong(b -> b).sum();
        assertTrue(held <= report.arenaBytes() && held > 0.8 * report.arenaBytes(), held + " of " + report.arenaBytes() + " are held");
        return report;
      });
    }
  }

  @Test
  @Tag("S16.15")
  void anMlpWithAdam() {
    var model = new Sequential(new Linear(196, 128), new Relu(), new Linear(128, 10));
    var adam = new Adam(model.parameters(), Schedule.constant(1e-3));
    assertForecast(Step.training(in -> {
      Tensor loss = Losses.crossEntropy(model.apply(in.get(0)), in.get(1));
      adam.minimise(loss);
      return List.of(loss);
    }), data(64, 196), Tensor.of(new int[64]));
  }

  @Test
  void layerNorm() {
    assertForecast(Step.evaluation(in -> {
      Tensor y = Normalisation.layerNorm(in.get(0), in.get(1), in.get(2), 1e-5);
      return withGradients(y.mul(in.get(3)).sum(), in.get(0), in.get(1), in.get(2));
    }), data(256, 128), data(128), data(128), data(256, 128));
  }

  @Test
  void aConvolutionBlock() {
    assertForecast(Step.training(in -> {
      Tensor y = in.get(0).conv2d(in.get(1), ConvOptions.DEFAULT.withPadding(1));
      Tensor z = Normalisation.batchNorm(y, in.get(2), in.get(3), 1e-5).y().relu().maxPool2d(PoolOptions.of(2));
      return withGradients(z.square().sum(), in.get(0), in.get(1), in.get(2), in.get(3));
    }), data(8, 8, 16, 16), data(16, 8, 3, 3), data(16), data(16));
  }

  @Test
  void aRecurrentNetwork() {
    assertForecast(Step.evaluation(in -> {
      Tensor states = Loop.scan(30, List.of(in.get(1)), List.of(in.get(0)), (_, carries, slices) -> {
        Tensor next = slices.getFirst().matmul(in.get(2)).add(carries.getFirst().matmul(in.get(3))).tanh();
        return new Loop.Results(List.of(next), List.of(next));
      }).outputs().getFirst();
      return withGradients(states.square().mean(), in.get(2), in.get(3));
    }), data(30, 16, 24), data(16, 64), data(24, 64), data(64, 64));
  }
}
