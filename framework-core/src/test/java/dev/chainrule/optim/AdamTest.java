package dev.chainrule.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.GraphPrinter;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;
import dev.chainrule.train.ReferenceStep;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Adam and AdamW. */
class AdamTest {

  /** Algorithm 1 of Kingma and Ba (2015), element by element; with {@code decoupled} algorithm 2 of Loshchilov and Hutter (2019). */
  private record Expected(double beta1, double beta2, double epsilon, double weightDecay, boolean decoupled, double[] m, double[] v)
      implements Trajectory.Rule {

    static Expected of(double beta1, double beta2, double epsilon, double weightDecay, boolean decoupled) {
      return new Expected(beta1, beta2, epsilon, weightDecay, decoupled, new double[8], new double[8]);
    }

    @Override
    public void step(double[] p, double[] gradient, int t, double rate) {
      for (int j = 0; j < p.length; j++) {
        double g = decoupled ? gradient[j] : gradient[j] + weightDecay * p[j];
        m[j] = beta1 * m[j] + (1 - beta1) * g;
        v[j] = beta2 * v[j] + (1 - beta2) * g * g;
        double corrected1 = m[j] / (1 - Math.pow(beta1, t));
        double corrected2 = v[j] / (1 - Math.pow(beta2, t));
        double decay = decoupled ? weightDecay * p[j] : 0;
        p[j] -= rate * (corrected1 / (Math.sqrt(corrected2) + epsilon) + decay);
      }
    }
  }

  @Test
  @Tag("S12.26")
  void adamFollowsThePaper() {
    Trajectory.compare(Adam::new, () -> Expected.of(0.9, 0.999, 1e-8, 0, false));
  }

  @Test
  void adamsSettingsAreItsOwn() {
    Trajectory.compare((p, s) -> new Adam(p, s).withBetas(0.5, 0.9).withEpsilon(0.1).withWeightDecay(0.3),
        () -> Expected.of(0.5, 0.9, 0.1, 0.3, false));
  }

  @Test
  void adamWithoutMomentum() {
    Trajectory.compare((p, s) -> new Adam(p, s).withBetas(0, 0.99), () -> Expected.of(0, 0.99, 1e-8, 0, false));
  }

  /** log(0) would be the first value that is not finite, and a fault's report would blame it. */
  @Test
  void betasOfZeroBringNoInfinityIntoTheGraph() {
    var adam = new Adam(List.of(Single.parameter()), Schedule.constant(1)).withBetas(0, 0);
    var graph = ReferenceStep.training(0, in -> {
      adam.update(in);
      return List.of();
    }).record(Tensor.scalar(1));
    assertFalse(GraphPrinter.toText(ReferenceStep.roots(graph)).contains("Infinity"));
  }

  @Test
  @Tag("S12.26")
  void adamWFollowsThePaper() {
    Trajectory.compare(AdamW::new, () -> Expected.of(0.9, 0.999, 1e-8, 0.01, true));
  }

  @Test
  void adamWsSettingsAreItsOwn() {
    Trajectory.compare((p, s) -> new AdamW(p, s).withBetas(0.8, 0.95).withEpsilon(0.01).withWeightDecay(0.5),
        () -> Expected.of(0.8, 0.95, 0.01, 0.5, true));
  }

  @Test
  void clippingAndScheduleActOnAdamWToo() {
    Trajectory.compare(DType.F32, (p, s) -> new AdamW(p, s).withClipping(GradientClipping.byGlobalNorm(1.5)),
        () -> Expected.of(0.9, 0.999, 1e-8, 0.01, true), Schedule.warmUp(5, Schedule.constant(0.01)),
        t -> 0.01 * Math.min(t + 1, 5) / 5, 1.5);
  }

  @Test
  void parametersInF64KeepTheirPrecision() {
    Trajectory.compare(DType.F64, (p, s) -> new Adam(p, s).withWeightDecay(0.1), () -> Expected.of(0.9, 0.999, 1e-8, 0.1, false),
        Schedule.constant(0.01), _ -> (float) 0.01, Double.POSITIVE_INFINITY);
    Trajectory.compare(DType.F64, AdamW::new, () -> Expected.of(0.9, 0.999, 1e-8, 0.01, true),
        Schedule.constant(0.01), _ -> (float) 0.01, Double.POSITIVE_INFINITY);
  }

  /** A constant gradient g has m' = g and v' = g^2: each step is lr sign(g), whatever its size. */
  @Test
  void constantGradientsMakeStepsOfTheRate() {
    assertArrayEquals(new double[] {0.9, 0.8, 0.7, 0.6}, Single.path(p -> new Adam(p, Schedule.constant(0.1)), 5, 5, 5, 5), 1e-6);
    assertArrayEquals(new double[] {1.1, 1.2, 1.3}, Single.path(p -> new Adam(p, Schedule.constant(0.1)), -0.02, -0.02, -0.02), 1e-6);
  }

  /**
   * g = 1, then -1: m = 0.9 * 0.1 - 0.1 = -0.01, 1 - 0.9^2 = 0.19, m' = -0.0526316; v = 0.999 * 0.001 + 0.001 = 0.001999 =
   * 1 - 0.999^2, v' = 1; p = 0.9 + 0.1 * 0.0526316.
   */
  @Test
  void adamByHand() {
    assertArrayEquals(new double[] {0.9, 0.90526316}, Single.path(p -> new Adam(p, Schedule.constant(0.1)), 1, -1), 1e-6);
  }

  /** g = 1, lr = 0.1, wd = 0.5: 1 - 0.1 (1 + 0.5) = 0.85, then 0.85 - 0.1 (1 + 0.425) = 0.7075; coupled it is lr alone: 0.9. */
  @Test
  void decoupledDecayIsNotDivided() {
    assertArrayEquals(new double[] {0.85, 0.7075},
        Single.path(p -> new AdamW(p, Schedule.constant(0.1)).withWeightDecay(0.5), 1, 1), 1e-6);
    assertArrayEquals(new double[] {0.9}, Single.path(p -> new Adam(p, Schedule.constant(0.1)).withWeightDecay(0.5), 1), 1e-6);
  }

  /** 1 - beta^t in f32 is right to a few units in the last place; 1 - 0.999f is wrong in its fifth digit. */
  @Test
  void biasCorrectionDoesNotCancel() {
    for (long t : new long[] {1, 2, 10, 1000, 1_000_000}) {
      for (double beta : new double[] {0.9, 0.999, 0.99999}) {
        double expected = -Math.expm1(t * Math.log(beta));
        assertEquals(expected, correction(beta, t), 5 * 0x1p-24 * expected, beta + "^" + t);
      }
    }
  }

  /** From zero, with g = 1 and beta2 = 0, m = 1 - beta and v = 1: the direction is (1 - beta) / (1 - beta^t). */
  private static double correction(double beta, long t) {
    Variable m = Variable.of("m", zero(), false);
    Variable v = Variable.of("v", zero(), false);
    var step = ReferenceStep.training(0,
        _ -> List.of(new MomentEstimates(beta, 0, 1e-30)
            .update(AdamUpdate.Decay.NONE, 0, Tensor.scalar(1), Tensor.scalar(t), List.of(m), List.of(v))
            .apply(0, Tensor.scalar(0), Tensor.scalar(1))));
    return (beta - 1) / step.run().getFirst().doubleAt(0);
  }

  private static HostArray zero() {
    return HostArray.ofDoubles(TensorType.scalar(DType.F32), 0);
  }

  @Test
  void settingsOutOfRangeAreRefused() {
    var adam = new Adam(List.of(Single.parameter()), Schedule.constant(1));
    assertThrows(InvalidArgumentException.class, () -> adam.withBetas(1, 0.9));
    assertThrows(InvalidArgumentException.class, () -> adam.withBetas(0.9, -0.1));
    assertThrows(InvalidArgumentException.class, () -> adam.withEpsilon(0));
    var adamW = new AdamW(List.of(Single.parameter()), Schedule.constant(1));
    assertThrows(InvalidArgumentException.class, () -> adamW.withWeightDecay(Double.NaN));
  }
}
