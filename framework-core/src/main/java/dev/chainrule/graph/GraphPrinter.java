package dev.chainrule.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Shows a graph to people: as text, one line a node, and as Graphviz DOT. Nodes are numbered from 0 in topological order, so that two
 * traces of one program print alike.
 */
public final class GraphPrinter {

  /** Longer constants are shown by their type alone. */
  private static final int SHOWN_ELEMENTS = 8;

  private GraphPrinter() {}

  /**
   * One line a node, such as {@code %3 = add f32[64,10] (%1, %2)  in hidden/linear}; attributes follow the inputs; bodies stand indented
   * below the node that holds them and number their nodes from 0 again. The last line names the outputs.
   */
  public static String toText(List<Node> outputs) {
    var text = new StringBuilder();
    print(text, "", Graphs.topological(outputs), outputs);
    return text.toString();
  }

  private static void print(StringBuilder text, String indent, List<Node> order, List<Node> outputs) {
    Map<Node, Integer> numbers = numbers(order);
    for (Node node : order) {
      text.append(indent).append('%').append(numbers.get(node)).append(" = ").append(node.op().label()).append(' ').append(types(node));
      if (!node.inputs().isEmpty()) {
        text.append(" (").append(names(node.inputs(), numbers)).append(')');
      }
      text.append(suffix(details(node))).append(suffix(node.origin().describe())).append('\n');
      bodies(node.op()).forEach((name, body) -> {
        text.append(indent).append("  ").append(name).append(":\n");
        print(text, indent + "    ", order(body), body.results());
      });
    }
    text.append(indent).append("return ").append(names(outputs, numbers)).append('\n');
  }

  private static String suffix(String text) {
    return text.isEmpty() ? "" : " " + text;
  }

  private static String names(List<Node> nodes, Map<Node, Integer> numbers) {
    return nodes.stream().map(node -> "%" + numbers.get(node)).collect(Collectors.joining(", "));
  }

  /** The graph in Graphviz's language, inputs above users; bodies are boxes of their own, tied to their node by a dashed line. */
  public static String toDot(List<Node> outputs) {
    var text = new StringBuilder("digraph chainrule {\n  node [shape=box, fontname=\"monospace\"];\n");
    dot(text, "  ", "n", Graphs.topological(outputs), outputs);
    return text.append("}\n").toString();
  }

  private static void dot(StringBuilder text, String indent, String prefix, List<Node> order, List<Node> outputs) {
    Map<Node, Integer> numbers = numbers(order);
    Set<Node> results = new HashSet<>(outputs);
    for (Node node : order) {
      String name = prefix + numbers.get(node);
      String label = (node.op().label() + " " + details(node)).strip() + "\n" + types(node);
      String path = node.origin().path();
      text.append(indent).append(name).append(" [label=\"").append(escaped(path.isEmpty() ? label : label + "\n" + path)).append('"')
          .append(results.contains(node) ? ", peripheries=2" : "").append("];\n");
      for (Node input : node.inputs()) {
        text.append(indent).append(prefix).append(numbers.get(input)).append(" -> ").append(name).append(";\n");
      }
      bodies(node.op()).forEach((title, body) -> {
        String inner = name + "_" + title + "_";
        List<Node> nodes = order(body);
        text.append(indent).append("subgraph cluster_").append(inner).append(" {\n")
            .append(indent).append("  label=\"").append(title).append("\";\n");
        dot(text, indent + "  ", inner, nodes, body.results());
        text.append(indent).append("}\n");
        for (Node result : body.results()) {
          text.append(indent).append(inner).append(numbers(nodes).get(result)).append(" -> ").append(name).append(" [style=dashed];\n");
        }
      });
    }
  }

  private static String escaped(String label) {
    return label.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
  }

  // --- what both show ----------------------------------------------------------------------------------------------------------------

  private static Map<Node, Integer> numbers(List<Node> order) {
    Map<Node, Integer> numbers = new HashMap<>();
    for (Node node : order) {
      numbers.put(node, numbers.size());
    }
    return numbers;
  }

  /** Parameters first, the unused ones too: they are the body's signature. */
  private static List<Node> order(Body body) {
    List<Node> all = new ArrayList<>(body.parameters());
    all.addAll(body.results());
    return Graphs.topological(all);
  }

  private static String types(Node node) {
    return node.types().stream().map(TensorType::toString).collect(Collectors.joining(", "));
  }

  private static Map<String, Body> bodies(Op op) {
    return switch (op) {
      case Op.Loop loop -> Map.of("body", loop.body());
      case Op.Composite composite -> Map.of("body", composite.body());
      case Op.While loop -> new TreeMap<>(Map.of("while", loop.condition(), "body", loop.body())).descendingMap();
      case Op.Cond(Body then, Body otherwise) -> new TreeMap<>(Map.of("then", then, "else", otherwise)).descendingMap();
      default -> Map.of();
    };
  }

  private static String details(Node node) {
    return node.isEvaluated() ? (attributes(node) + " evaluated").strip() : attributes(node);
  }

  /** What the types do not say already. */
  private static String attributes(Node node) {
    return switch (node.op()) {
      case Op.Pointwise _, Op.Reshape _, Op.Expand _, Op.Input _, Op.State _, Op.Copy _, Op.Barrier _, Op.Cond _ -> "";
      case Op.Dot(boolean tf32) -> tf32 ? "tf32" : "";
      case Op.Const(HostArray array) -> array.elements() <= SHOWN_ELEMENTS ? values(array) : "";
      case Op.Scalar _ -> node.value().map(value -> value instanceof ScalarValue s ? s.number().toString() : "").orElse("");
      case Op.Iota(TensorType _, int axis) -> "axis=" + axis;
      case Op.Parameter(int index) -> "index=" + index;
      case Op.PhiloxBits(Shape _, long stream) -> "stream=0x" + Long.toHexString(stream);
      case Op.Reduce(Op.Fold fold, Axes axes) -> name(fold) + " axes=" + axes;
      case Op.ArgReduce(Op.Fold fold, int axis) -> name(fold) + " axis=" + axis;
      case Op.Cumulate(Op.Fold fold, int axis, boolean reverse) -> name(fold) + " axis=" + axis + (reverse ? " reverse" : "");
      case Op.Conv(Op.Geometry geometry) -> geometry(geometry);
      case Op.ConvInputGradient(Op.Geometry geometry, Shape _) -> geometry(geometry);
      case Op.ConvWeightGradient(Op.Geometry geometry, Shape _) -> geometry(geometry);
      case Op.Gather(int axis) -> "axis=" + axis;
      case Op.ScatterAdd(int axis) -> "axis=" + axis;
      case Op.Sort(int axis, boolean descending) -> "axis=" + axis + (descending ? " descending" : "");
      case Op.Overlap(int axis, long _, long size, long stride, long dilation) -> window(axis, size, stride, dilation);
      case Op.Window(int axis, long size, long stride, long dilation) -> window(axis, size, stride, dilation);
      case Op.Permute(Axes order) -> "order=" + order;
      case Op.Pad(List<Op.Edge> edges) -> "edges=" + list(edges.stream().map(e -> e.low() + "+" + e.high()).toList());
      case Op.Slice(List<Op.Range> ranges) ->
          "ranges=" + list(ranges.stream().map(r -> r.start() + ":" + r.size() + (r.step() == 1 ? "" : ":" + r.step())).toList());
      case Op.Concat(int axis) -> "axis=" + axis;
      case Op.Result(int index) -> "index=" + index;
      case Op.Loop(long length, int carries, int sliced, Body _) -> "length=" + length + " carries=" + carries + " sliced=" + sliced;
      case Op.While(int carries, Body _, Body _) -> "carries=" + carries;
      case Op.Composite composite -> new TreeMap<>(composite.attributes()).entrySet().stream()
          .map(e -> e.getKey() + "=" + e.getValue()).collect(Collectors.joining(" "));
    };
  }

  private static String name(Op.Fold fold) {
    return fold.name().toLowerCase(Locale.ROOT);
  }

  private static String window(int axis, long size, long stride, long dilation) {
    return "axis=" + axis + " size=" + size + " stride=" + stride + " dilation=" + dilation;
  }

  private static String geometry(Op.Geometry geometry) {
    return "stride=" + list(geometry.axes().stream().map(s -> s.stride() + "").toList())
        + " dilation=" + list(geometry.axes().stream().map(s -> s.dilation() + "").toList())
        + " padding=" + list(geometry.axes().stream().map(s -> s.low() + "+" + s.high()).toList())
        + " groups=" + geometry.groups() + (geometry.tf32() ? " tf32" : "");
  }

  private static String list(List<String> parts) {
    return "[" + String.join(",", parts) + "]";
  }

  private static String values(HostArray array) {
    return array.type().dtype().isFloating() ? Arrays.toString(array.toDoubleArray()) : Arrays.toString(array.toLongArray());
  }
}
