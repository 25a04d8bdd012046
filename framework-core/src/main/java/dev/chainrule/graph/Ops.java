package dev.chainrule.graph;

import dev.chainrule.DTypeMismatchException;
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
    return new Node(op, types, List.of(inputs), Scope.current().origin());
  }

  /** Data from outside. */
  public static Node input(Value value) {
    return new Node(new Op.Input(), List.of(value.type()), value, Scope.current().origin());
  }

  /** A variable at the version that {@code value} stands for. */
  public static Node state(Value value) {
    return new Node(new Op.State(value), List.of(value.type()), List.of(), Scope.current().origin());
  }

  /** The argument of a body. */
  public static Node parameter(int index, TensorType type) {
    return new Node(new Op.Parameter(index), List.of(type), List.of(), Scope.current().origin());
  }

  /** A number as an operand of a floating tensor. */
  public static Node scalar(DType dtype, double number) {
    if (!dtype.isFloating()) {
      throw new DTypeMismatchException("scalar", "floating number " + number + " with a tensor of " + dtype,
          "Use an integral number, or cast the tensor to a floating type.");
    }
    return scalar(new ScalarValue(dtype, number));
  }

  /** A number as an operand; it must be exact in the type's range. */
  public static Node scalar(DType dtype, long number) {
    if (dtype.isFloating()) {
      return scalar(new ScalarValue(dtype, (double) number));
    }
    boolean fits = switch (dtype) {
      case I32 -> number == (int) number;
      case U8 -> number >= 0 && number <= 255;
      case BOOL -> number == 0 || number == 1;
      case I64, F32, F64, F16, BF16 -> true;
    };
    if (!fits) {
      throw new DTypeMismatchException("scalar", number + " is outside the range of " + dtype, "Cast the tensor to a wider type.");
    }
    return scalar(new ScalarValue(dtype, number));
  }

  /** The same operation on other inputs of the same types, made where the original was. */
  public static Node rebuilt(Node original, List<Node> inputs) {
    return rebuilt(original, inputs, original.origin());
  }

  /** The same operation on other inputs of the same types, said to have been made elsewhere. */
  public static Node rebuilt(Node original, List<Node> inputs, Origin origin) {
    return new Node(original.op(), original.types(), List.copyOf(inputs), origin);
  }

  private static Node scalar(ScalarValue value) {
    if (Scope.current().isBody()) {
      return node(new Op.Const(value.toArray()));
    }
    return new Node(new Op.Scalar(), List.of(value.type()), value, Scope.current().origin());
  }
}
