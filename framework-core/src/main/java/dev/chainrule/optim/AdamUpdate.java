package dev.chainrule.optim;

import dev.chainrule.Stability;
import dev.chainrule.tensor.CompositeFunction;
import dev.chainrule.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * The update of one parameter by Adam or AdamW as one function, for the optimizers of these names, which document the rule. It has no
 * derivative of its own; that of its composition holds.
 *
 * @param decay what the weight decay acts on
 * @param rate the learning rate; this and the following are scalars of the parameter's type
 * @param share1 1 - beta1, the gradient's share in the mean
 * @param share2 1 - beta2, its square's share in the mean of squares
 * @param epsilon added to the root
 * @param correction1 1 - beta1^t
 * @param correction2 1 - beta2^t
 * @param weightDecay the factor of the decay
 */
@Stability(Stability.Level.INTERNAL)
public record AdamUpdate(Decay decay, Tensor rate, Tensor share1, Tensor share2, Tensor epsilon, Tensor correction1, Tensor correction2,
    Tensor weightDecay) {

  /** What the weight decay acts on. */
  public enum Decay {
    /** On nothing. */
    NONE,
    /** On the gradient, as the derivative of an L2 penalty: Adam's. */
    PENALTY,
    /** On the parameter, beside the means: AdamW's. */
    DECOUPLED
  }

  /** The new values, each of the parameter's type. */
  public record Result(Tensor parameter, Tensor m, Tensor v) {}

  /** (parameter, gradient, m, v, rate, share1, share2, epsilon, correction1, correction2, weightDecay) to (parameter, m, v). */
  static final CompositeFunction FUNCTION = new CompositeFunction("adam", (in, attributes) -> {
    Decay decay = (Decay) Objects.requireNonNull(attributes.get("decay"));
    return new AdamUpdate(decay, in.get(4), in.get(5), in.get(6), in.get(7), in.get(8), in.get(9), in.get(10))
        .written(in.get(0), in.get(1), in.get(2), in.get(3));
  }, Optional.empty());

  /**
   * One step.
   *
   * @param gradient of the parameter's type, as are the two means
   * @param m mean of the gradients before
   * @param v mean of their squares
   */
  public Result apply(Tensor parameter, Tensor gradient, Tensor m, Tensor v) {
    List<Tensor> results = FUNCTION.apply(Map.of("decay", decay),
        parameter, gradient, m, v, rate, share1, share2, epsilon, correction1, correction2, weightDecay);
    return new Result(results.get(0), results.get(1), results.get(2));
  }

  /**
   * Corrections and rates are combined as single numbers: for each element one division and one root are left, which are what takes time. The
   * decay's factor meets the rate in each element: their product, traced behind the first parameter's own operations and shared, would make
   * that one's kernel another, and the launch of all two.
   */
  private List<Tensor> written(Tensor p, Tensor gradient, Tensor m, Tensor v) {
    Tensor g = decay == Decay.PENALTY ? gradient.add(p.mul(weightDecay)) : gradient;
    Tensor mean = MomentEstimates.towards(m, g, share1);
    Tensor square = MomentEstimates.towards(v, g.square(), share2);
    Tensor change = mean.div(square.sqrt().mul(correction2.rsqrt()).add(epsilon)).mul(rate.div(correction1));
    Tensor all = decay == Decay.DECOUPLED ? change.add(p.mul(weightDecay).mul(rate)) : change;
    return List.of(p.sub(all), mean, square);
  }
}
