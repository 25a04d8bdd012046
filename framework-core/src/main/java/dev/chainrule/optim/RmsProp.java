package dev.chainrule.optim;

import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;
import java.util.List;
import java.util.function.BinaryOperator;

/**
 * RMSProp (Tieleman and Hinton, 2012), in PyTorch's conventions. With the gradient g and the learning rate lr:
 *
 * <pre>
 * g = g + wd p                                    wd = 0
 * s = alpha s + (1 - alpha) g^2                   alpha = 0.99
 * b = mu b + g / (sqrt(s) + eps)                  mu = 0, eps = 1e-8
 * p = p - lr b
 * </pre>
 *
 * s and b are 0 before the first step and not corrected for it: first steps are up to 1 / sqrt(1 - alpha) times as long as later ones.
 */
public final class RmsProp extends Optimizer {

  private record Settings(double alpha, double epsilon, double momentum, double weightDecay) {
    Settings {
      HyperParameter.belowOne("rmsprop", "alpha", alpha);
      HyperParameter.positive("rmsprop", "epsilon", epsilon);
      HyperParameter.belowOne("rmsprop", "momentum", momentum);
      HyperParameter.notNegative("rmsprop", "weight decay", weightDecay);
    }
  }

  private final Settings settings;
  private final List<Variable> squares = moments("s");
  private final List<Variable> velocities;

  /** RMSProp without momentum and weight decay. */
  public RmsProp(List<Variable> parameters, Schedule schedule) {
    this(Setup.of(parameters, schedule), new Settings(0.99, 1e-8, 0, 0));
  }

  private RmsProp(Setup setup, Settings settings) {
    super("rmsprop", setup);
    this.settings = settings;
    this.velocities = settings.momentum == 0 ? List.of() : moments("b");
  }

  /** The decay rate of the mean of squares, in [0, 1). */
  public RmsProp withAlpha(double alpha) {
    return new RmsProp(setupForAnother(), new Settings(alpha, settings.epsilon, settings.momentum, settings.weightDecay));
  }

  /** eps, which bounds the step where gradients vanish. */
  public RmsProp withEpsilon(double epsilon) {
    return new RmsProp(setupForAnother(), new Settings(settings.alpha, epsilon, settings.momentum, settings.weightDecay));
  }

  /** mu, in [0, 1). */
  public RmsProp withMomentum(double momentum) {
    return new RmsProp(setupForAnother(), new Settings(settings.alpha, settings.epsilon, momentum, settings.weightDecay));
  }

  /** wd, an L2 penalty on every parameter. */
  public RmsProp withWeightDecay(double weightDecay) {
    return new RmsProp(setupForAnother(), new Settings(settings.alpha, settings.epsilon, settings.momentum, weightDecay));
  }

  @Override
  public RmsProp withClipping(GradientClipping clipping) {
    return new RmsProp(setupForAnother().with(clipping), settings);
  }

  @Override
  Update update(Tensor rate, Tensor step) {
    Tensor share = Tensor.scalar(rate.dtype(), 1 - settings.alpha);
    Tensor eps = Tensor.scalar(rate.dtype(), settings.epsilon);
    Tensor mu = Tensor.scalar(rate.dtype(), settings.momentum);
    BinaryOperator<Tensor> penalised = penalty(settings.weightDecay, rate.dtype());
    return (i, p, gradient) -> {
      Tensor g = penalised.apply(gradient, p);
      Tensor s = MomentEstimates.towards(squares.get(i).value(), g.square(), share);
      squares.get(i).assign(s);
      return p.sub(direction(i, g.div(s.sqrt().add(eps)), mu).mul(rate));
    };
  }

  private Tensor direction(int i, Tensor scaled, Tensor mu) {
    if (settings.momentum == 0) {
      return scaled;
    }
    Tensor b = velocities.get(i).value().mul(mu).add(scaled);
    velocities.get(i).assign(b);
    return b;
  }
}
