package dev.chainrule.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.data.Column;
import dev.chainrule.data.DataLoader;
import dev.chainrule.data.Dataset;
import dev.chainrule.device.Devices;
import dev.chainrule.device.ReferenceDevice;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.nn.Gelu;
import dev.chainrule.nn.Linear;
import dev.chainrule.nn.Losses;
import dev.chainrule.nn.Sequential;
import dev.chainrule.optim.Adam;
import dev.chainrule.optim.Schedule;
import dev.chainrule.tensor.Precision;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Steps under a precision policy. */
class PrecisionTrainingTest {

  private static final int EXAMPLES = 24;

  private static final Tensor X = Tensor.of(HostArray.ofDoubles(TensorType.of(DType.F32, EXAMPLES, 2),
      new SplittableRandom(1).doubles(2 * EXAMPLES, -1, 1).toArray()));

  /** Whether the point lies inside a circle: not linear. */
  private static Tensor labels() {
    double[] x = X.toDoubleArray();
    int[] inside = new int[EXAMPLES];
    for (int i = 0; i < EXAMPLES; i++) {
      inside[i] = x[2 * i] * x[2 * i] + x[2 * i + 1] * x[2 * i + 1] < 0.6 ? 1 : 0;
    }
    return Tensor.of(inside);
  }

  private static Sequential model() {
    var model = new Sequential(new Linear(2, 16), new Gelu(), new Linear(16, 2));
    model.initialise(7);
    return model;
  }

  /** The losses of 80 steps. */
  private static double[] losses(Sequential model, UnaryOperator<Step> policy) {
    var adam = new Adam(model.parameters(), Schedule.constant(0.03));
    Step step = policy.apply(Step.training(in -> {
      Tensor loss = Losses.crossEntropy(model.apply(in.get(0)), in.get(1));
      adam.minimise(loss);
      return List.of(loss);
    }));
    double[] losses = new double[80];
    for (int i = 0; i < losses.length; i++) {
      losses[i] = step.run(X, labels()).getFirst().item();
    }
    assertEquals(1, step.plans());
    return losses;
  }

  @Test
  void aNetworkTrainsUnderItToNearlyTheSameLoss() {
    Devices.with(ReferenceDevice.create(), () -> {
      double[] full = losses(model(), step -> step);
      double end = full[full.length - 1];
      assertTrue(end < 0.3 * full[0], "it learns: " + full[0] + " to " + end);
      for (Precision precision : List.of(Precision.MIXED_BF16, Precision.MIXED_F16)) {
        Sequential model = model();
        double[] mixed = losses(model, step -> step.withPrecision(precision));
        assertEquals(end, mixed[mixed.length - 1], 0.1 * full[0], precision.toString());
        assertNotEquals(full[0], mixed[0], "the products are rounded");
        assertTrue(model.parameters().stream().map(Variable::type).allMatch(type -> type.dtype() == DType.F32));
      }
      return null;
    });
  }

  @Test
  @Tag("S19.8")
  void theSurroundingsOfARunOrOfAPartOfItCountAsWell() {
    Devices.with(ReferenceDevice.create(), () -> {
      Step plain = Step.evaluation(in -> List.of(in.get(0).matmul(in.get(1))));
      Step part = Step.evaluation(in -> List.of(Precision.MIXED_BF16.call(() -> in.get(0).matmul(in.get(1)))));
      Tensor w = Tensor.of(new float[] {0.1f, 0.2f, 0.3f, 0.4f}, 2, 2);
      double[] mixed = plain.withPrecision(Precision.MIXED_BF16).run(X, w).getFirst().toDoubleArray();
      assertArrayEquals(mixed, part.run(X, w).getFirst().toDoubleArray());
      assertArrayEquals(mixed, Precision.MIXED_BF16.call(() -> plain.run(X, w)).getFirst().toDoubleArray());
      assertEquals(1, plain.plans());
      double[] full = plain.run(X, w).getFirst().toDoubleArray();
      assertEquals(2, plain.plans(), "another policy, another plan");
      assertNotEquals(mixed[0], full[0]);
      assertArrayEquals(full, Precision.MIXED_BF16.call(() ->
          plain.withPrecision(Precision.AS_WRITTEN).run(X, w)).getFirst().toDoubleArray(), "the Step's own policy counts");
      assertArrayEquals(full, X.matmul(w).toDoubleArray(), "nothing stays behind");
      return null;
    });
  }

  @Test
  void aTrainerTakesItsStepsUnderItsPolicy() {
    Devices.with(ReferenceDevice.create(), () -> {
      var seen = new ArrayList<Precision>();
      Sequential model = model();
      var adam = new Adam(model.parameters(), Schedule.constant(0.03));
      Trainer trainer = Trainer.of(model, (y, labels) -> {
        seen.add(Precision.current());
        return Losses.crossEntropy(y, labels);
      }, adam);
      DataLoader loader = DataLoader.of(Dataset.of(Column.of(HostArray.ofDoubles(TensorType.of(DType.F32, EXAMPLES, 2), X.toDoubleArray())),
          Column.of(HostArray.zeros(TensorType.of(DType.I32, EXAMPLES)))), EXAMPLES);
      trainer.withPrecision(Precision.MIXED_BF16).withSeed(3).withCallbacks().fit(loader, 1);
      Precision.MIXED_F16.call(() -> trainer.fit(loader, 1));
      assertEquals(List.of(Precision.MIXED_BF16, Precision.MIXED_F16), seen);
      return null;
    });
  }

  @Test
  void aStepKeepsItsSeedAndItsPolicy() {
    Devices.with(ReferenceDevice.create(), () -> {
      var seen = new ArrayList<Precision>();
      Step step = Step.evaluation(in -> {
        seen.add(Precision.current());
        return in;
      });
      step.withPrecision(Precision.MIXED_F16).withSeed(3).run(X);
      step.withSeed(3).withPrecision(Precision.MIXED_F16).run(X);
      step.run(X);
      assertEquals(List.of(Precision.MIXED_F16, Precision.MIXED_F16, Precision.AS_WRITTEN), seen);
      return null;
    });
  }
}
