package dev.chainrule.optim;

import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;
import java.util.List;

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter, 2019): the decay is left out of the means and of their division. With m' and
 * v' as in {@link Adam}, the learning rate lr and the weight decay wd:
 *
 * <pre>
 * p = p - lr (m' / (sqrt(v') + eps) + wd p)       wd = 0.01
 * </pre>
 *
 * As in PyTorch the decay is multiplied by the learning rate; the paper's lambda is lr wd at the schedule's peak.
 */
public final class AdamW extends Optimizer {

  private final MomentEstimates estimates;
  private final double weightDecay;
  private final List<Variable> m = moments("m");
  private final List<Variable> v = moments("v");

  /** AdamW with Adam's settings and a weight decay of 0.01. */
  public AdamW(List<Variable> parameters, Schedule schedule) {
    this(Setup.of(parameters, schedule), MomentEstimates.DEFAULT, 0.01);
  }

  private AdamW(Setup setup, MomentEstimates estimates, double weightDecay) {
    super("adamw", setup);
    HyperParameter.notNegative("adamw", "weight decay", weightDecay);
    this.estimates = estimates;
    this.weightDecay = weightDecay;
  }

  /** The decay rates of the two means, each in [0, 1). */
  public AdamW withBetas(double beta1, double beta2) {
    return new AdamW(setupForAnother(), new MomentEstimates(beta1, beta2, estimates.epsilon()), weightDecay);
  }

  /** eps, which bounds the step where gradients vanish. */
  public AdamW withEpsilon(double epsilon) {
    return new AdamW(setupForAnother(), new MomentEstimates(estimates.beta1(), estimates.beta2(), epsilon), weightDecay);
  }

  /** wd, the part of every parameter that a step at a learning rate of 1 would take away. */
  public AdamW withWeightDecay(double weightDecay) {
    return new AdamW(setupForAnother(), estimates, weightDecay);
  }

  @Override
  public AdamW withClipping(GradientClipping clipping) {
    return new AdamW(setupForAnother().with(clipping), estimates, weightDecay);
  }

  @Override
  Update update(Tensor rate, Tensor step) {
    return estimates.update(AdamUpdate.Decay.DECOUPLED, weightDecay, rate, step, m, v);
  }
}
