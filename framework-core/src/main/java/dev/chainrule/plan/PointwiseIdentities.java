package dev.chainrule.plan;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import java.util.List;
import java.util.Optional;

/** Scalar operations that give an operand back, or what fewer of them give. */
final class PointwiseIdentities {

  private PointwiseIdentities() {}

  static Optional<Node> simpler(Node node, Op.Pointwise op, Simplification graph) {
    return switch (op) {
      case Op.Unary unary -> unary(node, unary);
      case Op.Binary binary -> binary(node, binary, graph);
      case Op.Where _ -> where(node, graph);
      case Op.Cast(DType to) -> cast(node, to);
      case Op.Bitcast(DType to) -> bitcast(node, to);
      case Op.Comparison _ -> Optional.empty();
    };
  }

  private static Optional<Node> unary(Node node, Op.Unary op) {
    Node x = node.input(0);
    if (op instanceof Op.Abs && node.type().dtype() == DType.U8) {
      return Optional.of(x);
    }
    if (x.isLeaf()) {
      return Optional.empty();
    }
    return switch (op) {
      case Op.Neg _, Op.Not _ when x.op().equals(op) -> Optional.of(x.input(0));
      case Op.Abs _, Op.Sign _, Op.Floor _, Op.Ceil _, Op.Round _ when x.op().equals(op) -> Optional.of(x);
      case Op.Abs _ when x.op() instanceof Op.Neg -> Optional.of(Ops.rebuilt(node, op, x.inputs()));
      default -> Optional.empty();
    };
  }

  private static Optional<Node> binary(Node node, Op.Binary op, Simplification graph) {
    DType dtype = node.type().dtype();
    return switch (op) {
      // x + 0 makes 0 of -0, x + -0 and x - 0 do not.
      case Op.Add _ -> beside(dtype.isFloating() ? -0.0 : 0, node);
      case Op.Sub _, Op.ShiftLeft _, Op.ShiftRight _, Op.ShiftRightLogical _ -> before(0, node);
      case Op.Mul _ -> beside(1, node);
      case Op.Div _, Op.IDiv _ -> before(1, node);
      case Op.And _ -> ofItself(node).or(() -> beside(ones(dtype), node)).or(() -> absorbed(0, node, graph));
      case Op.Or _ -> ofItself(node).or(() -> beside(0, node)).or(() -> absorbed(ones(dtype), node, graph));
      case Op.Xor _ -> beside(0, node).or(() -> beside(ones(dtype), node).map(x -> Ops.rebuilt(node, new Op.Not(), List.of(x))));
      case Op.Pow _, Op.Max _, Op.Min _, Op.Mod _ -> Optional.empty();
    };
  }

  /** All bits set, as the type reads them. */
  private static double ones(DType dtype) {
    return switch (dtype) {
      case BOOL -> 1;
      case U8 -> 255;
      case I32, I64, F32, F64, F16, BF16 -> -1;
    };
  }

  /** The left operand if the right one is the literal. */
  private static Optional<Node> before(double literal, Node node) {
    return Literals.isAll(node.input(1), literal) ? Optional.of(node.input(0)) : Optional.empty();
  }

  /** The other operand if one is the literal. */
  private static Optional<Node> beside(double literal, Node node) {
    return before(literal, node).or(() -> Literals.isAll(node.input(0), literal) ? Optional.of(node.input(1)) : Optional.empty());
  }

  /** The literal if one of the operands is it. */
  private static Optional<Node> absorbed(double literal, Node node, Simplification graph) {
    return beside(literal, node).filter(graph::mayBeDropped).map(other -> node.input(node.input(0) == other ? 1 : 0));
  }

  private static Optional<Node> ofItself(Node node) {
    return node.input(0) == node.input(1) ? Optional.of(node.input(0)) : Optional.empty();
  }

  private static Optional<Node> where(Node node, Simplification graph) {
    Node condition = node.input(0);
    Node x = node.input(1);
    Node y = node.input(2);
    if (x == y && graph.mayBeDropped(condition) || Literals.isAll(condition, 1) && graph.mayBeDropped(y)) {
      return Optional.of(x);
    }
    return Literals.isAll(condition, 0) && graph.mayBeDropped(x) ? Optional.of(y) : Optional.empty();
  }

  private static Optional<Node> bitcast(Node node, DType to) {
    Node x = node.input(0);
    if (x.type().dtype() == to) {
      return Optional.of(x);
    }
    return !x.isLeaf() && x.op() instanceof Op.Bitcast ? Optional.of(Ops.rebuilt(node, node.op(), x.inputs())) : Optional.empty();
  }

  private static Optional<Node> cast(Node node, DType to) {
    Node x = node.input(0);
    if (x.type().dtype() == to) {
      return Optional.of(x);
    }
    return !x.isLeaf() && x.op() instanceof Op.Cast && mayBeLeftOut(x.input(0).type().dtype(), x.type().dtype(), to)
        ? Optional.of(Ops.rebuilt(node, node.op(), x.inputs())) : Optional.empty();
  }

  /** From exact values the second conversion is the direct one, but that integers wrap where floats saturate. */
  private static boolean mayBeLeftOut(DType from, DType between, DType to) {
    boolean wraps = !from.isFloating() && between.isFloating() && to.isInteger() && !isExact(from, to);
    return isExact(from, between) && !wraps;
  }

  /** Whether a type has all values of another. */
  private static boolean isExact(DType from, DType to) {
    return from == to || switch (from) {
      case BOOL -> true;
      case U8 -> to != DType.BOOL;
      case I32 -> to == DType.I64 || to == DType.F64;
      case F16, BF16 -> to == DType.F32 || to == DType.F64;
      case F32 -> to == DType.F64;
      case I64, F64 -> false;
    };
  }
}
