package dev.chainrule.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.DType;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SgdTest {

  /** Sutskever et al. (2013) in PyTorch's conventions, element by element. */
  private record Expected(double momentum, boolean nesterov, double weightDecay, double[] v) implements Trajectory.Rule {

    static Expected of(double momentum, boolean nesterov, double weightDecay) {
      return new Expected(momentum, nesterov, weightDecay, new double[8]);
    }

    @Override
    public void step(double[] p, double[] gradient, int t, double rate) {
      for (int j = 0; j < p.length; j++) {
        double g = gradient[j] + weightDecay * p[j];
        v[j] = momentum * v[j] + g;
        p[j] -= rate * (nesterov ? g + momentum * v[j] : v[j]);
      }
    }
  }

  @Test
  void descentFollowsTheGradient() {
    Trajectory.compare(Sgd::new, () -> Expected.of(0, false, 0));
  }

  @Test
  void weightDecayIsPartOfTheGradient() {
    Trajectory.compare((p, s) -> new Sgd(p, s).withWeightDecay(0.3), () -> Expected.of(0, false, 0.3));
  }

  @Test
  void momentumAccumulates() {
    Trajectory.compare((p, s) -> new Sgd(p, s).withMomentum(0.9), () -> Expected.of(0.9, false, 0));
  }

  @Test
  void nesterovLooksAhead() {
    Trajectory.compare((p, s) -> new Sgd(p, s).withMomentum(0.9).withNesterov().withWeightDecay(0.1), () -> Expected.of(0.9, true, 0.1));
  }

  @Test
  void gradientsAreClippedBeforeTheyAreDecayed() {
    Trajectory.compare(DType.F32,
        (p, s) -> new Sgd(p, s).withMomentum(0.9).withWeightDecay(0.1).withClipping(GradientClipping.byGlobalNorm(2)),
        () -> Expected.of(0.9, false, 0.1), Schedule.constant(0.01), _ -> 0.01, 2);
  }

  @Test
  void theRateFollowsTheSchedule() {
    Trajectory.compare(DType.F32, (p, s) -> new Sgd(p, s).withMomentum(0.5), () -> Expected.of(0.5, false, 0),
        Schedule.warmUp(4, Schedule.cosine(0.02, 6)),
        t -> t < 4 ? 0.02 * (t + 1) / 4 : 0.01 * (1 + Math.cos(Math.PI * Math.min(t - 4, 6) / 6)), Double.POSITIVE_INFINITY);
  }

  @Test
  void parametersInF64KeepTheirPrecision() {
    Trajectory.compare(DType.F64, (p, s) -> new Sgd(p, s).withMomentum(0.9).withNesterov().withWeightDecay(0.1),
        () -> Expected.of(0.9, true, 0.1), Schedule.constant(0.01), _ -> (float) 0.01, Double.POSITIVE_INFINITY);
  }

  /** p = 1, g = 1, lr = 0.1, mu = 0.9: v is 1, 1.9, 2.71, so p is 1 - 0.1, - 0.19, - 0.271. */
  @Test
  void momentumByHand() {
    double[] path = Single.path(p -> new Sgd(p, Schedule.constant(0.1)).withMomentum(0.9), 1, 1, 1);
    assertArrayEquals(new double[] {0.9, 0.71, 0.439}, path, 1e-6);
  }

  /** The same with Nesterov: g + 0.9 v is 1.9, 2.71, 3.439, so p is 1 - 0.19, - 0.271, - 0.3439. */
  @Test
  void nesterovByHand() {
    double[] path = Single.path(p -> new Sgd(p, Schedule.constant(0.1)).withMomentum(0.9).withNesterov(), 1, 1, 1);
    assertArrayEquals(new double[] {0.81, 0.539, 0.1951}, path, 1e-6);
  }

  /** p = 1, lr = 0.1, wd = 0.5: g = 1 + 0.5 gives 0.85; g = -1 + 0.425 = -0.575 gives 0.9075. */
  @Test
  void weightDecayByHand() {
    double[] path = Single.path(p -> new Sgd(p, Schedule.constant(0.1)).withWeightDecay(0.5), 1, -1);
    assertArrayEquals(new double[] {0.85, 0.9075}, path, 1e-6);
  }

  @Test
  void velocitiesAreKeptOnlyWithMomentum() {
    assertEquals(Set.of("sgd/step"), new Sgd(List.of(Single.parameter()), Schedule.constant(1)).state().keySet());
    assertEquals(Set.of("sgd/step", "sgd/v/p"),
        new Sgd(List.of(Single.parameter()), Schedule.constant(1)).withMomentum(0.9).state().keySet());
  }

  @Test
  void settingsOutOfRangeAreRefused() {
    var sgd = new Sgd(List.of(Single.parameter()), Schedule.constant(1));
    assertThrows(InvalidArgumentException.class, () -> sgd.withMomentum(1));
    assertThrows(InvalidArgumentException.class, () -> sgd.withMomentum(Double.NaN));
    assertThrows(InvalidArgumentException.class, () -> sgd.withWeightDecay(-0.1));
    assertThrows(InvalidArgumentException.class, sgd::withNesterov);
  }
}
