package dev.chainrule.graph;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Predicate;

/** Walks over graphs. All are iterative: the graph of a recurrent network is deeper than any stack. */
public final class Graphs {

  private Graphs() {}

  /** Every node that {@code outputs} need, inputs before users; leaves (evaluated nodes among them) end the walk. */
  public static List<Node> topological(Collection<Node> outputs) {
    return topological(outputs, _ -> false);
  }

  /**
   * The same nodes in the order in which they were made. It is the order in which a backward pass wants to be run: each gradient of a
   * weight right behind the cotangent that it needs, which is then free to go.
   */
  public static List<Node> inProgramOrder(Collection<Node> outputs) {
    List<Node> order = topological(outputs);
    order.sort(Comparator.comparingLong(Node::id));
    return order;
  }

  /**
   * The same graph on other inputs: whatever depends on a key of {@code substitutes} is made anew.
   *
   * @param origin where a new node is said to have been made, from the node that it stands for
   */
  public static List<Node> replaced(List<Node> outputs, Map<Node, Node> substitutes, Function<Node, Origin> origin) {
    Map<Node, Node> standing = new HashMap<>(substitutes);
    for (Node node : topological(outputs, substitutes::containsKey)) {
      if (!standing.containsKey(node)) {
        standing.put(node, onOthers(node, standing, origin));
      }
    }
    return outputs.stream().map(standing::get).toList();
  }

  private static Node onOthers(Node node, Map<Node, Node> standing, Function<Node, Origin> origin) {
    Node[] inputs = node.inputArray().clone();
    boolean others = false;
    for (int i = 0; i < inputs.length; i++) {
      Node now = Objects.requireNonNull(standing.get(inputs[i]));
      others |= now != inputs[i];
      inputs[i] = now;
    }
    return others ? new Node(node.op(), node.types(), origin.apply(node), inputs) : node;
  }

  /**
   * The same graph with literals of its own for those made before {@code begin}: outside a body a literal may be evaluated at any time,
   * and then holds data, which a closed body must not.
   */
  public static List<Node> withOwnLiterals(List<Node> outputs, long begin) {
    Map<Node, Node> own = new HashMap<>();
    for (Node node : topological(outputs)) {
      if (node.id() < begin && (node.op() instanceof Op.Const || node.op() instanceof Op.Iota)) {
        own.put(node, Ops.node(node.op()));
      }
    }
    return own.isEmpty() ? outputs : replaced(outputs, own, Node::origin);
  }

  /** The same, with the nodes for which {@code ends} holds taken as leaves too. */
  public static List<Node> topological(Collection<Node> outputs, Predicate<Node> ends) {
    var seen = new NodeNumbers();
    List<Node> order = new ArrayList<>();
    // A node is pushed to be entered, and again under its inputs to be listed when they are.
    var stack = new ArrayDeque<Node>();
    var listing = new BitSet();
    for (Node output : outputs) {
      stack.push(output);
      while (!stack.isEmpty()) {
        int depth = stack.size();
        Node node = stack.pop();
        if (listing.get(depth)) {
          listing.clear(depth);
          order.add(node);
        } else if (seen.add(node)) {
          stack.push(node);
          listing.set(depth);
          List<Node> inputs = ends.test(node) ? List.of() : node.inputs();
          for (int i = inputs.size() - 1; i >= 0; i--) {
            if (!seen.contains(inputs.get(i))) {
              stack.push(inputs.get(i));
            }
          }
        }
      }
    }
    return order;
  }
}
