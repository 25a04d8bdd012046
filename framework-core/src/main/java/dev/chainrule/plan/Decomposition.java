package dev.chainrule.plan;

import dev.chainrule.device.Device;
import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Writes out the bodies of the composites that the device has no kernel for. */
final class Decomposition {

  private final Device device;

  /** What stands for each result of a node. */
  private final Map<Node, List<Node>> replaced = new IdentityHashMap<>();

  private boolean changed;

  private Decomposition(Device device) {
    this.device = device;
  }

  static List<Node> of(List<Node> roots, Device device) {
    var decomposition = new Decomposition(device);
    List<Node> rewritten = decomposition.rewrite(roots);
    // A body may hold composites itself.
    while (decomposition.changed) {
      decomposition = new Decomposition(device);
      rewritten = decomposition.rewrite(rewritten);
    }
    return rewritten;
  }

  private List<Node> rewrite(List<Node> roots) {
    for (Node node : Graphs.inProgramOrder(roots)) {
      replaced.put(node, replacement(node));
    }
    return roots.stream().map(this::only).toList();
  }

  private List<Node> replacement(Node node) {
    if (node.value().isPresent()) {
      return List.of(node);
    }
    if (node.op() instanceof Op.Result(int index)) {
      List<Node> several = Objects.requireNonNull(replaced.get(node.input(0)));
      if (several.size() > 1) {
        return List.of(several.get(index));
      }
    }
    List<Node> inputs = node.inputs().stream().map(this::only).toList();
    if (node.op() instanceof Op.Composite composite && lacksKernel(node)) {
      changed = true;
      return composite.body().inline(inputs, node.origin());
    }
    Op op = Bodies.mapped(node.op(), results -> of(results, device));
    if (op != node.op()) {
      return List.of(Ops.rebuilt(node, op, inputs));
    }
    // All nodes are made anew, so that they are still in the order of the program.
    return List.of(node.isLeaf() ? node : Ops.rebuilt(node, inputs));
  }

  private boolean lacksKernel(Node node) {
    return node.op() instanceof Op.Composite composite
        && device.nativeKernel(composite, node.inputs().stream().map(Node::type).toList(), node.types()).isEmpty();
  }

  private Node only(Node node) {
    return Objects.requireNonNull(replaced.get(node)).getFirst();
  }
}
