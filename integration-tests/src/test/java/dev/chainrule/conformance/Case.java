package dev.chainrule.conformance;

import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Op;
import dev.chainrule.tensor.Tensor;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;

/**
 * One promise of a device: a graph on given inputs, and how near to the exact results it comes.
 *
 * @param of the primitive that the case is about; its graph holds it
 * @param name what distinguishes the case among those of the primitive
 * @param graph from inputs to results; made anew for each evaluation
 * @param oracle how the expected values are computed
 */
record Case(Class<? extends Op> of, String name, List<HostArray> inputs, Graph graph, Oracle oracle, Bound bound) {

  @FunctionalInterface
  interface Graph {
    List<Tensor> apply(List<Tensor> inputs);
  }

  /** Always the interpreter; the question is on which types. */
  enum Oracle {
    /** The same function of the inputs as f64: no rounding of the device's type is in the expected values. */
    IN_F64,
    /** The same graph: for what is about the types themselves, such as casts. */
    SAME_TYPES
  }

  Case {
    inputs = List.copyOf(inputs);
  }

  static Case of(Class<? extends Op> of, String name, Bound bound, UnaryOperator<Tensor> function, HostArray x) {
    return new Case(of, name, List.of(x), in -> List.of(function.apply(in.getFirst())), Oracle.IN_F64, bound);
  }

  static Case of(Class<? extends Op> of, String name, Bound bound, BinaryOperator<Tensor> function, HostArray x, HostArray y) {
    return new Case(of, name, List.of(x, y), in -> List.of(function.apply(in.get(0), in.get(1))), Oracle.IN_F64, bound);
  }

  Case onSameTypes() {
    return new Case(of, name, inputs, graph, Oracle.SAME_TYPES, bound);
  }

  @Override
  public String toString() {
    return of.getSimpleName() + " " + name;
  }
}
