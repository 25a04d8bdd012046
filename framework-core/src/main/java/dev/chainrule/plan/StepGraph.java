package dev.chainrule.plan;

import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.Node;
import java.util.ArrayList;
import java.util.List;

/**
 * Everything one run computes, as one graph: (state, inputs, scalars) -> (state', outputs).
 *
 * @param outputs nodes whose values the caller wants
 * @param assignments variables' new values, committed together at the end
 * @param checks nodes that must be finite for the commit to happen
 */
public record StepGraph(List<Node> outputs, List<Assignment> assignments, List<Check> checks) {

  /** Copies the lists. */
  public StepGraph {
    outputs = List.copyOf(outputs);
    assignments = List.copyOf(assignments);
    checks = List.copyOf(checks);
  }

  /** A variable and its new value; {@code expected} is the version that the graph was traced against. */
  public record Assignment(StateSlot.Version expected, Node value) {}

  /** A node and how messages call it, such as {@code loss}. */
  public record Check(Node node, String what) {}

  static StepGraph of(List<Node> outputs) {
    return new StepGraph(outputs, List.of(), List.of());
  }

  /** How many nodes it has. */
  public long size() {
    return Graphs.topological(roots()).size();
  }

  /** Outputs, checked nodes, new values, in this order. */
  List<Node> roots() {
    List<Node> roots = new ArrayList<>(outputs);
    checks.forEach(c -> roots.add(c.node()));
    assignments.forEach(a -> roots.add(a.value()));
    return roots;
  }
}
