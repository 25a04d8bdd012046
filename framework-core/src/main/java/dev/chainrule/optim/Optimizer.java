package dev.chainrule.optim;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.autograd.Gradients;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Trace;
import dev.chainrule.tensor.Variable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.function.BinaryOperator;

/**
 * Changes parameters so that a loss falls. It works inside a Step, where the updates are part of the step's graph:
 *
 * <pre>{@code
 * var adam = new Adam(model.parameters(), Schedule.cosine(1e-3, 10_000)).withClipping(GradientClipping.byGlobalNorm(1));
 * Step train = Step.training(in -> {
 *   Tensor loss = ...;
 *   adam.minimise(loss);
 *   return List.of(loss);
 * });
 * }</pre>
 *
 * <p>Settings never change; each {@code with...} gives a new optimizer that has taken no step, and is refused once this one has state.
 * Whatever changes from step to step, the counter of steps among it, lies in {@link #state Variables}: a step that faults changes none
 * of it. A parameter that the loss does not depend on has a gradient of zeros: momentum and weight decay still move it.
 */
public abstract sealed class Optimizer permits Sgd, RmsProp, Adam, AdamW {

  /** The update rule at one step: assigns the state of parameter {@code i} and gives the parameter's new value. */
  interface Update {
    Tensor apply(int i, Tensor parameter, Tensor gradient);
  }

  private final String name;
  private final Setup setup;
  private final Variable counter;
  private final Map<String, Variable> state = new LinkedHashMap<>();

  Optimizer(String name, Setup setup) {
    this.name = name;
    this.setup = setup;
    this.counter = zeros("step", TensorType.scalar(DType.I64));
  }

  /** This optimizer with its gradients clipped, before weight decay is added to them. */
  public abstract Optimizer withClipping(GradientClipping clipping);

  /**
   * The update rule.
   *
   * @param rate learning rate, scalar of the parameters' type
   * @param step how many steps there will have been after this one, 1 for the first; scalar of the parameters' type
   */
  abstract Update update(Tensor rate, Tensor step);

  /**
   * One step: takes the gradients of {@code loss} for all parameters and updates them. The loss, the learning rate and the squares of
   * the gradients, or with clipping their norm, must turn out finite: else the Step throws, and changes nothing.
   *
   * @param loss one floating element
   * @throws InvalidArgumentException outside a Step, or when the loss does not depend on the parameters as they now are
   */
  public void minimise(Tensor loss) {
    update(gradients(loss));
  }

  /** The gradients of a loss, which must turn out finite, for all parameters. */
  List<Tensor> gradients(Tensor loss) {
    Trace trace = surroundingStep("minimise");
    List<Tensor> values = setup.parameters().stream().map(Variable::value).toList();
    List<Optional<Tensor>> found = Gradients.find(loss, values);
    requireDependence(found, values);
    trace.mustBeFinite(loss, "loss");
    return IntStream.range(0, values.size()).mapToObj(i -> found.get(i).orElseGet(() -> Tensor.zeros(values.get(i).type()))).toList();
  }

  /**
   * One step with gradients from elsewhere.
   *
   * @param gradients one for each parameter, in order, of its type
   * @throws InvalidArgumentException outside a Step
   */
  public void update(List<Tensor> gradients) {
    Trace trace = surroundingStep("update");
    requireFit(gradients);
    counter.assign(trace.at(name, () -> {
      Tensor taken = counter.value();
      Tensor step = taken.add(1);
      assignParameters(checked(trace, gradients), checkedRate(trace, taken), step);
      return step;
    }));
  }

  /**
   * Clipped, and looked at before anything is changed: a gradient that is not finite, or too large for its square to be, would leave
   * means of squares that are infinite for ever.
   */
  private List<Tensor> checked(Trace trace, List<Tensor> gradients) {
    if (setup.clipping().isPresent()) {
      GradientClipping.Clipped clipped = setup.clipping().get().clip(gradients);
      trace.mustBeFinite(clipped.norm(), "gradient norm");
      return clipped.gradients();
    }
    for (int i = 0; i < gradients.size(); i++) {
      trace.mustBeFinite(gradients.get(i).square(), "square of the gradient of " + setup.parameters().get(i).name());
    }
    return gradients;
  }

  private Tensor checkedRate(Trace trace, Tensor taken) {
    Tensor rate = rate(taken);
    trace.mustBeFinite(rate, "learning rate");
    return rate;
  }

  private Tensor rate(Tensor taken) {
    Tensor rate = setup.schedule().rate(taken.cast(DType.F32));
    if (!rate.type().equals(TensorType.scalar(DType.F32))) {
      throw new InvalidArgumentException(name, "the schedule gave a learning rate of type " + rate.type() + ", expected an f32 scalar", "");
    }
    return rate;
  }

  /** What depends on the step alone is computed once for each type of parameters, not once for each parameter. */
  private void assignParameters(List<Tensor> gradients, Tensor rate, Tensor step) {
    Map<DType, Update> updates = new EnumMap<>(DType.class);
    for (int i = 0; i < gradients.size(); i++) {
      Variable parameter = setup.parameters().get(i);
      Update update = updates.computeIfAbsent(parameter.type().dtype(), dtype -> update(rate.cast(dtype), step.cast(dtype)));
      Tensor value = update.apply(i, parameter.value(), gradients.get(i));
      parameter.assign(value);
    }
  }

  private Trace surroundingStep(String method) {
    return Trace.surrounding().orElseThrow(() -> new InvalidArgumentException(name, method + " was called outside a Step",
        "Call it in the function of a Step: Step.training(in -> { ...; optimizer.minimise(loss); return List.of(loss); })."));
  }

  /** A loss of other parameters, or of values that have been replaced since, has gradients of zero: nothing would be learnt. */
  private void requireDependence(List<Optional<Tensor>> gradients, List<Tensor> values) {
    if (gradients.stream().allMatch(Optional::isEmpty)) {
      boolean replaced = values.stream().anyMatch(v -> !(v.node().op() instanceof Op.State));
      throw new InvalidArgumentException(name,
          replaced ? "the loss was computed before the parameters were last updated" : "the loss depends on none of the parameters",
          replaced ? "Compute it anew from the updated parameters." : "Was the optimizer made with this model's parameters?");
    }
  }

  private void requireFit(List<Tensor> gradients) {
    List<Variable> parameters = setup.parameters();
    if (gradients.size() != parameters.size()) {
      throw new InvalidArgumentException(name, gradients.size() + " gradients for " + parameters.size() + " parameters", "");
    }
    for (int i = 0; i < gradients.size(); i++) {
      if (!gradients.get(i).type().equals(parameters.get(i).type())) {
        throw new ShapeMismatchException(name, "the gradient for " + parameters.get(i) + " is " + gradients.get(i).type(), "");
      }
    }
  }

  // --- state -------------------------------------------------------------------------------------------------------------------------

  /** The parameters it changes. */
  public List<Variable> parameters() {
    return setup.parameters();
  }

  /** The learning rate as a function of the steps taken. */
  public Schedule schedule() {
    return setup.schedule();
  }

  /**
   * All that it remembers between steps, for checkpoints: the number of steps taken, i64 scalar, as {@code adam/step}, and what the
   * rule keeps for each parameter, such as {@code adam/m/hidden/weight}. Before the first step these are zeros.
   */
  public Map<String, Variable> state() {
    state.values().stream().filter(v -> !v.isInitialised()).forEach(v -> v.initialise(0));
    return Collections.unmodifiableMap(state);
  }

  /** State for each parameter, of its type and zero before the first step. */
  List<Variable> moments(String kind) {
    List<Variable> moments = new ArrayList<>();
    for (Variable parameter : setup.parameters()) {
      moments.add(zeros(kind + "/" + parameter.name(), parameter.type()));
    }
    return List.copyOf(moments);
  }

  /** It takes memory when a step first reads it. */
  private Variable zeros(String key, TensorType type) {
    var variable = Variable.declared(name + "/" + key, type, false, _ -> HostArray.zeros(type));
    state.put(variable.name(), variable);
    return variable;
  }

  /** What an optimizer with other settings is made from; its state would start anew, so this one must have none yet. */
  final Setup setupForAnother() {
    if (counter.isInitialised()) {
      throw new InvalidArgumentException(name, "its settings were to be changed after its first step, or after its state was read",
          "Choose the settings where the optimizer is made.");
    }
    return setup;
  }

  /** (g, p) -> g + decay p: the gradient when half the decay times the squared norm of p is added to the loss. */
  static BinaryOperator<Tensor> penalty(double decay, DType dtype) {
    if (decay == 0) {
      return (g, _) -> g;
    }
    Tensor factor = Tensor.scalar(dtype, decay);
    return (g, p) -> g.add(p.mul(factor));
  }
}
