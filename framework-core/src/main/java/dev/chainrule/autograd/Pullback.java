package dev.chainrule.autograd;

import dev.chainrule.graph.Body;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Scope;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The backward pass of a closed function: it runs the function again and goes back through it.
 *
 * @param operands stand-ins for the function's arguments
 * @param seeds stand-ins for the cotangents of its results; null where there is none
 * @param results of the function run again
 * @param found the cotangents of the arguments; null where nothing arrives
 */
record Pullback(List<Node> operands, List<@Nullable Node> seeds, List<Node> results, List<@Nullable Tensor> found) {

  /**
   * Call it while a region is traced.
   *
   * @param given what is known of the arguments: a node each, or null for a new stand-in
   */
  static Pullback of(Body function, List<@Nullable Node> given, List<@Nullable TensorType> seedTypes) {
    List<Node> operands = new ArrayList<>();
    Map<Node, Node> standIns = new HashMap<>();
    for (int i = 0; i < given.size(); i++) {
      Node parameter = function.parameters().get(i);
      Node known = given.get(i);
      operands.add(known != null ? known : Ops.parameter(i, parameter.type()));
      standIns.put(parameter, operands.getLast());
    }
    List<@Nullable Node> seeds = new ArrayList<>();
    List<@Nullable Tensor> cotangents = new ArrayList<>();
    for (TensorType type : seedTypes) {
      Node seed = type == null ? null : Ops.parameter(operands.size() + seeds.size(), type);
      seeds.add(seed);
      cotangents.add(seed == null ? null : Tensor.of(seed));
    }
    List<Node> floating = operands.stream().filter(o -> o.type().dtype().isFloating()).toList();
    List<Node> results = Graphs.replaced(function.results(), standIns, Node::origin);
    List<@Nullable Tensor> arrived = Gradients.ofFunction(results, cotangents, floating);
    List<@Nullable Tensor> found = new ArrayList<>();
    for (Node operand : operands) {
      int at = floating.indexOf(operand);
      found.add(at < 0 ? null : arrived.get(at));
    }
    return new Pullback(operands, seeds, results, found);
  }

  /** The cotangent of an argument, zeros where nothing arrives. */
  Tensor orZeros(int operand) {
    Tensor known = found.get(operand);
    return known != null ? known : Tensor.zeros(operands.get(operand).type());
  }

  boolean reaches(int operand) {
    return found.get(operand) != null;
  }
}
