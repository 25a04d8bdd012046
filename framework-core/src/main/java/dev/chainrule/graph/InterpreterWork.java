package dev.chainrule.graph;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** How much the {@link Interpreter} has to do for a node: about as many steps as it reads, multiplies and writes elements. */
public final class InterpreterWork {

  /** What a node costs besides its elements. */
  private static final double NODE = 64;

  private final double limit;

  private InterpreterWork(double limit) {
    this.limit = limit;
  }

  /** Whether the node can be computed in {@code limit} steps; the count, which is on the safe side, ends where it cannot. */
  public static boolean isAtMost(long limit, Node node) {
    return new InterpreterWork(limit).of(List.of(node)) <= limit;
  }

  private double of(Collection<Node> outputs) {
    Set<Node> seen = new HashSet<>(outputs);
    var waiting = new ArrayDeque<>(outputs);
    double total = 0;
    while (!waiting.isEmpty() && total <= limit) {
      Node node = waiting.pop();
      List<Node> inputs = node.inputs();
      total += NODE + of(node, inputs);
      inputs.stream().filter(seen::add).forEach(waiting::push);
    }
    return total;
  }

  private double of(Node node, List<Node> inputs) {
    double elements = node.types().stream().mapToDouble(TensorType::elements).sum()
        + inputs.stream().mapToDouble(input -> input.type().elements()).sum();
    return node.value().isPresent() ? elements : elements + switch (node.op()) {
      case Op.Dot _ -> (double) node.type().elements() * inputs.getFirst().type().shape().dim(-1);
      case Op.Conv _, Op.ConvInputGradient _, Op.ConvWeightGradient _ -> pairs(inputs);
      case Op.While _ -> Double.POSITIVE_INFINITY; // how long it takes only running it tells
      case Op.Loop loop -> loop.length() * ofBodies(loop);
      default -> ofBodies(node.op());
    };
  }

  private double ofBodies(Op op) {
    return op.bodies().stream().mapToDouble(body -> of(body.results())).sum();
  }

  /** A convolution multiplies no two elements more than once. */
  private static double pairs(List<Node> inputs) {
    return inputs.stream().mapToDouble(input -> input.type().elements()).reduce(1, (a, b) -> a * b);
  }
}
