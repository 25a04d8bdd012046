package dev.chainrule.train;

import dev.chainrule.NonFiniteException;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Interpreter;
import dev.chainrule.graph.Node;
import dev.chainrule.plan.Engine;
import dev.chainrule.plan.StepGraph;
import dev.chainrule.tensor.Mode;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Trace;
import dev.chainrule.tensor.Variable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A Step without a device: its graph is recorded as a {@link Step}'s is, evaluated by the reference interpreter, and its assignments
 * are committed together when all its checks hold. For tests of whatever changes variables.
 */
public final class ReferenceStep {

  private final Mode mode;
  private final Step.Function function;
  private final long seed;
  private long runs;

  private ReferenceStep(Mode mode, Step.Function function, long seed) {
    this.mode = mode;
    this.function = function;
    this.seed = seed;
  }

  public static ReferenceStep training(long seed, Step.Function function) {
    return new ReferenceStep(Mode.TRAINING, function, seed);
  }

  public static ReferenceStep evaluation(long seed, Step.Function function) {
    return new ReferenceStep(Mode.EVALUATION, function, seed);
  }

  /** The graph of the next run, which is not run. */
  public StepGraph record(Tensor... inputs) {
    return Trace.record(mode, seed, runs, false, () -> function.apply(List.of(inputs))).graph();
  }

  /**
   * Runs the function.
   *
   * @return its results
   * @throws NonFiniteException when a checked value is not finite; variables keep their values
   */
  public List<HostArray> run(Tensor... inputs) {
    StepGraph graph = record(inputs);
    runs++;
    List<HostArray> values = Interpreter.evaluate(roots(graph), Engine::read);
    int outputs = graph.outputs().size();
    int checks = graph.checks().size();
    for (int i = 0; i < checks; i++) {
      requireFinite(graph.checks().get(i).what(), values.get(outputs + i));
    }
    for (int i = 0; i < graph.assignments().size(); i++) {
      graph.assignments().get(i).expected().slot().replace(values.get(outputs + checks + i));
    }
    return values.subList(0, outputs);
  }

  /** Outputs, checked nodes, new values, in this order. */
  public static List<Node> roots(StepGraph graph) {
    List<Node> roots = new ArrayList<>(graph.outputs());
    graph.checks().forEach(check -> roots.add(check.node()));
    graph.assignments().forEach(assignment -> roots.add(assignment.value()));
    return roots;
  }

  private void requireFinite(String what, HostArray value) {
    if (!Arrays.stream(value.toDoubleArray()).allMatch(Double::isFinite)) {
      throw new NonFiniteException(what, "step " + runs + ": " + what + " is not finite: " + value, "");
    }
  }

  /** What a variable holds. */
  public static double[] values(Variable variable) {
    return Interpreter.evaluate(List.of(variable.value().node()), Engine::read).getFirst().toDoubleArray();
  }
}
