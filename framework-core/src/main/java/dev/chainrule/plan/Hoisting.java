package dev.chainrule.plan;

import dev.chainrule.graph.Body;
import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Computes before a loop what is the same in all its repetitions: what its body makes of invariants alone. A transposed invariant that
 * products read is laid out so before the loop as well; kernels of products like their right operand in rows, and would pack it each time.
 * What may fault stays where it is, for a loop may have no repetitions; movement stays, for it costs nothing there.
 */
final class Hoisting {

  private final Op.Loop op;
  private final List<Node> invariants;

  /** Nodes of the body that are the same in all repetitions, invariants among them. */
  private final Set<Node> fixed;

  /** Those that are computed before the loop, and the parameters that stand for them. */
  private final Map<Node, Node> hoisted = new LinkedHashMap<>();

  private Hoisting(Op.Loop op) {
    this.op = op;
    this.invariants = op.body().parameters().subList(1 + op.carries() + op.sliced(), op.body().parameters().size());
    this.fixed = new HashSet<>(invariants);
  }

  static List<Node> of(List<Node> roots) {
    List<Node> order = Graphs.inProgramOrder(roots);
    if (order.stream().allMatch(node -> node.op() instanceof Op.Composite || node.op().bodies().isEmpty())) {
      return roots;
    }
    Map<Node, Node> standing = new HashMap<>();
    for (Node node : order) {
      List<Node> inputs = node.inputs().stream().map(input -> Objects.requireNonNull(standing.get(input))).toList();
      Op inner = node.isLeaf() || node.op() instanceof Op.Composite ? node.op() : Bodies.mapped(node.op(), Hoisting::of);
      Node own = node.isLeaf() ? node : inner == node.op() ? Ops.rebuilt(node, inputs) : Ops.rebuilt(node, inner, inputs);
      standing.put(node, inner instanceof Op.Loop loop && !node.isLeaf() ? new Hoisting(loop).applied(own) : own);
    }
    return roots.stream().map(root -> Objects.requireNonNull(standing.get(root))).toList();
  }

  private Node applied(Node loop) {
    List<Node> order = Graphs.topological(op.body().results());
    for (Node node : order) {
      if (isFixed(node)) {
        fixed.add(node);
      }
    }
    for (Node node : order) {
      if (!fixed.contains(node)) {
        node.inputs().forEach(input -> hoist(node, input));
      }
    }
    return hoisted.isEmpty() ? loop : without(loop);
  }

  private boolean isFixed(Node node) {
    boolean may = switch (node.op()) {
      case Op.IDiv _, Op.Mod _ -> false;
      case Op.Pointwise _, Op.Reduce _, Op.Dot _, Op.Movement _ -> true;
      default -> false;
    };
    return may && !node.isLeaf() && node.inputs().stream().anyMatch(fixed::contains)
        && node.inputs().stream().allMatch(input -> fixed.contains(input) || input.op() instanceof Op.Const);
  }

  private void hoist(Node reader, Node read) {
    boolean right = reader.op() instanceof Op.Dot && reader.input(1) == read;
    Node computed = read;
    while (computed.op() instanceof Op.Movement && fixed.contains(computed) && computed.inputs().size() == 1) {
      computed = computed.input(0);
    }
    boolean turned = right && read.op() instanceof Op.Permute && fixed.contains(read);
    Node node = turned ? read : computed;
    if (fixed.contains(node) && !node.isLeaf()) {
      hoisted.computeIfAbsent(node, n -> Ops.parameter(op.body().parameters().size() + hoisted.size(), n.type()));
    }
  }

  private Node without(Node loop) {
    List<Node> given = loop.inputs().subList(op.carries() + op.sliced(), loop.inputs().size());
    Map<Node, Node> outside = new HashMap<>();
    for (int i = 0; i < invariants.size(); i++) {
      outside.put(invariants.get(i), given.get(i));
    }
    List<Node> computed = Graphs.replaced(List.copyOf(hoisted.keySet()), outside, Node::origin);
    List<Node> inputs = new ArrayList<>(loop.inputs());
    for (Node node : computed) {
      inputs.add(node.op() instanceof Op.Permute ? Ops.node(new Op.Copy(), node) : node);
    }
    List<Node> parameters = new ArrayList<>(op.body().parameters());
    parameters.addAll(hoisted.values());
    var body = new Body(parameters, Graphs.replaced(op.body().results(), hoisted, Node::origin));
    return Ops.rebuilt(loop, new Op.Loop(op.length(), op.carries(), op.sliced(), body), inputs);
  }
}
