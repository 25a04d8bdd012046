package dev.chainrule.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.chainrule.IndexRangeException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.nn.Linear;
import dev.chainrule.nn.Losses;
import dev.chainrule.nn.Module;
import dev.chainrule.nn.Sequential;
import dev.chainrule.nn.Tanh;
import dev.chainrule.optim.Adam;
import dev.chainrule.optim.Optimizer;
import dev.chainrule.optim.Schedule;
import dev.chainrule.tensor.Loop;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.train.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A run becomes a graph when its memory is that of a run before, and a graph computes what the launches do. */
class GraphsTest {

  private static long replays() {
    return OnTheStandIn.standIn().count("replays");
  }

  private static List<HostArray> losses(Settings settings, int steps) {
    List<HostArray> losses = new ArrayList<>();
    OnTheStandIn.with(settings, _ -> {
      Module model = new Sequential(new Linear(5, 8), new Tanh(), new Linear(8, 3));
      model.initialise(3);
      Optimizer optimizer = new Adam(model.parameters(), Schedule.constant(0.01));
      Step step = Step.training(in -> {
        Tensor loss = Losses.crossEntropy(model.apply(in.get(0)), in.get(1));
        optimizer.minimise(loss);
        return List.of(loss);
      });
      var random = new Random(5);
      for (int i = 0; i < steps; i++) {
        HostArray x = HostArray.ofDoubles(TensorType.of(DType.F32, 4, 5), random.doubles(20).toArray());
        HostArray y = HostArray.ofLongs(TensorType.of(DType.I32, 4), random.longs(4, 0, 3).toArray());
        losses.add(step.run(Tensor.of(x), Tensor.of(y)).getFirst().toHostArray());
      }
    });
    return losses;
  }

  @Test
  void aTrainingIsReplayedAndGivesTheSameBits() {
    Settings usual = OnTheStandIn.usual();
    List<HostArray> launched = losses(new Settings(false, false, usual.cubins()), 6);
    long before = replays();
    assertEquals(launched, losses(usual, 6));
    assertEquals(before + 5, replays());
  }

  @Test
  void whatARunIsGivenMayChange() {
    OnTheStandIn.with(_ -> {
      Step step = Step.evaluation(in -> List.of(in.get(0).mul(3).sum()));
      for (int i = 0; i < 4; i++) {
        assertEquals(3.0 * (i + i + 1), step.run(Tensor.of(new float[] {i, i + 1})).getFirst().item());
      }
    });
  }

  @Test
  void aFaultInAGraphCommitsNothingAndTheNextRunIsGood() {
    OnTheStandIn.with(_ -> {
      Tensor table = Tensor.of(new float[] {1, 2, 3});
      Step step = Step.evaluation(in -> List.of(table.take(0, in.get(0)).sum()));
      Tensor good = Tensor.of(HostArray.ofLongs(TensorType.of(DType.I32, 2), 0, 2));
      Tensor bad = Tensor.of(HostArray.ofLongs(TensorType.of(DType.I32, 2), 0, 3));
      long before = replays();
      for (int i = 0; i < 3; i++) {
        assertEquals(4.0, step.run(good).getFirst().item());
        assertThrows(IndexRangeException.class, () -> step.run(bad));
      }
      assertEquals(before + 5, replays());
    });
  }

  @Test
  void loopsOfKnownLengthArePartOfAGraph() {
    OnTheStandIn.with(_ -> {
      Step step = Step.evaluation(in -> List.of(Loop.scan(5, List.of(in.get(0)), List.of(), (_, carries, _) ->
          new Loop.Results(List.of(carries.getFirst().mul(2)), List.of())).carries().getFirst()));
      long before = replays();
      for (int i = 1; i <= 3; i++) {
        assertEquals(32.0 * i, step.run(Tensor.of(new float[] {i})).getFirst().item());
      }
      assertEquals(before + 2, replays());
    });
  }

  @Test
  void slicesOfALoopArePartOfAGraph() {
    OnTheStandIn.with(_ -> {
      Step step = Step.evaluation(in -> List.of(Loop.scan(3, List.of(Tensor.of(new float[] {0})), List.of(in.get(0)), (_, carries, slices) ->
          new Loop.Results(List.of(carries.getFirst().mul(10).add(slices.getFirst())), List.of())).carries().getFirst()));
      long before = replays();
      for (int i = 1; i <= 3; i++) {
        assertEquals(123.0 * i, step.run(Tensor.of(new float[] {i, 2 * i, 3 * i}).reshape(3, 1)).getFirst().item());
      }
      assertEquals(before + 2, replays());
    });
  }

  @Test
  void resultsInTurnsOfMemoryMakeFewGraphs() {
    OnTheStandIn.with(_ -> {
      Step step = Step.evaluation(in -> List.of(in.get(0).add(1)));
      List<Tensor> kept = new ArrayList<>();
      for (int i = 0; i < 12; i++) {
        kept.add(step.run(Tensor.of(new float[5000])).getFirst());
      }
      assertEquals(12 * 5000.0, kept.stream().mapToDouble(t -> t.sum().item()).sum());
    });
  }
}
