package dev.chainrule.plan;

import dev.chainrule.graph.Body;
import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.ScalarValue;
import dev.chainrule.graph.TensorType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The structure of a step graph: operations with their attributes, how they are connected, the leaves' types and which of them are
 * one. Numbers and data are not part of it. Two graphs with equal keys run by the same plan.
 */
final class PlanKey {

  /** One entry for each node in the order of the walk: the operation, or what stands for a leaf. */
  private final Object[] symbols;

  /** For each node the count of its inputs and their positions in the walk; then the roots. */
  private final int[] edges;

  private final int hash;

  private PlanKey(Object[] symbols, int[] edges) {
    this.symbols = symbols;
    this.edges = edges;
    int h = Arrays.hashCode(edges);
    for (Object symbol : symbols) {
      h = 31 * h + 17 * symbol.getClass().hashCode() + symbol.hashCode();
    }
    this.hash = h;
  }

  /** The leaf with this number of its kind. */
  private record LeafSymbol(String kind, int slot, TensorType type) {
    @Override
    public String toString() {
      return kind + " " + slot + " " + type;
    }
  }

  private record BodySymbol(String name, Map<String, Object> attributes, List<PlanKey> bodies) {}

  /** The key of {@code graph}; its leaves are numbered into {@code leaves}. */
  static PlanKey of(StepGraph graph, Leaves leaves) {
    var builder = new Builder(leaves);
    List<Node> roots = graph.roots();
    builder.walk(roots);
    builder.edge(graph.outputs().size());
    builder.edge(graph.checks().size());
    roots.forEach(builder::reference);
    graph.assignments().forEach(a -> builder.edge(leaves.slot(a.expected())));
    return builder.build();
  }

  private static PlanKey of(Body body) {
    var builder = new Builder(new Leaves());
    body.parameters().forEach(builder::parameter);
    builder.walk(body.results());
    body.results().forEach(builder::reference);
    return builder.build();
  }

  private static final class Builder {
    private final Leaves leaves;
    private final List<Object> symbols = new ArrayList<>();
    private final Map<Node, Integer> positions = new HashMap<>();
    private int[] edges = new int[256];
    private int count;
    private boolean closed;

    Builder(Leaves leaves) {
      this.leaves = leaves;
    }

    /** A body's parameters come first, in their order: what they are called does not matter. */
    void parameter(Node node) {
      closed = true;
      symbols.add(node.type());
      edge(0);
      positions.put(node, positions.size());
    }

    void walk(List<Node> roots) {
      for (Node node : Graphs.topological(roots)) {
        if (positions.containsKey(node)) {
          continue;
        }
        if (closed && (node.value().isPresent() || node.op() instanceof Op.State || node.op() instanceof Op.Parameter)) {
          throw new IllegalStateException("a body reads " + node + " from outside");
        }
        symbols.add(symbol(node));
        List<Node> inputs = node.inputs();
        edge(inputs.size());
        for (int i = 0; i < inputs.size(); i++) {
          reference(inputs.get(i));
        }
        positions.put(node, positions.size());
      }
    }

    private Object symbol(Node node) {
      if (node.value().isPresent()) {
        String kind = node.value().get() instanceof ScalarValue ? "scalar" : "input";
        return new LeafSymbol(kind, leaves.slot(node), node.type());
      }
      return switch (node.op()) {
        case Op.State _ -> new LeafSymbol("variable", leaves.slot(node), node.type());
        case Op.Composite(var name, var attributes, var body, var _) -> new BodySymbol(name, attributes, List.of(of(body)));
        case Op.Loop(long length, int carries, int sliced, Body body) ->
            new BodySymbol("loop", Map.of("length", length, "carries", carries, "sliced", sliced), List.of(of(body)));
        case Op.While(int carries, Body condition, Body body) ->
            new BodySymbol("while", Map.of("carries", carries), List.of(of(condition), of(body)));
        case Op.Cond(Body then, Body otherwise) -> new BodySymbol("cond", Map.of(), List.of(of(then), of(otherwise)));
        case Op op -> op;
      };
    }

    void reference(Node node) {
      edge(Objects.requireNonNull(positions.get(node)));
    }

    void edge(int value) {
      if (count == edges.length) {
        edges = Arrays.copyOf(edges, 2 * count);
      }
      edges[count++] = value;
    }

    PlanKey build() {
      return new PlanKey(symbols.toArray(), Arrays.copyOf(edges, count));
    }
  }

  /** The first thing in which {@code now} differs from this key, for the log. */
  String firstDifference(PlanKey now) {
    int common = Math.min(symbols.length, now.symbols.length);
    for (int i = 0; i < common; i++) {
      if (!symbols[i].equals(now.symbols[i])) {
        return symbols[i] instanceof LeafSymbol was && now.symbols[i] instanceof LeafSymbol is && was.kind.equals(is.kind)
            ? was.kind + " " + was.slot + " was " + was.type + ", now " + is.type
            : "operation " + i + " was " + symbols[i] + ", now " + now.symbols[i];
      }
    }
    return symbols.length == now.symbols.length
        ? "operations are connected differently"
        : symbols.length + " operations before, " + now.symbols.length + " now";
  }

  /** How much differs: the symbols that do, or everything when there are more operations in one of the two. */
  int distance(PlanKey other) {
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
    return other instanceof PlanKey k && hash == k.hash && Arrays.equals(edges, k.edges) && Arrays.equals(symbols, k.symbols);
  }

  @Override
  public int hashCode() {
    return hash;
  }
}
