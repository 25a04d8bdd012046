package dev.chainrule.plan;

import dev.chainrule.graph.Node;
import dev.chainrule.graph.ScalarValue;
import dev.chainrule.graph.Structure;
import dev.chainrule.graph.Value;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The structure of a step graph: operations with their attributes, how they are connected, the leaves' types and which of them are
 * one; and what becomes of its results. Numbers and data are not part of it. Two graphs with equal keys run by the same plan.
 */
final class PlanKey {

  private final Structure structure;

  /** The count of outputs and that of checks; then the slots of the variables that are assigned. */
  private final int[] uses;

  private PlanKey(Structure structure, int[] uses) {
    this.structure = structure;
    this.uses = uses;
  }

  /** The key of {@code graph}; its leaves are numbered into {@code leaves}. */
  static PlanKey of(StepGraph graph, Leaves leaves) {
    return of(graph, leaves, Optional.empty());
  }

  /** The same, found sooner if it is equal to {@code expected}. */
  static PlanKey of(StepGraph graph, Leaves leaves, Optional<PlanKey> expected) {
    Structure likely = expected.map(key -> key.structure).orElse(Structure.EMPTY);
    Structure structure = Structure.of(graph.roots(), node -> leaf(node, leaves), likely);
    List<StepGraph.Assignment> assignments = graph.assignments();
    int[] uses = new int[2 + assignments.size()];
    uses[0] = graph.outputs().size();
    uses[1] = graph.checks().size();
    for (int i = 0; i < assignments.size(); i++) {
      uses[2 + i] = leaves.slot(assignments.get(i).expected());
    }
    return new PlanKey(structure, uses);
  }

  private static Structure.Leaf leaf(Node node, Leaves leaves) {
    Value value = node.value().orElse(null);
    String kind = value == null ? "variable" : value instanceof ScalarValue ? "scalar" : "input";
    return new Structure.Leaf(kind, leaves.slot(node), node.type());
  }

  /** The first thing in which {@code now} differs from this key, for the log. */
  String firstDifference(PlanKey now) {
    return structure.firstDifference(now.structure).orElse("other results are returned, checked or assigned");
  }

  /** How much differs: the operations and leaves that do, or everything when there are more in one of the two. */
  int distance(PlanKey other) {
    return structure.distance(other.structure);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof PlanKey k && Arrays.equals(uses, k.uses) && structure.equals(k.structure);
  }

  @Override
  public int hashCode() {
    return 31 * structure.hashCode() + Arrays.hashCode(uses);
  }
}
