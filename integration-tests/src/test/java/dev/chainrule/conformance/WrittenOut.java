package dev.chainrule.conformance;

import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Graphs with the bodies in place of what holds them, so that every operation in a body is one of the graph. */
final class WrittenOut {

  /** What stands for each result of a node. */
  private final Map<Node, List<Node>> replaced = new HashMap<>();

  private WrittenOut() {}

  static List<Node> of(List<Node> outputs) {
    return new WrittenOut().written(outputs);
  }

  private List<Node> written(List<Node> outputs) {
    for (Node node : Graphs.topological(outputs)) {
      replaced.put(node, node.isLeaf() ? List.of(node) : replacement(node));
    }
    return outputs.stream().map(this::only).toList();
  }

  private List<Node> replacement(Node node) {
    List<Node> inputs = node.inputs().stream().map(this::only).toList();
    return switch (node.op()) {
      case Op.Composite composite -> of(composite.body().inline(inputs, node.origin()));
      case Op.Result(int index) when replaced.get(node.input(0)).size() > 1 -> List.of(replaced.get(node.input(0)).get(index));
      default -> List.of(inputs.equals(node.inputs()) ? node : Ops.rebuilt(node, inputs));
    };
  }

  private Node only(Node node) {
    return replaced.get(node).getFirst();
  }
}
