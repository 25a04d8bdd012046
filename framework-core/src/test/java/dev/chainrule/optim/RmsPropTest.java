package dev.chainrule.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.chainrule.InvalidArgumentException;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RmsPropTest {

  /** Tieleman and Hinton (2012) in PyTorch's conventions, element by element. */
  private record Expected(double alpha, double epsilon, double momentum, double weightDecay, double[] s, double[] b)
      implements Trajectory.Rule {

    static Expected of(double alpha, double epsilon, double momentum, double weightDecay) {
      return new Expected(alpha, epsilon, momentum, weightDecay, new double[8], new double[8]);
    }

    @Override
    public void step(double[] p, double[] gradient, int t, double rate) {
      for (int j = 0; j < p.length; j++) {
        double g = gradient[j] + weightDecay * p[j];
        s[j] = alpha * s[j] + (1 - alpha) * g * g;
        b[j] = momentum * b[j] + g / (Math.sqrt(s[j]) + epsilon);
        p[j] -= rate * b[j];
      }
    }
  }

  @Test
  void gradientsAreDividedByTheirRootMeanSquare() {
    Trajectory.compare(RmsProp::new, () -> Expected.of(0.99, 1e-8, 0, 0));
  }

  @Test
  void settingsAreItsOwn() {
    Trajectory.compare((p, s) -> new RmsProp(p, s).withAlpha(0.9).withEpsilon(0.01).withMomentum(0.8).withWeightDecay(0.2),
        () -> Expected.of(0.9, 0.01, 0.8, 0.2));
  }

  /**
   * p = 1, g = 1, lr = 0.01: s = 0.01, the step is 0.01 / 0.1 = 0.1; s = 0.0199, the step is 0.01 / 0.141067 = 0.0708881.
   */
  @Test
  void rmsPropByHand() {
    assertArrayEquals(new double[] {0.9, 0.8291119}, Single.path(p -> new RmsProp(p, Schedule.constant(0.01)), 1, 1), 1e-6);
  }

  /** With mu = 0.5: b = 10, then 0.5 * 10 + 7.08881 = 12.08881. */
  @Test
  void momentumByHand() {
    assertArrayEquals(new double[] {0.9, 0.7791119},
        Single.path(p -> new RmsProp(p, Schedule.constant(0.01)).withMomentum(0.5), 1, 1), 1e-6);
  }

  @Test
  void stateHoldsWhatTheRuleKeeps() {
    var rms = new RmsProp(List.of(Single.parameter()), Schedule.constant(1));
    assertEquals(Set.of("rmsprop/step", "rmsprop/s/p", "rmsprop/b/p"), rms.withMomentum(0.1).state().keySet());
    assertEquals(Set.of("rmsprop/step", "rmsprop/s/p"), rms.state().keySet());
  }

  @Test
  void settingsOutOfRangeAreRefused() {
    var rms = new RmsProp(List.of(Single.parameter()), Schedule.constant(1));
    assertThrows(InvalidArgumentException.class, () -> rms.withAlpha(1));
    assertThrows(InvalidArgumentException.class, () -> rms.withMomentum(-0.5));
    assertThrows(InvalidArgumentException.class, () -> rms.withEpsilon(Double.POSITIVE_INFINITY));
  }
}
