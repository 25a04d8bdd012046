package dev.chainrule.train.parity;

import dev.chainrule.autograd.Gradients;
import dev.chainrule.data.Batch;
import dev.chainrule.graph.HostArray;
import dev.chainrule.nn.Module;
import dev.chainrule.optim.Optimizer;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;
import dev.chainrule.train.Loss;
import dev.chainrule.train.Step;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** One training on one of the devices. All its calls belong on that device. */
final class TrainedSide {

  private final Module model;
  private final Optimizer optimizer;
  private final Step whole;
  private final Step gradients;
  private final Step update;
  private final List<Double> bounds = new ArrayList<>();

  TrainedSide(Module model, Loss loss, Optimizer optimizer) {
    this.model = model;
    this.optimizer = optimizer;
    this.whole = Step.training(in -> {
      Tensor value = loss.apply(model.apply(in.get(0)), in.get(1));
      optimizer.minimise(value);
      return List.of(value);
    });
    this.gradients = Step.training(in -> {
      Tensor value = loss.apply(model.apply(in.get(0)), in.get(1));
      List<Tensor> results = new ArrayList<>(List.of(value));
      results.addAll(Gradients.of(value, optimizer.parameters().stream().map(Variable::value).toList()));
      statistics().map(Variable::value).forEach(results::add);
      return bounded(results);
    });
    this.update = Step.training(in -> {
      optimizer.update(in);
      return bounded(variables().values().stream().map(Variable::value).toList());
    });
  }

  /** Remembers what roundings explain for each result of the step that is being traced. */
  private List<Tensor> bounded(List<Tensor> results) {
    bounds.clear();
    results.forEach(result -> bounds.add(Roundings.bound(result.node())));
    return results;
  }

  /** For each result of the last run how far it may be off, relative to its largest element. */
  List<Double> bounds() {
    return List.copyOf(bounds);
  }

  /** A step of the training; its loss. */
  double train(Batch batch) {
    return whole.run(inputs(batch.fields())).getFirst().item();
  }

  /**
   * Loss, gradients and running statistics, in the order of {@link #names}, of what would be this step of the training. Nothing is changed
   * but these statistics.
   */
  List<HostArray> gradients(Batch batch, long step) {
    gradients.resumeAt(step);
    return arrays(gradients.run(inputs(batch.fields())));
  }

  /** {@code loss}, the parameters, and the model's other variables. */
  List<String> names() {
    return Stream.concat(Stream.of("loss"), Stream.concat(optimizer.parameters().stream(), statistics()).map(Variable::name)).toList();
  }

  /** How many gradients there are. */
  int parameters() {
    return optimizer.parameters().size();
  }

  /** The model's variables that no optimizer changes. */
  private Stream<Variable> statistics() {
    return model.variables().values().stream().filter(variable -> !optimizer.parameters().contains(variable));
  }

  /** Takes a step of the optimizer; all variables after it, in their order. */
  List<HostArray> update(List<HostArray> given) {
    return arrays(update.run(inputs(given)));
  }

  /** The model's and the optimizer's. */
  Map<String, Variable> variables() {
    Map<String, Variable> all = new LinkedHashMap<>(model.variables());
    all.putAll(optimizer.state());
    return all;
  }

  Map<String, HostArray> state() {
    Map<String, HostArray> state = new LinkedHashMap<>();
    variables().forEach((name, variable) -> state.put(name, variable.toHostArray()));
    return state;
  }

  void load(Map<String, HostArray> state) {
    Map<Variable, HostArray> values = new LinkedHashMap<>();
    variables().forEach((name, variable) -> values.put(variable, state.get(name)));
    Variable.assignAll(values);
  }

  private static Tensor[] inputs(List<HostArray> arrays) {
    return arrays.stream().map(Tensor::of).toArray(Tensor[]::new);
  }

  private static List<HostArray> arrays(List<Tensor> tensors) {
    return tensors.stream().map(Tensor::toHostArray).toList();
  }
}
