package dev.chainrule.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
import dev.chainrule.tensor.Cond;
import dev.chainrule.tensor.Loop;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.train.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** From its second run on a plan is a graph, whatever memory it is given, and a graph computes what the launches do. */
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
    List<HostArray> launched = losses(new Settings(false, false, false, usual.cubins()), 6);
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
        assertThrows(IndexRangeException.class, () -> step.run(bad).getFirst().item());
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

  /** Results that somebody keeps lie in other memory each time; so do inputs that lie on the device. */
  @Test
  void freshMemoryIsPutIntoTheGraph() {
    OnTheStandIn.with(_ -> {
      Step step = Step.evaluation(in -> List.of(in.get(0).add(1), in.get(0).mul(in.get(0)).sum()));
      List<List<Tensor>> kept = new ArrayList<>();
      Tensor next = Tensor.of(new float[5000]);
      long replays = replays();
      long updates = OnTheStandIn.standIn().count("updates");
      for (int i = 0; i < 12; i++) {
        kept.add(step.run(next));
        next = kept.getLast().getFirst();
      }
      for (int i = 0; i < 12; i++) {
        assertEquals(i + 1, kept.get(i).getFirst().toDoubleArray()[4999]);
        assertEquals(5000.0 * i * i, kept.get(i).getLast().item());
      }
      assertEquals(replays + 11, replays());
      assertTrue(OnTheStandIn.standIn().count("updates") >= updates + 10);
      assertTrue(OnTheStandIn.standIn().count("graphs") <= 2, "one graph and what is launched of it");
    });
  }

  /** The second of the nodes that get other memory: the first has been changed by then. */
  @Test
  void aGraphThatTheDriverDoesNotChangeIsMadeAnew() {
    OnTheStandIn.with(_ -> {
      Step step = Step.evaluation(in -> List.of(in.get(0).add(1), in.get(0).mul(in.get(0)).sum()));
      List<List<Tensor>> kept = new ArrayList<>();
      Tensor next = Tensor.of(new float[5000]);
      long replays = replays();
      for (int i = 0; i < 6; i++) {
        if (i == 3) {
          OnTheStandIn.standIn().fail("update", 2);
        }
        kept.add(step.run(next));
        next = kept.getLast().getFirst();
      }
      for (int i = 0; i < 6; i++) {
        assertEquals(i + 1, kept.get(i).getFirst().toDoubleArray()[4999]);
        assertEquals(5000.0 * i * i, kept.get(i).getLast().item());
      }
      assertEquals(replays + 5, replays());
      assertTrue(OnTheStandIn.standIn().count("graphs") <= 2, "the old graph is gone");
    });
  }

  @Test
  void whatLiesBetweenQuestionsToTheDeviceIsAGraph() {
    OnTheStandIn.with(_ -> {
      Step step = Step.evaluation(in -> {
        Tensor begun = in.get(0).mul(3).matmul(Tensor.of(new float[] {1, 0, 0, 1}).reshape(2, 2));
        Tensor doubled = Loop.whileTrue(List.of(begun), c -> c.getFirst().sum().less(1000), c -> List.of(c.getFirst().mul(2))).getFirst();
        return List.of(Cond.of(doubled.sum().greater(1500), () -> List.of(doubled.add(0.5)), () -> List.of(doubled.sub(0.5)))
            .getFirst().sum());
      });
      long before = replays();
      assertEquals(1538, step.run(Tensor.of(new float[] {1, 1, 1, 1}).reshape(2, 2)).getFirst().item());
      long afterFirst = replays();
      assertTrue(afterFirst > before + 3, "the loop's body was launched kernel by kernel: " + (afterFirst - before));
      for (int i = 1; i < 4; i++) {
        double sum = 12.0 * i;
        while (sum < 1000) {
          sum *= 2;
        }
        assertEquals(sum > 1500 ? sum + 2 : sum - 2, step.run(Tensor.of(new float[] {i, i, i, i}).reshape(2, 2)).getFirst().item());
      }
      assertTrue(replays() > afterFirst + 3 * 5);
    });
  }

  @Test
  void aLoopOverSlicesWithAQuestionInIt() {
    OnTheStandIn.with(_ -> {
      Step step = Step.evaluation(in -> List.of(Loop.scan(4, List.of(Tensor.of(new float[] {0})), List.of(in.get(0)), (_, carries, slices) -> {
        Tensor slice = slices.getFirst();
        Tensor chosen = Cond.of(slice.sum().greater(0), () -> List.of(slice.mul(2)), () -> List.of(slice.sub(1))).getFirst();
        return new Loop.Results(List.of(carries.getFirst().mul(10).add(chosen)), List.of(chosen.add(1)));
      }).carries().getFirst()));
      for (int i = 0; i < 3; i++) {
        assertEquals(2000 - 100 + 60 - 1 + 100.0 * -i, step.run(Tensor.of(new float[] {1, -i, 3, 0}).reshape(4, 1)).getFirst().item());
      }
    });
  }

  @Test
  void manyParametersMoveTheFrame() {
    OnTheStandIn.with(_ -> {
      Step small = Step.evaluation(in -> List.of(in.get(0).mul(2.5).sum()));
      Step large = Step.evaluation(in -> {
        Tensor sum = in.get(0);
        for (int i = 0; i < 700; i++) {
          sum = sum.add(i);
        }
        return List.of(sum.sum());
      });
      Tensor x = Tensor.of(new float[] {1, 1});
      for (int i = 0; i < 3; i++) {
        Tensor first = small.run(x).getFirst();
        Tensor second = large.run(x).getFirst();
        assertEquals(5, first.item());
        assertEquals(2 + 2 * 699 * 700 / 2, second.item());
      }
    });
  }
}
