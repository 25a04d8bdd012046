package dev.chainrule.plan;

import dev.chainrule.graph.Node;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** How often each node of a graph is read while some are replaced; a node that nobody reads any more reads nothing. */
final class Readers {

  private final Map<Node, Integer> counts = new HashMap<>();

  void add(Node node, int readers) {
    counts.merge(node, readers, Integer::sum);
  }

  boolean isReadOnce(Node node) {
    return counts.getOrDefault(node, 0) == 1;
  }

  /** @param old what its readers have been promised, and has been taken to read its inputs */
  void replace(Node old, Node replacement) {
    if (!counts.containsKey(replacement)) {
      change(replacement, 1, 1);
    }
    change(old, -1, 0);
  }

  /** Counts each of the node's inputs up or down, and on from those that so get to {@code turning}: they now begin or cease to read. */
  private void change(Node node, int by, int turning) {
    var turned = new ArrayDeque<>(List.of(node));
    while (!turned.isEmpty()) {
      for (Node input : turned.pop().inputs()) {
        if (counts.merge(input, by, Integer::sum) == turning) {
          turned.push(input);
        }
      }
    }
  }
}
