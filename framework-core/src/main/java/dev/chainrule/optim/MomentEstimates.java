package dev.chainrule.optim;

import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;
import java.util.List;

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

  /**
   * The rule for parameters with the means m and v, which it assigns.
   *
   * @param rate learning rate, scalar of the parameters' type
   * @param step 1 for the first, scalar of the same type
   */
  Optimizer.Update update(AdamUpdate.Decay decay, double weightDecay, Tensor rate, Tensor step, List<Variable> m, List<Variable> v) {
    var rule = new AdamUpdate(decay, rate, Tensor.scalar(step.dtype(), 1 - beta1), Tensor.scalar(step.dtype(), 1 - beta2),
        Tensor.scalar(step.dtype(), epsilon), correction(beta1, step), correction(beta2, step), Tensor.scalar(step.dtype(), weightDecay));
    return (i, p, g) -> {
      AdamUpdate.Result result = rule.apply(p, g, m.get(i).value(), v.get(i).value());
      m.get(i).assign(result.m());
      v.get(i).assign(result.v());
      return result.parameter();
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
