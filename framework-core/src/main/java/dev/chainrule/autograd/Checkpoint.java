package dev.chainrule.autograd;

import dev.chainrule.graph.Body;
import dev.chainrule.graph.Derivative;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Origin;
import dev.chainrule.tensor.Region;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Trades computation for memory: of a checkpointed segment only the inputs are kept for the backward pass, which computes the segment a
 * second time. A network of n layers in segments of about the root of n layers needs memory for about the root of n of them (Chen et
 * al., "Training deep nets with sublinear memory cost", 2016).
 */
public final class Checkpoint {

  private Checkpoint() {}

  /** {@code segment} applied to {@code x}, as a checkpoint. */
  public static Tensor of(UnaryOperator<Tensor> segment, Tensor x) {
    return of(in -> List.of(segment.apply(in.getFirst())), List.of(x)).getFirst();
  }

  /**
   * {@code segment} applied to {@code inputs}, as a checkpoint. The segment may also read tensors and variables from around it. It draws
   * the same random bits both times, and variables that it assigns are assigned once; it must not read values on the host.
   */
  public static List<Tensor> of(Function<List<Tensor>, List<Tensor>> segment, List<Tensor> inputs) {
    Region.Traced traced =
        Region.trace(inputs.stream().map(Tensor::type).toList(), Region.Assignments.COLLECTED, segment);
    List<Node> captured = Region.Traced.captured(traced);
    Body body = traced.body(captured);
    var op = new Op.Composite("checkpoint", Map.of(), body, Optional.of(recomputing(body)));
    Node node = Ops.node(op, Stream.concat(inputs.stream().map(Tensor::node), captured.stream()).toArray(Node[]::new));
    List<Tensor> results = Ops.results(node).stream().map(Tensor::of).toList();
    int returned = results.size() - traced.assigned().size();
    for (int i = 0; i < traced.assigned().size(); i++) {
      Variable variable = traced.assigned().get(i);
      variable.assign(results.get(returned + i));
    }
    return results.subList(0, returned);
  }

  /**
   * The segment's inputs go through a barrier together with the cotangents: so nothing is merged with the first computation, and the
   * second one does not begin before the backward pass has come this far.
   */
  private static Derivative recomputing(Body body) {
    return (inputs, _, cotangents) -> {
      Stream<Node> present = cotangents.stream().filter(Objects::nonNull);
      List<Node> late = Ops.results(Ops.node(new Op.Barrier(), Stream.concat(inputs.stream(), present).toArray(Node[]::new)));
      List<@Nullable Tensor> seeds = new ArrayList<>();
      int next = inputs.size();
      for (Node cotangent : cotangents) {
        seeds.add(cotangent == null ? null : Tensor.of(late.get(next++)));
      }
      List<Node> again = late.subList(0, inputs.size());
      List<@Nullable Node> found = new ArrayList<>();
      for (Tensor cotangent : Gradients.ofFunction(body.inline(again, Origin.NONE), seeds, again)) {
        found.add(cotangent == null ? null : cotangent.node());
      }
      return found;
    };
  }
}
