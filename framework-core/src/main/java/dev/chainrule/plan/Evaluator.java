package dev.chainrule.plan;

import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Value;
import java.util.List;

/** Evaluation outside a Step: at once, and only what was named is kept. */
public final class Evaluator {

  private Evaluator() {}

  /** Computes the union of what the nodes need and gives each of them its value. */
  public static void evaluate(List<Node> nodes) {
    List<Node> pending = nodes.stream().filter(n -> n.value().isEmpty()).distinct().toList();
    if (pending.isEmpty()) {
      return;
    }
    List<Value> values = compute(pending);
    for (int i = 0; i < pending.size(); i++) {
      pending.get(i).evaluated(values.get(i));
    }
  }

  /** The values of nodes that stay pending. */
  public static List<Value> compute(List<Node> nodes) {
    Engine engine = Engine.current();
    StepGraph graph = StepGraph.of(nodes);
    try {
      return engine.run(graph, null);
    } catch (FaultedRun fault) {
      throw Replay.explain(graph, fault, "evaluation");
    }
  }

  public static HostArray read(Value value) {
    return Engine.read(value);
  }
}
