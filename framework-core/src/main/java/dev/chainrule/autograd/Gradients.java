package dev.chainrule.autograd;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.NodeNumbers;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Scope;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Reverse-mode differentiation (Linnainmaa 1970; Rumelhart, Hinton and Williams 1986): one walk back over the graph, from the loss to
 * the targets, with the chain rule at every node. The result is again a graph, so gradients of gradients are gradients.
 */
public final class Gradients {

  /** What the walk knows of each node, inputs before their users, and the nodes' numbers there. */
  private final List<Visit> visits = new ArrayList<>();

  private final NodeNumbers numbers = new NodeNumbers();

  private final Set<Node> targets;

  /** Where the walk back ends although there is more behind. */
  private final Predicate<Node> ends;

  /** A node on the walk, with its inputs as they were when the walk began: another thread may evaluate the node, which releases them. */
  private static final class Visit {
    private final Node node;
    private final List<Node> inputs;
    private final Visit[] from;
    private final boolean readsWanted;
    private final boolean wanted;

    /** The loss's gradient for each result, as far as it has been summed up; empty until something arrives. */
    private @Nullable Tensor[] cotangents = {};

    /** Of the only result, what has come from slices of it. */
    private @Nullable Parts parts;

    Visit(Node node, List<Node> inputs, Visit[] from, boolean target) {
      this.node = node;
      this.inputs = inputs;
      this.from = from;
      boolean any = false;
      for (Visit input : from) {
        any |= input.wanted;
      }
      this.readsWanted = any;
      this.wanted = target || any && mayHaveCotangents(node);
    }

    /** Nothing flows back through integers and truth values. */
    private static boolean mayHaveCotangents(Node node) {
      return node.type().dtype().isFloating() || node.types().size() > 1;
    }

    void arrive(int result, @Nullable Tensor cotangent) {
      if (cotangent == null) {
        return;
      }
      if (!cotangent.type().equals(node.types().get(result))) {
        throw new IllegalStateException("gradient of type " + cotangent.type() + " for " + node);
      }
      if (cotangents.length == 0) {
        cotangents = new Tensor[node.types().size()];
      }
      if (cotangents.length == 1 && cotangent.node().op() instanceof Op.Pad) {
        Parts there = parts == null ? new Parts() : parts;
        if (there.take(cotangent)) {
          parts = there;
          return;
        }
      }
      Tensor before = cotangents[result];
      cotangents[result] = before == null ? cotangent : before.add(cotangent);
    }
  }

  private static void gather(Visit visit) {
    if (visit.parts != null) {
      Optional<Tensor> sum = visit.parts.sum();
      visit.parts = null;
      sum.ifPresent(all -> {
        Tensor others = visit.cotangents[0];
        visit.cotangents[0] = others == null ? all : others.add(all);
      });
    }
  }

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
   * @throws InvalidArgumentException when part of the graph between them has been evaluated, and its history released; rarely also when
   *     something evaluated only might be such a part, for of its sources a tensor keeps no exact list
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
    findWanted(outputs);
    for (int i = 0; i < outputs.size(); i++) {
      visits.get(numbers.of(outputs.get(i))).arrive(0, seeds.get(i));
    }
    for (int i = visits.size() - 1; i >= 0; i--) {
      gather(visits.get(i));
      through(visits.get(i));
    }
    List<@Nullable Tensor> results = new ArrayList<>(wantedFor.size());
    for (Node target : wantedFor) {
      int number = numbers.of(target);
      results.add(number == NodeNumbers.NONE || visits.get(number).cotangents.length == 0 ? null : visits.get(number).cotangents[0]);
    }
    return results;
  }

  /** Visits inputs before their users and marks what depends on a target; the rest needs no gradient. */
  private void findWanted(List<Node> outputs) {
    for (Node node : Graphs.topological(outputs, ends)) {
      List<Node> inputs = ends.test(node) ? List.of() : node.inputs();
      Visit[] from = new Visit[inputs.size()];
      for (int i = 0; i < from.length; i++) {
        from[i] = visits.get(numbers.of(inputs.get(i)));
      }
      var visit = new Visit(node, inputs, from, targets.contains(node));
      if (!visit.wanted && inputs.isEmpty() && node.isEvaluated() && mayHaveReadATarget(node)) {
        throw new InvalidArgumentException("gradients",
            node.op().label() + " " + node.type() + node.origin().describe()
                + " was evaluated after a target was made: its history is gone, and so would be its part of the gradient",
            "Take gradients before reading values, run it as a Step, or use stopGradient() if it is a constant.");
      }
      numbers.add(node);
      visits.add(visit);
    }
  }

  /** Of variables an evaluated node remembers whether it read any, of other sources roughly which. */
  private boolean mayHaveReadATarget(Node node) {
    return node.type().dtype().isFloating() && !stopsGradients(node)
        && targets.stream().anyMatch(t -> t.readsState() ? node.readsState() : node.mayDependOn(t));
  }

  private static void through(Visit visit) {
    if (visit.cotangents.length == 0 || !visit.readsWanted) {
      return;
    }
    if (visit.node.op() instanceof Op.Result(int index)) {
      visit.from[0].arrive(index, visit.cotangents[0]);
      return;
    }
    List<@Nullable Tensor> passedOn = Scope.current().at(visit.node.origin().path(),
        () -> Rules.cotangents(visit.node, visit.inputs, Arrays.asList(visit.cotangents)));
    for (int i = 0; i < visit.from.length; i++) {
      Visit input = visit.from[i];
      if (input.wanted) {
        input.arrive(0, passedOn.get(i));
      }
    }
  }
}
