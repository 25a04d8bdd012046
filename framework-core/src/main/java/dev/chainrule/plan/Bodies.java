package dev.chainrule.plan;

import dev.chainrule.graph.Body;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import java.util.List;
import java.util.function.UnaryOperator;

/** The bodies that the planner itself runs, loops' and choices'; a composite's is written out or left to the device. */
final class Bodies {

  private Bodies() {}

  /** The operation with each of its bodies' results as {@code pass} has them; any other operation as it is. */
  static Op mapped(Op op, UnaryOperator<List<Node>> pass) {
    return switch (op) {
      case Op.Loop(long length, int carries, int sliced, Body body) -> new Op.Loop(length, carries, sliced, mapped(body, pass));
      case Op.While(int carries, Body condition, Body body) -> new Op.While(carries, mapped(condition, pass), mapped(body, pass));
      case Op.Cond(Body then, Body otherwise) -> new Op.Cond(mapped(then, pass), mapped(otherwise, pass));
      default -> op;
    };
  }

  private static Body mapped(Body body, UnaryOperator<List<Node>> pass) {
    return new Body(body.parameters(), pass.apply(body.results()));
  }
}
