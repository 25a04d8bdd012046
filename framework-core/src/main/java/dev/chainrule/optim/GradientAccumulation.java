package dev.chainrule.optim;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Trace;
import dev.chainrule.tensor.Variable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Takes one step of an optimizer for several runs of a Step, for batches that do not fit in memory at once: n runs equal one batch of all
 * their samples, however many each has. The gradient is that of the sum of all losses over the sum of all weights; clipping, update rule
 * and schedule see it and nothing else.
 *
 * <pre>{@code
 * var accumulation = new GradientAccumulation(adam, 8);
 * Step train = Step.training(in -> {
 *   Tensor loss = ...; // the mean over in.get(0).dim(0) samples
 *   accumulation.minimiseMean(loss, in.get(0).dim(0));
 *   return List.of(loss);
 * });
 * }</pre>
 *
 * <p>Sums, weights and the number of runs lie in {@link #state Variables}: a run that faults changes none of them, and a training that is
 * resumed in the middle of n runs goes on there. The number is read on the host when a Step is traced, 8 bytes, to choose between two
 * plans: one that only adds up, and one that takes the step too and begins anew.
 */
public final class GradientAccumulation {

  private static final String NAME = "accumulation";

  private final Optimizer optimizer;
  private final long runs;
  private final Map<String, Variable> state = new LinkedHashMap<>();
  private final Variable counter = zeros("runs", TensorType.scalar(DType.I64));
  private final Variable totalWeight = zeros("weight", TensorType.scalar(DType.F32));
  private final List<Variable> sums = new ArrayList<>();

  /**
   * Accumulation for an optimizer.
   *
   * @param runs how many make one of the optimizer's steps, at least 1
   */
  public GradientAccumulation(Optimizer optimizer, long runs) {
    HyperParameter.atLeastOne(NAME, "the number of runs", runs);
    this.optimizer = optimizer;
    this.runs = runs;
    for (Variable parameter : optimizer.parameters()) {
      sums.add(zeros("sum/" + parameter.name(), parameter.type()));
    }
  }

  /** It takes memory when a step first reads it. */
  private Variable zeros(String key, TensorType type) {
    var variable = Variable.declared(NAME + "/" + key, type, false, _ -> HostArray.zeros(type));
    state.put(variable.name(), variable);
    return variable;
  }

  /**
   * As {@link #minimise}, of a loss that is the mean over {@code samples}.
   *
   * @param mean one floating element
   */
  public boolean minimiseMean(Tensor mean, long samples) {
    return minimise(mean.mul(samples), Tensor.scalar(samples));
  }

  /**
   * Adds the gradients of {@code loss} to those of earlier runs; every n-th time the optimizer takes its step. Once in a Step. The loss
   * and the sums must turn out finite: else the Step throws, and changes nothing.
   *
   * @param loss one floating element, the sum over the samples of this run
   * @param weight f32 scalar, what it is the sum of: the number of samples, or the sum of their weights. All n together must not be 0
   * @return whether the optimizer takes its step in this run
   * @throws InvalidArgumentException outside a Step, a second time in one, or when the loss does not depend on the parameters
   */
  public boolean minimise(Tensor loss, Tensor weight) {
    if (!weight.type().equals(totalWeight.type())) {
      throw new ShapeMismatchException(NAME, "the weight is " + weight.type() + ", expected " + totalWeight.type(), "");
    }
    List<Tensor> gradients = optimizer.gradients(loss);
    Trace trace = Trace.surrounding().orElseThrow();
    // The version first: should another thread count on in between, the run is refused instead of counted wrongly.
    Tensor count = counter.value();
    if (!(count.node().op() instanceof Op.State)) {
      throw new InvalidArgumentException(NAME, "minimise was called twice in one Step", "Add the losses and their weights first.");
    }
    boolean last = counter.toHostArray().longAt(0) + 1 >= runs;
    List<Tensor> totals = new ArrayList<>();
    for (int i = 0; i < gradients.size(); i++) {
      totals.add(total(trace, sums.get(i), gradients.get(i)));
    }
    Tensor weights = total(trace, totalWeight, weight);
    if (last) {
      optimizer.update(totals.stream().map(sum -> sum.div(weights.cast(sum.dtype()))).toList());
      state.values().forEach(v -> v.assign(Tensor.zeros(v.type())));
    } else {
      counter.assign(count.add(1));
      totalWeight.assign(weights);
      for (int i = 0; i < totals.size(); i++) {
        sums.get(i).assign(totals.get(i));
      }
    }
    return last;
  }

  /** A sum that is not finite would never become so again: the run that spoils it must be the one that faults. */
  private static Tensor total(Trace trace, Variable sum, Tensor more) {
    Tensor total = sum.value().add(more);
    trace.mustBeFinite(total, sum.name());
    return total;
  }

  /** The optimizer that takes the steps. */
  public Optimizer optimizer() {
    return optimizer;
  }

  /**
   * All that it remembers between runs, for checkpoints beside {@link Optimizer#state the optimizer's}: {@code accumulation/runs}, i64
   * scalar; {@code accumulation/weight}; and the sum of gradients for each parameter, of its type, such as
   * {@code accumulation/sum/hidden/weight}. Between two steps of the optimizer these are zeros.
   */
  public Map<String, Variable> state() {
    state.values().stream().filter(v -> !v.isInitialised()).forEach(v -> v.initialise(0));
    return Collections.unmodifiableMap(state);
  }
}
