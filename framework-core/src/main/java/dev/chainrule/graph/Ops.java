package dev.chainrule.graph;

import java.util.List;

/** The only maker of nodes: infers each node's type, so that whatever does not fit fails on the line that asked for it. */
public final class Ops {

  private Ops() {}

  /**
   * Applies an operation.
   *
   * @throws dev.chainrule.ChainruleException when the inputs do not fit the operation
   */
  public static Node node(Op op, Node... inputs) {
    List<TensorType> types = TypeRules.infer(op, inputs);
    return new Node(op, types, Scope.current().origin(), inputs.clone());
  }

  /** Data from outside. */
  public static Node input(Value value) {
    return new Node(new Op.Input(), value, Scope.current().origin());
  }

  /** A variable at the version that {@code value} stands for. */
  public static Node state(Value value) {
    return new Node(new Op.State(value), List.of(value.type()), Scope.current().origin());
  }

  /** The argument of a body. */
  public static Node parameter(int index, TensorType type) {
    return new Node(new Op.Parameter(index), List.of(type), Scope.current().origin());
  }

  /** A number as an operand of a floating tensor. */
  public static Node scalar(DType dtype, double number) {
    return scalar(ScalarValue.of(dtype, number));
  }

  /** A number as an operand; it must be exact in the type's range. */
  public static Node scalar(DType dtype, long number) {
    return scalar(ScalarValue.of(dtype, number));
  }

  /** A number as an operand: a parameter of the plan, in a closed body a literal. */
  public static Node scalar(ScalarValue value) {
    if (Scope.current().isClosedBody()) {
      return node(new Op.Const(value.toArray()));
    }
    return new Node(new Op.Scalar(), value, Scope.current().origin());
  }

  /** What a node computes, a node each: itself if that is one tensor. */
  public static List<Node> results(Node node) {
    if (node.types().size() == 1) {
      return List.of(node);
    }
    Node[] results = new Node[node.types().size()];
    for (int i = 0; i < results.length; i++) {
      results[i] = node(new Op.Result(i), node);
    }
    return List.of(results);
  }

  /** The same operation on other inputs of the same types, made where the original was. */
  public static Node rebuilt(Node original, List<Node> inputs) {
    return rebuilt(original, inputs, original.origin());
  }

  /** Another operation in the place of {@code original}, said to have been made there. */
  public static Node rebuilt(Node original, Op op, List<Node> inputs) {
    Node[] in = inputs.toArray(Node[]::new);
    return new Node(op, TypeRules.infer(op, in), original.origin(), in);
  }

  /** The same operation on other inputs of the same types, said to have been made elsewhere. */
  static Node rebuilt(Node original, List<Node> inputs, Origin origin) {
    return new Node(original.op(), original.types(), origin, inputs.toArray(Node[]::new));
  }
}
