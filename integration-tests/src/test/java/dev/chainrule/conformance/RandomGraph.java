package dev.chainrule.conformance;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * A graph of operations of all kinds and types that fit together, with its data: shared tensors, several results, small and odd shapes
 * and sometimes large ones.
 *
 * @param outputs what nothing else reads, and some of what is read
 */
record RandomGraph(List<Node> outputs) {

  private static final int MOST_STEPS = 25;

  /** Ways to grow, the simplest first; as often as it is worth trying them. */
  private static final List<Consumer<Pool>> STEPS = List.of(
      PointwiseGrowth::unary, PointwiseGrowth::unary, PointwiseGrowth::binary, PointwiseGrowth::binary, PointwiseGrowth::binary,
      PointwiseGrowth::comparison, PointwiseGrowth::choice, PointwiseGrowth::conversion, PointwiseGrowth::conversion,
      PointwiseGrowth::bitsAsAnotherType, PointwiseGrowth::chain, PointwiseGrowth::chain,
      MovementGrowth::reshape, MovementGrowth::reshape, MovementGrowth::permute, MovementGrowth::permute, MovementGrowth::expand,
      MovementGrowth::expand, MovementGrowth::pad, MovementGrowth::slice, MovementGrowth::slice, MovementGrowth::concat,
      MovementGrowth::window, MovementGrowth::copy, MovementGrowth::barrier,
      StructuredGrowth::reduce, StructuredGrowth::reduce, StructuredGrowth::reduce, StructuredGrowth::argReduce, StructuredGrowth::cumulate,
      StructuredGrowth::sort, StructuredGrowth::overlap, StructuredGrowth::dot, StructuredGrowth::dot, StructuredGrowth::convolution,
      StructuredGrowth::gather, StructuredGrowth::scatterAdd, StructuredGrowth::randomBits,
      FunctionGrowth::function, FunctionGrowth::function, FunctionGrowth::function, FunctionGrowth::gradient,
      ControlGrowth::scan, ControlGrowth::branch);

  static RandomGraph of(Choices choices) {
    var pool = new Pool(choices, choices.oneIn(10));
    grow(pool, MOST_STEPS);
    if (pool.tensors().isEmpty()) {
      pool.add(pool.source(TensorType.scalar(DType.F32)));
    }
    return new RandomGraph(outputs(pool.tensors().stream().map(Tensor::node).toList(), choices));
  }

  static void grow(Pool pool, int mostSteps) {
    for (int i = 0; i < mostSteps && pool.choices().allButOneIn(9); i++) {
      pool.choices().of(STEPS).accept(pool);
    }
  }

  private static List<Node> outputs(List<Node> nodes, Choices choices) {
    Set<Node> read = new HashSet<>();
    Graphs.topological(nodes).forEach(node -> read.addAll(node.inputs()));
    Set<Node> outputs = new LinkedHashSet<>();
    for (Node node : nodes) {
      if (!read.contains(node) || choices.oneIn(8)) {
        outputs.add(node);
      }
    }
    return new ArrayList<>(outputs);
  }
}
