package dev.chainrule.graph;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Walks over a graph and lists its {@link Structure}. */
final class StructureBuilder {

  private final Function<Node, Structure.Leaf> leaves;
  private final NodeNumbers places = new NodeNumbers();

  /** From a root to the node that is walked over, and how many inputs of each have been. */
  private final List<Node> path = new ArrayList<>();
  private final Ints walked = new Ints();

  /** Of the nodes on the path, one after another, the places of those inputs that have been listed: the newest belong to the last. */
  private final Ints known = new Ints();

  private final List<Object> symbols = new ArrayList<>();
  private final List<Origin> origins = new ArrayList<>();
  private final Ints edges = new Ints();
  private final Ints starts = new Ints();

  StructureBuilder(Function<Node, Structure.Leaf> leaves) {
    this.leaves = leaves;
  }

  void parameter(Node node) {
    list(node, node.type(), 0);
  }

  StructureBuilder add(Collection<Node> roots) {
    for (Node root : roots) {
      enter(root);
      while (!path.isEmpty()) {
        Node node = path.getLast();
        Node[] inputs = node.inputArray();
        int next = walked.last();
        if (next < inputs.length) {
          walked.setLast(next + 1);
          enter(inputs[next]);
        } else {
          path.removeLast();
          walked.removeLast(1);
          list(node, symbol(node, leaves), next);
        }
      }
    }
    return this;
  }

  private void enter(Node node) {
    int place = places.of(node);
    if (place != NodeNumbers.NONE) {
      known.add(place);
    } else if (node.isLeaf()) {
      list(node, symbol(node, leaves), 0);
    } else {
      path.add(node);
      walked.add(0);
    }
  }

  /** Its inputs' places are the last that are known; its own takes their place. */
  private void list(Node node, Object symbol, int inputs) {
    starts.add(edges.size());
    edges.addLastOf(known, inputs);
    known.removeLast(inputs);
    known.add(places.size());
    symbols.add(symbol);
    origins.add(node.origin());
    places.add(node);
  }

  /** What a structure has in the place of a node. */
  static Object symbol(Node node, Function<Node, Structure.Leaf> leaves) {
    if (node.value().isPresent()) {
      return leaves.apply(node);
    }
    return switch (node.op()) {
      case Op.State _ -> leaves.apply(node);
      case Op.Composite(var name, var attributes, Body body, var _) -> holder(node, name, attributes, body);
      case Op.Loop(long length, int carries, int sliced, Body body) ->
          holder(node, "loop", Map.of("length", length, "carries", carries, "sliced", sliced), body);
      case Op.While(int carries, Body condition, Body body) -> holder(node, "while", Map.of("carries", carries), condition, body);
      case Op.Cond(Body then, Body otherwise) -> holder(node, "cond", Map.of(), then, otherwise);
      case Op op -> op;
    };
  }

  private static Structure.Holder holder(Node node, String name, Map<String, Object> attributes, Body... bodies) {
    Structure[] structures = new Structure[bodies.length];
    for (int i = 0; i < bodies.length; i++) {
      structures[i] = bodies[i].structure();
    }
    return new Structure.Holder(node.op().getClass(), name, attributes, List.of(structures));
  }

  Structure build(Collection<Node> roots) {
    starts.add(edges.size());
    roots.forEach(root -> edges.add(places.of(root)));
    starts.add(edges.size());
    return new Structure(symbols.toArray(), origins.toArray(Origin[]::new), edges.toArray(), starts.toArray());
  }
}
