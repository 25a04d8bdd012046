package dev.chainrule.graph;

import java.util.Collection;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Whether a graph has a known structure. From the roots back, that says what stands in which place, so nothing has to be searched for:
 * a step's graph is nearly always that of its last run, and is recognised in a fraction of the time that listing it takes.
 */
final class StructureMatch {

  private final Structure structure;
  private final Function<Node, Structure.Leaf> leaves;

  /** What stands in each place, as far as users have said so. */
  private final @Nullable Node[] nodes;

  StructureMatch(Structure structure, Function<Node, Structure.Leaf> leaves) {
    this.structure = structure;
    this.leaves = leaves;
    this.nodes = new Node[structure.symbols.length];
  }

  /** Leaves are asked for in the order of the walk, and only if all nodes are connected as they should be. */
  boolean isOf(Collection<Node> roots) {
    return isConnected(roots.toArray(Node[]::new)) && hasSymbols();
  }

  /** Users come after what they use, so going back no place is empty. One node in two places is not the same as two that are alike. */
  private boolean isConnected(Node[] roots) {
    var distinct = new NodeNumbers(nodes.length);
    boolean connected = place(roots, nodes.length);
    for (int i = nodes.length - 1; connected && i >= 0; i--) {
      Node node = Objects.requireNonNull(nodes[i]);
      connected = distinct.add(node) && place(node.inputArray(), i);
    }
    return connected;
  }

  /** Puts nodes where the edges of {@code user} lead; false if these are not as many, or another node is there already. */
  private boolean place(Node[] used, int user) {
    int start = structure.starts[user];
    if (used.length != structure.starts[user + 1] - start) {
      return false;
    }
    for (int i = 0; i < used.length; i++) {
      int place = structure.edges[start + i];
      Node there = nodes[place];
      if (there != null && there != used[i]) {
        return false;
      }
      nodes[place] = used[i];
    }
    return true;
  }

  private boolean hasSymbols() {
    for (int i = 0; i < nodes.length; i++) {
      if (!structure.symbols[i].equals(StructureBuilder.symbol(Objects.requireNonNull(nodes[i]), leaves))) {
        return false;
      }
    }
    return true;
  }
}
