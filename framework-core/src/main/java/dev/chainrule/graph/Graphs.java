package dev.chainrule.graph;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/** Walks over graphs. All are iterative: the graph of a recurrent network is deeper than any stack. */
public final class Graphs {

  private Graphs() {}

  /** Every node that {@code outputs} need, inputs before users; leaves (evaluated nodes among them) end the walk. */
  public static List<Node> topological(Collection<Node> outputs) {
    return topological(outputs, _ -> false);
  }

  /** The same, with the nodes for which {@code ends} holds taken as leaves too. */
  public static List<Node> topological(Collection<Node> outputs, Predicate<Node> ends) {
    record Frame(Node node, boolean inputsDone) {}
    Set<Node> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    List<Node> order = new ArrayList<>();
    var stack = new ArrayDeque<Frame>();
    for (Node output : outputs) {
      stack.push(new Frame(output, false));
      while (!stack.isEmpty()) {
        Frame frame = stack.pop();
        if (frame.inputsDone) {
          order.add(frame.node);
        } else if (seen.add(frame.node)) {
          stack.push(new Frame(frame.node, true));
          List<Node> inputs = ends.test(frame.node) ? List.of() : frame.node.inputs();
          for (int i = inputs.size() - 1; i >= 0; i--) {
            if (!seen.contains(inputs.get(i))) {
              stack.push(new Frame(inputs.get(i), false));
            }
          }
        }
      }
    }
    return order;
  }
}
