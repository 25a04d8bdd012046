package dev.chainrule.optim;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;
import java.util.List;
import java.util.function.BinaryOperator;

/**
 * Stochastic gradient descent, with momentum (Polyak, 1964) and Nesterov's momentum in the form of Sutskever et al. (2013), in PyTorch's
 * conventions. With the gradient g, the learning rate lr, the momentum mu and the weight decay wd:
 *
 * <pre>
 * g = g + wd p
 * v = mu v + g                  (v = 0 before the first step)
 * p = p - lr g                  without momentum
 * p = p - lr v                  with momentum
 * p = p - lr (g + mu v)         with Nesterov's momentum
 * </pre>
 *
 * Momentum and weight decay are 0 unless set.
 */
public final class Sgd extends Optimizer {

  private final double momentum;
  private final boolean nesterov;
  private final double weightDecay;
  private final List<Variable> velocities;

  /** Plain gradient descent. */
  public Sgd(List<Variable> parameters, Schedule schedule) {
    this(Setup.of(parameters, schedule), 0, false, 0);
  }

  private Sgd(Setup setup, double momentum, boolean nesterov, double weightDecay) {
    super("sgd", setup);
    HyperParameter.belowOne("sgd", "momentum", momentum);
    HyperParameter.notNegative("sgd", "weight decay", weightDecay);
    if (nesterov && momentum == 0) {
      throw new InvalidArgumentException("sgd", "Nesterov's momentum needs a momentum", "Set it first: withMomentum(0.9).withNesterov().");
    }
    this.momentum = momentum;
    this.nesterov = nesterov;
    this.weightDecay = weightDecay;
    this.velocities = momentum == 0 ? List.of() : moments("v");
  }

  /** mu, in [0, 1); often 0.9. */
  public Sgd withMomentum(double momentum) {
    return new Sgd(setupForAnother(), momentum, nesterov, weightDecay);
  }

  /** Momentum in Nesterov's form: the update looks one step of momentum ahead. To be called after {@link #withMomentum}. */
  public Sgd withNesterov() {
    return new Sgd(setupForAnother(), momentum, true, weightDecay);
  }

  /** wd, an L2 penalty on every parameter. */
  public Sgd withWeightDecay(double weightDecay) {
    return new Sgd(setupForAnother(), momentum, nesterov, weightDecay);
  }

  @Override
  public Sgd withClipping(GradientClipping clipping) {
    return new Sgd(setupForAnother().with(clipping), momentum, nesterov, weightDecay);
  }

  @Override
  Update update(Tensor rate, Tensor step) {
    Tensor mu = Tensor.scalar(rate.dtype(), momentum);
    BinaryOperator<Tensor> penalised = penalty(weightDecay, rate.dtype());
    return (i, p, g) -> p.sub(direction(i, penalised.apply(g, p), mu).mul(rate));
  }

  private Tensor direction(int i, Tensor g, Tensor mu) {
    if (momentum == 0) {
      return g;
    }
    Tensor v = velocities.get(i).value().mul(mu).add(g);
    velocities.get(i).assign(v);
    return nesterov ? g.add(v.mul(mu)) : v;
  }
}
