package dev.chainrule.autograd;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Scope;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Reverse-mode differentiation (Linnainmaa 1970; Rumelhart, Hinton and Williams 1986): one walk back over the graph, from the loss to
 * the targets, with the chain rule at every node. The result is again a graph, so gradients of gradients are gradients.
 */
public final class Gradients {

  /** The loss's gradient for each result of a node, as far as it has been summed up. */
  private final Map<Node, @Nullable Tensor[]> cotangents = new HashMap<>();

  /** What each node was computed from, as it was when the walk began. */
  private final Map<Node, List<Node>> inputs = new HashMap<>();

  private final Set<Node> targets;
  private final Set<Node> wanted = new HashSet<>();

  /** Where the walk back ends although there is more behind. */
  private final Predicate<Node> ends;

  private Gradients(List<Node> targets, boolean endsAtTargets) {
    this.targets = new HashSet<>(targets);
    this.ends = node -> stopsGradients(node) || endsAtTargets && this.targets.contains(node);
  }

  /** Nothing behind it can matter, so neither can what has been evaluated there. */
  private static boolean stopsGradients(Node node) {
    return node.op() instanceof Op.Composite composite && composite.name().equals("stopGradient");
  }

  /**
   * The gradient of {@code loss} for each target: how it changes as each element of the target does.
   *
   * @param loss one floating element
   * @param targets floating tensors, any in the loss's graph; zeros for one that the loss does not depend on
   * @throws InvalidArgumentException when part of the graph between them has been evaluated, and its history released
   */
  public static List<Tensor> of(Tensor loss, List<Tensor> targets) {
    List<Optional<Tensor>> found = find(loss, targets);
    List<Tensor> gradients = new ArrayList<>(targets.size());
    for (int i = 0; i < targets.size(); i++) {
      Tensor target = targets.get(i);
      gradients.add(found.get(i).orElseGet(() -> Tensor.zeros(target.type())));
    }
    return gradients;
  }

  /** As {@link #of}, but empty for a target that the loss does not depend on. */
  public static List<Optional<Tensor>> find(Tensor loss, List<Tensor> targets) {
    if (loss.shape().elements() != 1 || !loss.dtype().isFloating()) {
      throw new ShapeMismatchException("gradients", "the loss is " + loss.type() + ", expected one floating element",
          "Reduce it first, for instance with mean().");
    }
    List<Node> nodes = new ArrayList<>(targets.size());
    for (Tensor target : targets) {
      if (!target.dtype().isFloating()) {
        throw new InvalidArgumentException("gradients", "target " + target.type() + " is not floating", "");
      }
      nodes.add(target.node());
    }
    return new Gradients(nodes, false)
        .backward(List.of(loss.node()), Collections.singletonList(Tensor.ones(loss.type())), nodes)
        .stream().map(Optional::ofNullable).toList();
  }

  /**
   * The vector-Jacobian product of a function of {@code inputs} alone: what {@code seeds} at its outputs become at its inputs; null
   * where nothing arrives. How one input was computed from another is no part of the function.
   */
  static List<@Nullable Tensor> ofFunction(List<Node> outputs, List<@Nullable Tensor> seeds, List<Node> inputs) {
    return new Gradients(inputs, true).backward(outputs, seeds, inputs);
  }

  private List<@Nullable Tensor> backward(List<Node> outputs, List<@Nullable Tensor> seeds, List<Node> wantedFor) {
    List<Node> order = findWanted(outputs);
    for (int i = 0; i < outputs.size(); i++) {
      arrive(outputs.get(i), 0, seeds.get(i));
    }
    for (int i = order.size() - 1; i >= 0; i--) {
      through(order.get(i));
    }
    List<@Nullable Tensor> results = new ArrayList<>();
    for (Node target : wantedFor) {
      results.add(cotangents.containsKey(target) ? cotangents.get(target)[0] : null);
    }
    return results;
  }

  /** Marks the nodes that depend on a target; the others need no gradient. */
  private List<Node> findWanted(List<Node> outputs) {
    List<Node> order = Graphs.topological(outputs, ends);
    for (Node node : order) {
      // Read once: another thread may evaluate the node, which releases them.
      List<Node> in = ends.test(node) ? List.of() : node.inputs();
      inputs.put(node, in);
      if (targets.contains(node) || in.stream().anyMatch(wanted::contains)) {
        wanted.add(node);
      } else if (in.isEmpty() && node.isEvaluated() && mayHaveReadATarget(node)) {
        throw new InvalidArgumentException("gradients",
            node.op().label() + " " + node.type() + node.origin().describe()
                + " was evaluated after a target was made: its history is gone, and so would be its part of the gradient",
            "Take gradients before reading values, run it as a Step, or use stopGradient() if it is a constant.");
      }
    }
    return order;
  }

  /** Of variables an evaluated node remembers whether it read any; of other targets only that it is younger. */
  private boolean mayHaveReadATarget(Node node) {
    return node.type().dtype().isFloating() && !stopsGradients(node)
        && targets.stream().anyMatch(t -> t.readsState() ? node.readsState() : node.id() > t.id());
  }

  private void through(Node node) {
    @Nullable Tensor[] arrived = cotangents.get(node);
    List<Node> in = Objects.requireNonNull(inputs.get(node));
    if (arrived == null || in.stream().noneMatch(wanted::contains)) {
      return;
    }
    if (node.op() instanceof Op.Result(int index)) {
      arrive(in.getFirst(), index, arrived[0]);
      return;
    }
    List<@Nullable Tensor> passedOn =
        Scope.current().at(node.origin().path(), () -> Rules.cotangents(node, in, Arrays.asList(arrived)));
    for (int i = 0; i < in.size(); i++) {
      if (wanted.contains(in.get(i))) {
        arrive(in.get(i), 0, passedOn.get(i));
      }
    }
  }

  private void arrive(Node node, int result, @Nullable Tensor cotangent) {
    if (cotangent == null) {
      return;
    }
    if (!cotangent.type().equals(node.types().get(result))) {
      throw new IllegalStateException("gradient of type " + cotangent.type() + " for " + node);
    }
    @Nullable Tensor[] sums = cotangents.computeIfAbsent(node, n -> new Tensor[n.types().size()]);
    Tensor before = sums[result];
    sums[result] = before == null ? cotangent : before.add(cotangent);
  }
}
