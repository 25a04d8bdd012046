package dev.chainrule.plan;

import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Takes out operations that change no bit of any result: multiplication by a literal 1, conversion there and back, movement that is moved
 * back. Two things may change, as the semantics say: the payload of a NaN that went through arithmetic, and how long it takes. A fault
 * stays, so nothing is taken out that something behind might fault with.
 *
 * <p>No rule looks across a barrier or a copy, nor at data: a Java number, a variable and a literal that has been evaluated may be others
 * at the next run of the plan.
 */
final class Simplification {

  private final Map<Node, Node> standing = new IdentityHashMap<>();

  /** Of what stands for the nodes. */
  private final Readers readers = new Readers();

  /** Nodes that cannot fault, nor anything behind them. */
  private final Set<Node> harmless = new HashSet<>();

  private Simplification() {}

  static List<Node> of(List<Node> roots) {
    return new Simplification().simplified(roots);
  }

  private List<Node> simplified(List<Node> roots) {
    List<Node> order = Graphs.inProgramOrder(roots);
    Map<Node, Integer> asked = new HashMap<>();
    order.forEach(node -> node.inputs().forEach(input -> asked.merge(input, 1, Integer::sum)));
    roots.forEach(root -> asked.merge(root, 1, Integer::sum));
    for (Node node : order) {
      Node simplest = standIn(node);
      readers.add(simplest, Objects.requireNonNull(asked.get(node)));
      standing.put(node, simplest);
    }
    return roots.stream().map(this::standing).toList();
  }

  private Node standing(Node node) {
    return Objects.requireNonNull(standing.get(node));
  }

  private Node standIn(Node node) {
    if (node.isLeaf()) {
      return node;
    }
    List<Node> inputs = node.inputs().stream().map(this::standing).toList();
    Op op = Bodies.mapped(node.op(), Simplification::of);
    Node own = op == node.op() ? Ops.rebuilt(node, inputs) : Ops.rebuilt(node, op, inputs);
    Node simplest = simplest(own);
    if (simplest != own) {
      readers.replace(own, simplest);
    }
    return simplest;
  }

  private Node simplest(Node node) {
    Node simplest = node;
    for (Optional<Node> next = simpler(node); next.isPresent(); next = simpler(simplest)) {
      simplest = next.get();
    }
    if (!simplest.types().equals(node.types())) {
      throw new IllegalStateException(simplest + " for " + node);
    }
    return simplest;
  }

  private Optional<Node> simpler(Node node) {
    if (node.isLeaf()) {
      return Optional.empty();
    }
    return switch (node.op()) {
      case Op.Movement movement -> MovementIdentities.simpler(node, movement, this);
      case Op.Pointwise pointwise -> PointwiseIdentities.simpler(node, pointwise, this);
      case Op.Reduce reduce -> ReductionIdentities.simpler(node, reduce, this);
      default -> Optional.empty();
    };
  }

  // --- what rules ask about -----------------------------------------------------------------------------------------------------------

  /** Whether nobody but the one that asks needs the node, so that what makes it superfluous does not make work. */
  boolean isReadOnce(Node node) {
    return readers.isReadOnce(node);
  }

  /** Whether no fault is lost where the node is not computed. */
  boolean mayBeDropped(Node node) {
    List<Node> behind = Graphs.topological(List.of(node), harmless::contains);
    boolean safe = behind.stream().noneMatch(Simplification::mayFault);
    if (safe) {
      harmless.addAll(behind);
    }
    return safe;
  }

  /** A parameter stands for what is computed outside of the body. */
  private static boolean mayFault(Node node) {
    if (node.value().isPresent()) {
      return false;
    }
    return switch (node.op()) {
      case Op.IDiv _, Op.Gather _, Op.ScatterAdd _, Op.Barrier _, Op.Parameter _ -> true;
      case Op.Mod _ -> !node.type().dtype().isFloating();
      case Op op -> !op.bodies().isEmpty();
    };
  }
}
