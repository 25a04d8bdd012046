package dev.chainrule.graph;

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

  /** That of no nodes. */
  public static final Structure EMPTY = new Structure(new Object[0], new Origin[0], new int[0], new int[2]);

  /** One entry for each node in the order of {@link Graphs#topological}: the operation, or what stands for it. */
  final Object[] symbols;

  /** Where each node was made; for messages, and no part of the structure. */
  final Origin[] origins;

  /** The places in the order of each node's inputs, one node after the other; then those of the roots. */
  final int[] edges;

  /** Where the edges of each node begin, then those of the roots, then where these end. */
  final int[] starts;

  /** Of the edges and the leaves alone: graphs that differ elsewhere only are rare, and each operation's would cost more than it tells. */
  private final int hash;

  Structure(Object[] symbols, Origin[] origins, int[] edges, int[] starts) {
    this.symbols = symbols;
    this.origins = origins;
    this.edges = edges;
    this.starts = starts;
    int leaves = 0;
    for (Object symbol : symbols) {
      leaves = symbol instanceof Leaf ? 31 * leaves + symbol.hashCode() : leaves;
    }
    this.hash = 31 * leaves + Arrays.hashCode(edges);
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

  /**
   * The structure of what {@code roots} need.
   *
   * @param leaves what stands for values from outside and for variables
   * @param expected what it may well be equal to, and then is: to compare takes less than to build
   */
  public static Structure of(Collection<Node> roots, Function<Node, Leaf> leaves, Structure expected) {
    return new StructureMatch(expected, leaves).isOf(roots) ? expected : new StructureBuilder(leaves).add(roots).build(roots);
  }

  /** A body's parameters come first, in their order: what they are called does not matter. */
  static Structure of(Body body) {
    var builder = new StructureBuilder(leaf -> {
      throw new IllegalStateException("a body reads " + leaf + " from outside");
    });
    body.parameters().forEach(builder::parameter);
    return builder.add(body.results()).build(body.results());
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
        || other instanceof Structure s && hash == s.hash && Arrays.equals(starts, s.starts) && Arrays.equals(edges, s.edges)
        && Arrays.equals(symbols, s.symbols);
  }

  @Override
  public int hashCode() {
    return hash;
  }
}
