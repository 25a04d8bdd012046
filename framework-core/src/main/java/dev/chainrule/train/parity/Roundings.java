package dev.chainrule.train.parity;

import dev.chainrule.graph.Body;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * How many roundings lie on the longest way to a result. Each operation adds its own, relative to the largest of its elements: 1 for
 * arithmetic and roots, 8 for functions that devices compute to 4 units in the last place, and for a sum of n terms the root of n. That is
 * the probabilistic bound: the worst case n would need all errors to have one sign (Higham and Mary, "A new approach to probabilistic
 * rounding error analysis", 2019).
 */
final class Roundings {

  private static final double FUNCTION = 8;

  /** Two operands rounded to 11 bits, in roundings of f32. */
  private static final double TF32 = 0x1p14;

  /** What later operations amplify, and how far a sum may lie from the typical case. */
  private static final double SAFETY = 4;

  private Roundings() {}

  /** How far the results of two devices may be apart, relative to the largest element of {@code result}. */
  static double bound(Node result) {
    List<Node> graph = Graphs.topological(List.of(result));
    double unit = graph.stream().flatMap(n -> n.types().stream()).mapToDouble(t -> unitRoundoff(t.dtype())).max().orElse(0);
    return 2 * SAFETY * unit * longest(graph).getOrDefault(result, 0.0);
  }

  private static double unitRoundoff(DType dtype) {
    return switch (dtype) {
      case F64 -> 0x1p-53;
      case F32 -> 0x1p-24;
      case F16 -> 0x1p-11;
      case BF16 -> 0x1p-8;
      case I32, I64, U8, BOOL -> 0;
    };
  }

  private static Map<Node, Double> longest(List<Node> graph) {
    Map<Node, Double> longest = new HashMap<>();
    for (Node node : graph) {
      double before = node.inputs().stream().mapToDouble(n -> Objects.requireNonNull(longest.get(n))).max().orElse(0);
      longest.put(node, before + own(node));
    }
    return longest;
  }

  private static double through(Body body) {
    Map<Node, Double> longest = longest(Graphs.topological(body.results()));
    return body.results().stream().mapToDouble(n -> Objects.requireNonNull(longest.get(n))).max().orElse(0);
  }

  private static double operands(boolean tf32) {
    return tf32 ? TF32 : 0;
  }

  private static double own(Node node) {
    return switch (node.op()) {
      case Op.Movement _, Op.Source _, Op.Comparison _, Op.Result _, Op.Copy _, Op.Barrier _, Op.ArgReduce _, Op.Gather _, Op.Sort _,
          Op.PhiloxBits _ -> 0;
      case Op.Exp _, Op.Expm1 _, Op.Log _, Op.Log1p _, Op.Sin _, Op.Cos _, Op.Tan _, Op.Tanh _, Op.Erf _, Op.Pow _ -> FUNCTION;
      case Op.Rsqrt _ -> 2;
      case Op.Pointwise _ -> 1;
      case Op.Reduce _ -> sum((double) node.input(0).type().elements() / Math.max(1, node.type().elements()));
      case Op.Cumulate(_, int axis, _) -> sum(shape(node, 0).dim(axis));
      case Op.Dot(boolean tf32) -> sum(shape(node, 0).dim(shape(node, 0).rank() - 1)) + operands(tf32);
      case Op.Conv(var geometry) -> sum(elementsFrom(shape(node, 1), 1)) + operands(geometry.tf32());
      case Op.ConvInputGradient(var geometry, _) ->
          sum((double) node.input(1).type().elements() / Math.max(1, shape(node, 1).dim(1))) + operands(geometry.tf32());
      case Op.ConvWeightGradient(var geometry, _) ->
          sum((double) node.input(0).type().elements() / Math.max(1, shape(node, 0).dim(1))) + operands(geometry.tf32());
      case Op.ScatterAdd _, Op.Overlap _ -> sum((double) node.inputs().getLast().type().elements() / Math.max(1, node.type().elements()) + 1);
      case Op.Composite composite -> through(composite.body());
      case Op.Cond(var then, var otherwise) -> Math.max(through(then), through(otherwise));
      case Op.Loop loop -> loop.length() * through(loop.body());
      case Op.While(_, _, var body) -> through(body);
    };
  }

  private static Shape shape(Node node, int input) {
    return node.input(input).type().shape();
  }

  private static double elementsFrom(Shape shape, int axis) {
    return shape.slice(axis, shape.rank()).elements();
  }

  private static double sum(double terms) {
    return Math.sqrt(Math.max(1, terms));
  }
}
