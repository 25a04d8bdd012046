package dev.chainrule.optim;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.Interpreter;
import dev.chainrule.tensor.Tensor;
import java.util.List;
import java.util.Objects;

/**
 * The learning rate as a function of the steps taken. It is part of a step's graph and reads the optimizer's counter there, so a plan
 * serves every step and a resumed training goes on where it stopped. A schedule of one's own is a lambda over tensors.
 */
@FunctionalInterface
public interface Schedule {

  /**
   * The learning rate of the step about to be taken.
   *
   * @param step f32 scalar: how many steps have been taken before, 0 for the first
   * @return f32 scalar, not negative
   */
  Tensor rate(Tensor step);

  /** The learning rate of the step that follows {@code step} others, on the host, for reports. */
  default double at(long step) {
    Tensor rate = rate(Tensor.scalar(step));
    return Interpreter.evaluate(List.of(rate.node()), value -> {
      throw new InvalidArgumentException("schedule", "its rate depends on more than the step: it reads a variable " + value.type(), "");
    }).getFirst().doubleAt(0);
  }

  /** The same rate at every step. */
  static Constant constant(double rate) {
    return new Constant(rate);
  }

  /** From {@code rate} at the first step along half a cosine to 0 after {@code steps}, and 0 from there on; see {@link Cosine}. */
  static Cosine cosine(double rate, long steps) {
    return new Cosine(rate, steps, 0);
  }

  /** A linear rise over {@code steps} to the first rate of {@code then}, which follows; see {@link WarmUp}. */
  static WarmUp warmUp(long steps, Schedule then) {
    return new WarmUp(steps, then);
  }

  /** The same rate at every step. */
  record Constant(double rate) implements Schedule {

    /**
     * A rate of 0 or more.
     *
     * @throws InvalidArgumentException for any other
     */
    public Constant {
      HyperParameter.notNegative("schedule", "rate", rate);
    }

    @Override
    public Tensor rate(Tensor step) {
      Objects.requireNonNull(step, "step");
      return Tensor.scalar(rate);
    }
  }

  /**
   * Cosine annealing without restarts (Loshchilov and Hutter, 2017): minimum + (rate - minimum) (1 + cos(pi t / steps)) / 2, and the
   * minimum from t = steps on. Computed as sin(pi/2 (steps - t) / steps) squared, which is the same without cancellation at the end.
   *
   * @param rate at the first step
   * @param steps until the minimum is reached
   * @param minimum the rate at the end; 0 by default
   */
  record Cosine(double rate, long steps, double minimum) implements Schedule {

    /**
     * Rates of 0 or more over at least one step.
     *
     * @throws InvalidArgumentException for any others
     */
    public Cosine {
      HyperParameter.notNegative("cosine", "rate", rate);
      HyperParameter.notNegative("cosine", "minimum", minimum);
      HyperParameter.atLeastOne("cosine", "steps", steps);
    }

    /** This schedule with another rate at its end. */
    public Cosine withMinimum(double minimum) {
      return new Cosine(rate, steps, minimum);
    }

    @Override
    public Tensor rate(Tensor step) {
      Tensor remaining = step.neg().add(steps).maximum(0.0).div(steps);
      return remaining.mul(Math.PI / 2).sin().square().mul(rate - minimum).add(minimum);
    }
  }

  /**
   * The first steps at a rate that rises linearly from 0 (Goyal et al., 2017): then(0) (t + 1) / steps while t is less than
   * {@code steps}, and then(t - steps) after. So the first step is taken at 1/steps of the rate, the last of the rise at all of it.
   *
   * @param steps of the rise
   * @param then the schedule that follows; its own count starts when the rise has ended
   */
  record WarmUp(long steps, Schedule then) implements Schedule {

    /**
     * Over at least one step.
     *
     * @throws InvalidArgumentException for fewer
     */
    public WarmUp {
      Objects.requireNonNull(then, "then");
      HyperParameter.atLeastOne("warmUp", "steps", steps);
    }

    @Override
    public Tensor rate(Tensor step) {
      Tensor risen = step.add(1).div(steps).minimum(1.0);
      return then.rate(step.sub(steps).maximum(0.0)).mul(risen);
    }
  }
}
