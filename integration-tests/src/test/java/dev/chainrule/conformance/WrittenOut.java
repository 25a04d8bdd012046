package dev.chainrule.conformance;

import dev.chainrule.graph.Body;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Origin;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * Graphs with the bodies in place of what holds them, so that every operation in a body is one of the graph: of a loop as often as it
 * repeats its body, of a choice both, with a {@link Op.Where} between them.
 */
final class WrittenOut {

  /** What stands for each result of a node. */
  private final Map<Node, List<Node>> replaced = new HashMap<>();

  private WrittenOut() {}

  static List<Node> of(List<Node> outputs) {
    return new WrittenOut().written(outputs);
  }

  private List<Node> written(List<Node> outputs) {
    for (Node node : Graphs.topological(outputs)) {
      replaced.put(node, node.isLeaf() ? List.of(node) : replacement(node));
    }
    return outputs.stream().map(this::only).toList();
  }

  private List<Node> replacement(Node node) {
    List<Node> inputs = node.inputs().stream().map(this::only).toList();
    return switch (node.op()) {
      case Op.Composite composite -> of(composite.body().inline(inputs, node.origin()));
      case Op.Loop loop -> repeated(loop, inputs);
      case Op.Cond(Body then, Body otherwise) -> {
        List<Node> operands = inputs.subList(1, inputs.size());
        yield chosen(inputs.getFirst(), of(then.inline(operands, node.origin())), of(otherwise.inline(operands, node.origin())));
      }
      case Op.Result(int index) when !(node.input(0).op() instanceof Op.Sort) -> List.of(results(node.input(0)).get(index));
      default -> List.of(inputs.equals(node.inputs()) ? node : Ops.rebuilt(node, inputs));
    };
  }

  private Node only(Node node) {
    return results(node).getFirst();
  }

  private List<Node> results(Node node) {
    return Objects.requireNonNull(replaced.get(node));
  }

  private static List<Node> repeated(Op.Loop loop, List<Node> inputs) {
    int slicesTo = loop.carries() + loop.sliced();
    List<Node> carries = inputs.subList(0, loop.carries());
    List<List<Node>> outputs = new ArrayList<>();
    for (long i = 0; i < loop.length(); i++) {
      long number = i;
      List<Node> arguments = new ArrayList<>();
      arguments.add(Ops.node(new Op.Const(HostArray.ofLongs(TensorType.scalar(DType.I64), number))));
      arguments.addAll(carries);
      inputs.subList(loop.carries(), slicesTo).forEach(whole -> arguments.add(Tensor.of(whole).select(0, number).node()));
      arguments.addAll(inputs.subList(slicesTo, inputs.size()));
      List<Node> results = of(loop.body().inline(arguments, Origin.NONE));
      carries = results.subList(0, loop.carries());
      outputs.add(results.subList(loop.carries(), results.size()));
    }
    List<Node> results = new ArrayList<>(carries);
    List<TensorType> types = loop.body().resultTypes();
    for (int i = loop.carries(); i < types.size(); i++) {
      int output = i - loop.carries();
      results.add(stacked(types.get(i), outputs.stream().map(each -> each.get(output)).toList()));
    }
    return results;
  }

  private static Node stacked(TensorType each, List<Node> parts) {
    return parts.isEmpty()
        ? Ops.node(new Op.Const(HostArray.zeros(each.withShape(Shape.of(0).concat(each.shape())))))
        : Tensor.stack(0, parts.stream().map(Tensor::of).toArray(Tensor[]::new)).node();
  }

  private static List<Node> chosen(Node predicate, List<Node> then, List<Node> otherwise) {
    return IntStream.range(0, then.size()).mapToObj(i -> Tensor.of(predicate).broadcastTo(then.get(i).type().shape())
        .where(Tensor.of(then.get(i)), Tensor.of(otherwise.get(i))).node()).toList();
  }
}
