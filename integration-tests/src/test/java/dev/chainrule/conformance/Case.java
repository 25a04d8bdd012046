package dev.chainrule.conformance;

import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Op;
import dev.chainrule.tensor.Tensor;
import java.util.List;
import java.util.Set;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * One promise of a device: a graph on given inputs, and how near to the exact results it comes.
 *
 * @param of the primitive that the case is about; its graph holds it
 * @param name what distinguishes the case among those of the primitive
 * @param graph from inputs to results; made anew for each evaluation
 * @param oracle how the expected values are computed
 * @param shows numbers of rules of the semantics that the case would fail without, beside those of {@link RulesOfOperations}
 */
record Case(Class<? extends Op> of, String name, List<HostArray> inputs, Graph graph, Oracle oracle, Bound bound, Set<String> shows) {

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
    shows = Set.copyOf(shows);
  }

  Case(Class<? extends Op> of, String name, List<HostArray> inputs, Graph graph, Oracle oracle, Bound bound) {
    this(of, name, inputs, graph, oracle, bound, Set.of());
  }

  static Case of(Class<? extends Op> of, String name, Bound bound, UnaryOperator<Tensor> function, HostArray x) {
    return new Case(of, name, List.of(x), in -> List.of(function.apply(in.getFirst())), Oracle.IN_F64, bound);
  }

  static Case of(Class<? extends Op> of, String name, Bound bound, BinaryOperator<Tensor> function, HostArray x, HostArray y) {
    return new Case(of, name, List.of(x, y), in -> List.of(function.apply(in.get(0), in.get(1))), Oracle.IN_F64, bound);
  }

  Case onSameTypes() {
    return new Case(of, name, inputs, graph, Oracle.SAME_TYPES, bound, shows);
  }

  /** This case for further rules of the semantics: {@code shows("S7.4")}. */
  Case shows(String... rules) {
    return new Case(of, name, inputs, graph, oracle, bound, Stream.concat(shows.stream(), Stream.of(rules)).collect(Collectors.toSet()));
  }

  @Override
  public String toString() {
    return of.getSimpleName() + " " + name;
  }
}
