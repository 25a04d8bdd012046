package dev.chainrule.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.data.Column;
import dev.chainrule.data.DataLoader;
import dev.chainrule.data.Dataset;
import dev.chainrule.data.LastBatch;
import dev.chainrule.device.Devices;
import dev.chainrule.device.ReferenceDevice;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.nn.Dropout;
import dev.chainrule.nn.Linear;
import dev.chainrule.nn.Losses;
import dev.chainrule.nn.Sequential;
import dev.chainrule.optim.Adam;
import dev.chainrule.optim.Schedule;
import dev.chainrule.plan.PlanReport;
import dev.chainrule.tensor.Cond;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A Step tells its plan without running, and goes on as if nobody had asked. */
class StepPlanTest {

  private static final Tensor X = Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3);
  private static final Tensor LABELS = Tensor.of(new int[] {1, 0});

  private static <T> T onReference(Supplier<T> body) {
    return Devices.with(ReferenceDevice.create(), body);
  }

  /** Losses and final weights of some runs, between which the plan is asked for or not. */
  private static List<Double> training(boolean asking) {
    return onReference(() -> {
      var model = new Sequential(new Linear(3, 8), new Dropout(0.5), new Linear(8, 2));
      model.initialise(1);
      var adam = new Adam(model.parameters(), Schedule.constant(0.1));
      Step step = Step.training(in -> {
        Tensor loss = Losses.crossEntropy(model.apply(in.get(0)), in.get(1));
        adam.minimise(loss);
        return List.of(loss);
      });
      List<Double> seen = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        if (asking) {
          step.plan(X, LABELS);
          assertEquals(i, step.runs());
        }
        seen.add(step.run(X, LABELS).getFirst().item());
      }
      assertEquals(1, step.plans());
      for (Variable parameter : model.parameters()) {
        for (double weight : parameter.value().toDoubleArray()) {
          seen.add(weight);
        }
      }
      return seen;
    });
  }

  /** Dropout draws the same bits, so the number of the run is the same too. */
  @Test
  @Tag("S16.15")
  void askingForThePlanChangesNothing() {
    assertEquals(training(false), training(true));
  }

  @Test
  void theNextRunTakesThePlanThatWasReported() {
    onReference(() -> {
      Step step = Step.evaluation(in -> List.of(in.getFirst().mul(2)));
      step.plan(X);
      assertEquals(1, step.plans());
      step.run(X);
      assertEquals(1, step.plans());
      step.plan(Tensor.of(new float[] {1}));
      assertEquals(2, step.plans());
      return step;
    });
  }

  @Test
  void planningRunsNothingAndVariablesKeepTheirValues() {
    var device = ReferenceDevice.create();
    Devices.with(device, () -> {
      Variable v = Variable.of("v", HostArray.ofDoubles(TensorType.of(DType.F32, 2), 1, 2), true);
      Step step = Step.training(_ -> {
        v.assign(v.value().add(1));
        return List.of(v.value().sum());
      });
      step.plan();
      assertEquals(0, device.runs());
      assertEquals(0, device.uploads());
      assertArrayEquals(new float[] {1, 2}, v.value().toFloatArray());
      assertEquals(5, step.run().getFirst().item());
      return v;
    });
  }

  @Test
  void memoryIsToldByItsUse() {
    PlanReport report = onReference(() -> {
      Variable v = Variable.of("v", HostArray.ofDoubles(TensorType.of(DType.F32, 3), 1, 2, 3), true);
      Tensor literal = Tensor.constant(HostArray.ofDoubles(TensorType.of(DType.F32, 2, 3), 1, 2, 3, 4, 5, 6));
      return Step.evaluation(in -> List.of(in.getFirst().matmul(literal.transpose()).sum(), v.value().add(1),
          Tensor.full(TensorType.of(DType.F32, 2000), 3).mul(in.getFirst().sum()))).plan(X);
    });
    assertEquals(3 * Float.BYTES, report.stateBytes());
    assertEquals(6 * Float.BYTES, report.inputBytes());
    assertEquals(4096 + 4096 + 2000 * Float.BYTES, report.outputBytes());
    assertTrue(report.planBytes() >= 6 * Float.BYTES);
    assertEquals(report.arenaBytes() + report.planBytes() + report.stateBytes() + report.inputBytes() + report.outputBytes(),
        report.peakBytes());
  }

  @Test
  void theArenasHoldersAreModules() {
    PlanReport report = onReference(() -> {
      var model = new Sequential(new Linear(3, 500), new Linear(500, 2));
      model.initialise(1);
      return Step.evaluation(in -> List.of(model.apply(in.getFirst()))).plan(X);
    });
    assertTrue(report.temporariesAtPeak().containsKey("0"), report.temporariesAtPeak().toString());
    assertTrue(report.temporariesAtPeak().firstEntry().getValue() >= 2 * 500 * Float.BYTES);
  }

  @Test
  void theTableHasARowForEachKernelAndForThoseInLoops() {
    PlanReport report = onReference(() -> Step.evaluation(in -> Cond.of(in.getFirst().sum().less(3),
        () -> List.of(in.getFirst().tanh()), () -> List.of(in.getFirst().exp()))).plan(X));
    List<String> lines = report.toString().lines().toList();
    assertTrue(lines.getFirst().matches("kernel +module +result +read +written +FLOPs"), lines.getFirst());
    assertTrue(lines.stream().anyMatch(line -> line.matches("sum less +bool\\[] +28 B +1 B +7")), report.toString());
    assertTrue(lines.stream().anyMatch(line -> line.startsWith("  tanh")) && lines.stream().anyMatch(line -> line.startsWith("  exp")),
        report.toString());
    assertTrue(lines.stream().anyMatch(line -> line.matches(report.kernels().size() + " kernels +.*")), report.toString());
    assertTrue(lines.stream().anyMatch(line -> line.startsWith("memory on reference:0: ")), report.toString());
    assertTrue(lines.stream().noneMatch(line -> line.endsWith(" ")));
    String row = lines.stream().filter(line -> line.startsWith("sum less")).findFirst().orElseThrow();
    assertEquals(lines.getFirst().indexOf(" written") + " written".length(), row.indexOf(" 1 B") + " 1 B".length());
    int end = lines.getFirst().length();
    for (int i = 1; i <= lines.indexOf(lines.stream().filter(l -> l.contains(" kernels ")).findFirst().orElseThrow()); i++) {
      assertEquals(end, lines.get(i).length(), "columns are aligned: " + lines.get(i));
    }
  }

  @Test
  void aTrainerTellsThePlanOfItsNextStep() {
    onReference(() -> {
      var model = new Sequential(new Linear(3, 2));
      model.initialise(1);
      Trainer trainer = Trainer.of(model, Losses::crossEntropy, new Adam(model.parameters(), Schedule.constant(0.1)));
      var data = Dataset.of(Column.of(X.toHostArray()), Column.of(LABELS.toHostArray()));
      var loader = DataLoader.of(data, 2);
      PlanReport report = trainer.plan(loader);
      assertEquals(6 * Float.BYTES + 2 * Integer.BYTES, report.inputBytes());
      assertEquals(0, trainer.epochsDone());
      assertThrows(InvalidArgumentException.class, () -> trainer.plan(DataLoader.of(data, 5).withLast(LastBatch.DROP)));
      return report;
    });
  }
}
