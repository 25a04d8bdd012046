package dev.chainrule.autograd;

import dev.chainrule.graph.Body;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.tensor.Region;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The gradient of a loop: a loop from the last repetition to the first, as {@link BackwardBody} says. What it reads of the forward loop
 * beside slices and invariants is among that loop's outputs; what invariants receive may be worked out when it is done.
 */
final class LoopRule {

  private final Op.Loop op;
  private final Node node;
  private final List<Node> in;

  private LoopRule(Op.Loop op, Node node, List<Node> in) {
    this.op = op;
    this.node = node;
    this.in = in;
  }

  static List<@Nullable Tensor> cotangents(Op.Loop op, Node node, List<Node> in, List<@Nullable Tensor> arrived) {
    BackwardBody backward = Region.trace(Region.Assignments.REFUSED, begin -> BackwardBody.of(op, arrived, begin));
    return backward.results().isEmpty() ? nothing(in) : new LoopRule(op, node, in).cotangents(backward, arrived);
  }

  private List<@Nullable Tensor> cotangents(BackwardBody backward, List<@Nullable Tensor> arrived) {
    Map<Node, Node> wholes = wholes(backward, arrived);
    List<Tensor> initial = new ArrayList<>();
    for (BackwardBody.Carried carried : backward.carried()) {
      Tensor known = carried.input() < op.carries() ? arrived.get(carried.input()) : null;
      initial.add(known != null ? known : Tensor.zeros(carried.before().type()));
    }
    Region.Traced traced = backward.traced();
    List<Node> captured = Region.Traced.captured(traced);
    List<Node> inputs = new ArrayList<>(initial.stream().map(Tensor::node).toList());
    backward.sliced().forEach(slice -> inputs.add(Tensor.of(Objects.requireNonNull(wholes.get(slice))).flip(0).node()));
    inputs.addAll(in.subList(op.carries() + op.sliced(), in.size()));
    inputs.addAll(captured);
    var reversed = new Op.Loop(op.length(), initial.size(), backward.sliced().size(), traced.body(captured));
    List<Node> results = Ops.results(Ops.node(reversed, inputs.toArray(Node[]::new)));

    for (int i = 0; i < backward.outputs().size(); i++) {
      wholes.put(backward.outputs().get(i), Tensor.of(results.get(initial.size() + i)).flip(0).node());
    }
    List<@Nullable Tensor> cotangents = nothing(in);
    for (int i = 0; i < initial.size(); i++) {
      cotangents.set(backward.carried().get(i).input(), Tensor.of(results.get(i)));
    }
    backward.ofSlices().forEach((input, output) -> cotangents.set(input, Tensor.of(Objects.requireNonNull(wholes.get(output)))));
    backward.sums().forEach((input, sum) ->
        cotangents.set(input, sum.over(factor -> Tensor.of(Objects.requireNonNull(wholes.get(factor))))));
    return cotangents;
  }

  private static List<@Nullable Tensor> nothing(List<Node> in) {
    return new ArrayList<>(Collections.nCopies(in.size(), null));
  }

  /** Of each slice that the loop backwards reads the whole, in the order of the forward loop. */
  private Map<Node, Node> wholes(BackwardBody backward, List<@Nullable Tensor> arrived) {
    List<Node> all = new ArrayList<>(starts());
    all.addAll(in.subList(op.carries(), op.carries() + op.sliced()));
    List<Node> results = Ops.results(node);
    backward.known().forEach(number -> all.add(results.get(number)));
    arrived.subList(op.carries(), arrived.size()).stream().filter(Objects::nonNull).map(Tensor::node).forEach(all::add);
    Map<Node, Node> wholes = new HashMap<>();
    for (int i = 0; i < all.size(); i++) {
      wholes.put(backward.sliced().get(i), all.get(i));
    }
    return wholes;
  }

  /** For each carry what each repetition began with, stacked: among the loop's outputs, or those of the loop run again. */
  private List<Node> starts() {
    Body body = op.body();
    List<Node> carries = body.parameters().subList(1, 1 + op.carries());
    List<Node> outputs = body.results().subList(op.carries(), body.results().size());
    List<Node> missing = carries.stream().filter(c -> !outputs.contains(c)).toList();
    Node complete = missing.isEmpty() ? node : Ops.node(
        new Op.Loop(op.length(), op.carries(), op.sliced(),
            new Body(body.parameters(), Stream.concat(body.results().stream(), missing.stream()).toList())),
        in.toArray(Node[]::new));
    List<Node> all = Stream.concat(outputs.stream(), missing.stream()).toList();
    return carries.stream().map(c -> Ops.node(new Op.Result(op.carries() + all.indexOf(c)), complete)).toList();
  }
}
