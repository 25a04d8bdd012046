package dev.chainrule.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * What a graph computes, without its data: operations with their attributes, how they are connected, and what stands for each leaf.
 * Two graphs that are made apart have equal structures if they compute the same. It keeps none of the graph's nodes alive.
 */
public final class Structure {

  /** One entry for each node in the order of {@link Graphs#topological}: the operation, or what stands for it. */
  final Object[] symbols;

  /** Where each node was made; for messages, and no part of the structure. */
  final Origin[] origins;

  /** For each node the count of its inputs and their places in the order; then those of the roots. */
  final int[] edges;

  /** Of the edges and the leaves alone: graphs that differ elsewhere only are rare, and each operation's would cost more than it tells. */
  private final int hash;

  private Structure(Object[] symbols, Origin[] origins, int[] edges, int leafHash) {
    this.symbols = symbols;
    this.origins = origins;
    this.edges = edges;
    this.hash = 31 * leafHash + Arrays.hashCode(edges);
  }

  /**
   * What stands for a leaf with outside data.
   *
   * @param kind how messages call it, such as {@code input}
   * @param slot its number among those of its kind
   */
  public record Leaf(String kind, int slot, TensorType type) {
    @Override
    public String toString() {
      return kind + " " + slot + " " + type;
    }
  }

  /** An operation with bodies; a composite's derivative has done its work. */
  record Holder(Class<? extends Op> kind, String name, Map<String, Object> attributes, List<Structure> bodies) {
    /** As records print: {@code softmax[axis=1]}. */
    @Override
    public String toString() {
      return name + new TreeMap<>(attributes).entrySet().stream().map(Map.Entry::toString).collect(Collectors.joining(", ", "[", "]"));
    }
  }

  /** The structure of what {@code roots} need; {@code leaves} says what stands for values from outside and for variables. */
  public static Structure of(Collection<Node> roots, Function<Node, Leaf> leaves) {
    var builder = new Builder(leaves);
    builder.walk(roots);
    return builder.build(roots);
  }

  /** A body's parameters come first, in their order: what they are called does not matter. */
  static Structure of(Body body) {
    var builder = new Builder(leaf -> {
      throw new IllegalStateException("a body reads " + leaf + " from outside");
    });
    body.parameters().forEach(builder::parameter);
    builder.walk(body.results());
    return builder.build(body.results());
  }

  private static final class Builder {
    private final Function<Node, Leaf> leaves;
    private final NodeNumbers places = new NodeNumbers();

    /** From a root to the node that is walked over, and how many inputs of each have been. */
    private final List<Node> path = new ArrayList<>();
    private final Ints walked = new Ints();

    /** Of the nodes on the path, one after another, the places of those inputs that have been listed: the newest belong to the last. */
    private final Ints known = new Ints();

    private final List<Object> symbols = new ArrayList<>();
    private Origin[] origins = new Origin[64];
    private final Ints edges = new Ints();
    private int leafHash;

    Builder(Function<Node, Leaf> leaves) {
      this.leaves = leaves;
    }

    void parameter(Node node) {
      list(node, node.type(), 0);
    }

    void walk(Collection<Node> roots) {
      for (Node root : roots) {
        enter(root);
        while (!path.isEmpty()) {
          Node node = path.getLast();
          List<Node> inputs = node.inputs();
          int next = walked.last();
          if (next < inputs.size()) {
            walked.setLast(next + 1);
            enter(inputs.get(next));
          } else {
            path.removeLast();
            walked.removeLast(1);
            list(node, symbol(node), next);
          }
        }
      }
    }

    private void enter(Node node) {
      int place = places.of(node);
      if (place != NodeNumbers.NONE) {
        known.add(place);
      } else if (node.isLeaf()) {
        list(node, symbol(node), 0);
      } else {
        path.add(node);
        walked.add(0);
      }
    }

    /** Its inputs' places are the last that are known; its own takes their place. */
    private void list(Node node, Object symbol, int inputs) {
      edges.add(inputs);
      edges.addLastOf(known, inputs);
      known.removeLast(inputs);
      known.add(places.size());
      if (places.size() == origins.length) {
        origins = Arrays.copyOf(origins, 4 * origins.length);
      }
      origins[places.size()] = node.origin();
      symbols.add(symbol);
      places.add(node);
    }

    private Object symbol(Node node) {
      if (node.value().isPresent()) {
        return leaf(node);
      }
      return switch (node.op()) {
        case Op.State _ -> leaf(node);
        case Op.Composite(var name, var attributes, Body body, var _) -> holder(node, name, attributes, body);
        case Op.Loop(long length, int carries, int sliced, Body body) ->
            holder(node, "loop", Map.of("length", length, "carries", carries, "sliced", sliced), body);
        case Op.While(int carries, Body condition, Body body) -> holder(node, "while", Map.of("carries", carries), condition, body);
        case Op.Cond(Body then, Body otherwise) -> holder(node, "cond", Map.of(), then, otherwise);
        case Op op -> op;
      };
    }

    private static Holder holder(Node node, String name, Map<String, Object> attributes, Body... bodies) {
      Structure[] structures = new Structure[bodies.length];
      for (int i = 0; i < bodies.length; i++) {
        structures[i] = bodies[i].structure();
      }
      return new Holder(node.op().getClass(), name, attributes, List.of(structures));
    }

    private Leaf leaf(Node node) {
      Leaf leaf = leaves.apply(node);
      leafHash = 31 * leafHash + leaf.hashCode();
      return leaf;
    }

    Structure build(Collection<Node> roots) {
      roots.forEach(root -> edges.add(places.of(root)));
      return new Structure(symbols.toArray(), Arrays.copyOf(origins, places.size()), edges.toArray(), leafHash);
    }
  }

  /** The first thing in which {@code now} differs from this structure, for the log; empty if they are equal. */
  public Optional<String> firstDifference(Structure now) {
    return new StructureDifference(this, now, true).text();
  }

  /** How much differs: the symbols that do, or everything when there are more operations in one of the two. */
  public int distance(Structure other) {
    if (symbols.length != other.symbols.length) {
      return Integer.MAX_VALUE;
    }
    int differing = 0;
    for (int i = 0; i < symbols.length; i++) {
      differing += symbols[i].equals(other.symbols[i]) ? 0 : 1;
    }
    return differing;
  }

  @Override
  public boolean equals(Object other) {
    return this == other
        || other instanceof Structure s && hash == s.hash && Arrays.equals(edges, s.edges) && Arrays.equals(symbols, s.symbols);
  }

  @Override
  public int hashCode() {
    return hash;
  }
}
