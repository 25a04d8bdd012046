package dev.chainrule.optim;

import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;

/**
 * Adam's direction: the mean of past gradients over the root of the mean of their squares, both exponentially weighted and corrected for
 * their start at zero.
 */
record MomentEstimates(double beta1, double beta2, double epsilon) {

  static final MomentEstimates DEFAULT = new MomentEstimates(0.9, 0.999, 1e-8);

  MomentEstimates {
    HyperParameter.belowOne("adam", "beta1", beta1);
    HyperParameter.belowOne("adam", "beta2", beta2);
    HyperParameter.positive("adam", "epsilon", epsilon);
  }

  /** The rule at one step: assigns m and v and gives the corrected m over the root of the corrected v. */
  interface Direction {
    Tensor of(Variable m, Variable v, Tensor gradient);
  }

  /** The rule at {@code step}, 1 for the first. */
  Direction at(Tensor step) {
    Tensor share1 = Tensor.scalar(step.dtype(), 1 - beta1);
    Tensor share2 = Tensor.scalar(step.dtype(), 1 - beta2);
    Tensor eps = Tensor.scalar(step.dtype(), epsilon);
    Tensor correction1 = correction(beta1, step);
    Tensor correction2 = correction(beta2, step);
    return (m, v, g) -> {
      Tensor mean = towards(m.value(), g, share1);
      Tensor square = towards(v.value(), g.square(), share2);
      m.assign(mean);
      Optimizer.assignFinite(v, square);
      return mean.div(correction1).div(square.div(correction2).sqrt().add(eps));
    };
  }

  /** beta x + (1 - beta) y as x + (1 - beta) (y - x): 1 - beta is exact to rounding, and a constant y is where x ends. */
  static Tensor towards(Tensor x, Tensor y, Tensor share) {
    return x.add(y.sub(x).mul(share));
  }

  /** 1 - beta^t without the cancellation that costs half the digits at t = 1, and without log(0), which is not finite. */
  private static Tensor correction(double beta, Tensor step) {
    return beta == 0 ? Tensor.ones(step.type()) : step.mul(Math.log(beta)).expm1().neg();
  }
}
