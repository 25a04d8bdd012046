package dev.chainrule.plan;

import dev.chainrule.ChainruleException;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Value;
import java.util.List;
import java.util.Optional;

/** Evaluation outside a Step: at once, and only what was named is kept. */
public final class Evaluator {

  private Evaluator() {}

  /** Computes the union of what the nodes need and gives each of them its value. */
  public static void evaluate(List<Node> nodes) {
    List<Node> pending = nodes.stream().filter(n -> n.value().isEmpty()).distinct().toList();
    if (pending.isEmpty()) {
      return;
    }
    try {
      Engine.current().evaluate(pending);
    } catch (FaultedRun fault) {
      throw explained(pending, fault);
    }
  }

  /** The values of nodes that stay pending. */
  public static List<Value> compute(List<Node> nodes) {
    try {
      return Engine.current().compute(nodes);
    } catch (FaultedRun fault) {
      throw explained(nodes, fault);
    }
  }

  private static ChainruleException explained(List<Node> nodes, FaultedRun fault) {
    return Replay.explain(StepGraph.of(nodes), Optional.empty(), fault, "evaluation");
  }
}
