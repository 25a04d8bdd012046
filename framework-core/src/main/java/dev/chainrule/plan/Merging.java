package dev.chainrule.plan;

import dev.chainrule.graph.Body;
import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.ScalarValue;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Computes once what the graph asks for several times: equal operations on equal inputs become one node. A barrier is equal to nothing,
 * so that a segment that is to be computed again is; a Java number is a parameter of its own at each place where it stands.
 */
final class Merging {

  private final Map<Object, Node> known = new HashMap<>();
  private final Map<Node, Node> standing = new IdentityHashMap<>();

  private Merging() {}

  /** What an operation computes, beside the inputs. */
  private record Meaning(Object operation, List<Node> inputs) {}

  /** A composite by what it means; its derivative has done its work. */
  private record Named(String name, Map<String, Object> attributes, Body body) {}

  /** A piece of data, equal to itself alone. */
  private record Data(int identity, Object value) {
    @Override
    public boolean equals(Object other) {
      return other instanceof Data data && data.value == value;
    }

    @Override
    public int hashCode() {
      return identity;
    }
  }

  static List<Node> of(List<Node> roots) {
    var merging = new Merging();
    for (Node node : Graphs.inProgramOrder(roots)) {
      merging.standing.put(node, merging.standIn(node));
    }
    return roots.stream().map(root -> Objects.requireNonNull(merging.standing.get(root))).toList();
  }

  private Node standIn(Node node) {
    List<Node> inputs = node.inputs().stream().map(input -> Objects.requireNonNull(standing.get(input))).toList();
    Op op = Bodies.mapped(node.op(), Merging::of);
    Node own = node.isLeaf() ? node : op == node.op() ? Ops.rebuilt(node, inputs) : Ops.rebuilt(node, op, inputs);
    return mayBeMerged(node) ? known.computeIfAbsent(meaning(node, op, inputs), _ -> own) : own;
  }

  private static boolean mayBeMerged(Node node) {
    boolean number = node.value().filter(ScalarValue.class::isInstance).isPresent();
    return !number && !(node.op() instanceof Op.Barrier || node.op() instanceof Op.Copy || node.op() instanceof Op.Parameter);
  }

  private static Object meaning(Node node, Op op, List<Node> inputs) {
    if (node.value().isPresent()) {
      return new Data(System.identityHashCode(node.value().get()), node.value().get());
    }
    return switch (op) {
      case Op.Composite(var name, var attributes, var body, var _) -> new Meaning(new Named(name, attributes, body), inputs);
      default -> new Meaning(op, inputs);
    };
  }
}
