package dev.chainrule.optim;

import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;
import java.util.List;

/**
 * Adam (Kingma and Ba, 2015). With the gradient g, the learning rate lr and the step t, 1 for the first:
 *
 * <pre>
 * g = g + wd p                                    wd = 0
 * m = beta1 m + (1 - beta1) g                     beta1 = 0.9
 * v = beta2 v + (1 - beta2) g^2                   beta2 = 0.999
 * p = p - lr m' / (sqrt(v') + eps)                eps = 1e-8
 * where m' = m / (1 - beta1^t), v' = v / (1 - beta2^t)
 * </pre>
 *
 * The weight decay is an L2 penalty, which the division by sqrt(v') weakens where gradients are large; {@link AdamW} keeps them apart.
 */
public final class Adam extends Optimizer {

  private final MomentEstimates estimates;
  private final double weightDecay;
  private final List<Variable> m = moments("m");
  private final List<Variable> v = moments("v");

  /** Adam with the paper's settings and no weight decay; a rate of 1e-3 is the paper's. */
  public Adam(List<Variable> parameters, Schedule schedule) {
    this(Setup.of(parameters, schedule), MomentEstimates.DEFAULT, 0);
  }

  private Adam(Setup setup, MomentEstimates estimates, double weightDecay) {
    super("adam", setup);
    HyperParameter.notNegative("adam", "weight decay", weightDecay);
    this.estimates = estimates;
    this.weightDecay = weightDecay;
  }

  /** The decay rates of the two means, each in [0, 1). */
  public Adam withBetas(double beta1, double beta2) {
    return new Adam(setupForAnother(), new MomentEstimates(beta1, beta2, estimates.epsilon()), weightDecay);
  }

  /** eps, which bounds the step where gradients vanish. */
  public Adam withEpsilon(double epsilon) {
    return new Adam(setupForAnother(), new MomentEstimates(estimates.beta1(), estimates.beta2(), epsilon), weightDecay);
  }

  /** wd, an L2 penalty on every parameter. */
  public Adam withWeightDecay(double weightDecay) {
    return new Adam(setupForAnother(), estimates, weightDecay);
  }

  @Override
  public Adam withClipping(GradientClipping clipping) {
    return new Adam(setupForAnother().with(clipping), estimates, weightDecay);
  }

  @Override
  Update update(Tensor rate, Tensor step) {
    AdamUpdate.Decay decay = weightDecay == 0 ? AdamUpdate.Decay.NONE : AdamUpdate.Decay.PENALTY;
    return estimates.update(decay, weightDecay, rate, step, m, v);
  }
}
