package dev.chainrule.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.chainrule.autograd.Gradients;
import dev.chainrule.device.Devices;
import dev.chainrule.device.ReferenceDevice;
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
import dev.chainrule.schedule.Work;
import dev.chainrule.tensor.ConvOptions;
import dev.chainrule.tensor.Loop;
import dev.chainrule.tensor.Normalisation;
import dev.chainrule.tensor.PoolOptions;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** What a plan's report says before the first run is what the runs do: the reference device counts element by element. */
class ForecastTest {

  private static final double SLACK = 0.05;

  private final ReferenceDevice device = ReferenceDevice.create();

  private static Tensor data(long... shape) {
    TensorType type = TensorType.of(DType.F32, shape);
    return Tensor.of(HostArray.ofDoubles(type, new SplittableRandom(1).doubles(type.elements(), -1, 1).toArray()));
  }

  private static List<Tensor> withGradients(Tensor loss, Tensor... targets) {
    List<Tensor> all = new ArrayList<>(List.of(loss));
    all.addAll(Gradients.of(loss, List.of(targets)));
    return all;
  }

  /** Plans, runs and compares, instruction by instruction and in all; the peak too. */
  private PlanReport assertForecast(Step step, Tensor... inputs) {
    return Devices.with(device, () -> {
      PlanReport report = step.plan(inputs);
      step.run(inputs);
      List<ReferenceDevice.Traffic> traffic = device.traffic();
      assertEquals(report.kernels().size(), traffic.size());
      for (int i = 0; i < traffic.size(); i++) {
        Work work = report.kernels().get(i);
        assertNear(traffic.get(i).read(), work.bytesRead(), work + " reads");
        assertNear(traffic.get(i).written(), work.bytesWritten(), work + " writes");
      }
      assertNear(Engine.of(device).peakBytes(), report.peakBytes(), "the peak");
      return report;
    });
  }

  private static void assertNear(long counted, long forecast, String what) {
    assertEquals(counted, forecast, SLACK * counted, what);
  }

  @Test
  void ofAnMlpWithAdam() {
    var model = new Sequential(new Linear(20, 32), new Relu(), new Linear(32, 5));
    var adam = new Adam(model.parameters(), Schedule.constant(1e-3));
    PlanReport report = assertForecast(Step.training(in -> {
      Tensor loss = Losses.crossEntropy(model.apply(in.get(0)), in.get(1));
      adam.minimise(loss);
      return List.of(loss);
    }), data(16, 20), Tensor.of(new int[16]));
    long products = report.kernels().stream().filter(w -> w.operations().contains("dot")).mapToLong(Work::flops).sum();
    long goAlong = 3 * 16 * 32 + 16 * 5 + 2 * 16 * 32 + 20 * 32 + 32 * 5; // bias and relu; bias; relu's gradient; squares of both gradients
    assertEquals(2 * 16 * (2 * 20 * 32 + 3 * 32 * 5) + goAlong, products);
  }

  @Test
  void ofLayerNorm() {
    assertForecast(Step.evaluation(in -> {
      Tensor y = Normalisation.layerNorm(in.get(0), in.get(1), in.get(2), 1e-5);
      return withGradients(y.mul(in.get(3)).sum(), in.get(0), in.get(1), in.get(2));
    }), data(24, 40), data(40), data(40), data(24, 40));
  }

  @Test
  void ofAConvolutionBlock() {
    PlanReport report = assertForecast(Step.training(in -> {
      Tensor y = in.get(0).conv2d(in.get(1), ConvOptions.DEFAULT.withPadding(1));
      Tensor z = Normalisation.batchNorm(y, in.get(2), in.get(3), 1e-5).y().relu().maxPool2d(PoolOptions.of(2));
      return withGradients(z.square().sum(), in.get(0), in.get(1), in.get(2), in.get(3));
    }), data(2, 3, 8, 8), data(4, 3, 3, 3), data(4), data(4));
    long convolutions = report.kernels().stream().filter(w -> w.label().startsWith("conv")).mapToLong(Work::flops).sum();
    assertEquals(3 * 2 * (2 * 4 * 8 * 8) * (3 * 3 * 3), convolutions);
  }

  private static Tensor recurrence(List<Tensor> in) {
    return Loop.scan(9, List.of(in.get(1)), List.of(in.get(0)), (_, carries, slices) -> {
      Tensor next = slices.getFirst().matmul(in.get(2)).add(carries.getFirst().matmul(in.get(3))).tanh();
      return new Loop.Results(List.of(next), List.of(next));
    }).outputs().getFirst();
  }

  @Test
  void ofARecurrentNetwork() {
    assertForecast(Step.evaluation(in -> withGradients(recurrence(in).square().mean(), in.get(2), in.get(3))),
        data(9, 4, 6), data(4, 10), data(6, 10), data(10, 10));
  }

  @Test
  void ofALoopWhoseBodyCountsAtEachRepetition() {
    PlanReport report = assertForecast(Step.evaluation(in -> List.of(recurrence(in))),
        data(9, 4, 6), data(4, 10), data(6, 10), data(10, 10));
    List<Work> loops = report.kernels().stream().filter(w -> !w.body().isEmpty()).toList();
    assertEquals(9 * (2 * 4 * (6 + 10) * 10 + 2 * 4 * 10), loops.stream().mapToLong(Work::flops).sum());
    for (Work loop : loops) {
      assertEquals(loop.repetitions() * loop.body().stream().mapToLong(Work::bytesRead).sum(), loop.bytesRead());
    }
  }

  @Test
  void ofALookUpThatReadsNoMoreThanItChooses() {
    PlanReport report = assertForecast(Step.evaluation(in -> List.of(in.get(0).take(0, in.get(1)))),
        data(1000, 64), Tensor.of(new int[] {3, 999, 3}));
    assertEquals(3 * (64 * Float.BYTES + Integer.BYTES), report.bytesRead());
    assertEquals(0, report.flops());
  }

  /** As if once: how often is known when it has run. */
  @Test
  void ofWhatDependsOnDataAsIfOnce() {
    Step step = Step.evaluation(in ->
        Loop.whileTrue(in, state -> state.getFirst().sum().less(100), state -> List.of(state.getFirst().mul(2))));
    PlanReport report = Devices.with(device, () -> step.plan(data(30)));
    Work loop = report.kernels().stream().filter(w -> w.label().equals("while")).findFirst().orElseThrow();
    assertEquals(loop.body().stream().mapToLong(Work::flops).sum(), loop.flops());
    assertEquals(30 + 1 + 30, loop.flops());
  }

  @Test
  void ofABroadcastThatIsReadOnce() {
    PlanReport report = assertForecast(Step.evaluation(in -> List.of(in.get(0).add(in.get(1)))), data(50, 60), data(60));
    assertEquals((50 * 60 + 60) * Float.BYTES, report.bytesRead());
    assertEquals(50 * 60 * Float.BYTES, report.bytesWritten());
    assertEquals(50 * 60, report.flops());
  }
}
