package dev.chainrule.conformance;

import dev.chainrule.ChainruleException;
import dev.chainrule.IndexRangeException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.UnsupportedOpException;
import dev.chainrule.device.Device;
import dev.chainrule.device.Devices;
import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.plan.Engine;
import dev.chainrule.plan.Evaluator;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Whether a device and the interpreter agree on a graph. Three things have to hold:
 *
 * <ul>
 *   <li>with the values of all nodes asked for in one plan, each node's is what the interpreter makes of the device's values of its
 *       inputs, within {@link NodeCheck the operation's bound};
 *   <li>the plan for the outputs alone, where operations are fused and memory is used again, gives the same bits;
 *   <li>so does each operation alone on data that lies dense in memory.
 * </ul>
 *
 * <p>A graph that faults has to fault in all of these ways, and at an operation where the interpreter faults too.
 */
final class Agreement {

  private final Device device;
  private final List<Node> outputs;
  private final List<Node> written;
  private final List<Node> nodes;
  private final Map<Node, HostArray> values = new HashMap<>();

  private Agreement(RandomGraph graph, Device device) {
    this.device = device;
    this.outputs = graph.outputs();
    this.written = WrittenOut.of(outputs);
    this.nodes = Graphs.topological(written);
  }

  /** What a device and the interpreter disagree about, with the number that the printed graph gives the node; empty if they agree. */
  static Optional<String> complaint(RandomGraph graph, Device device) {
    try {
      return Devices.with(device, () -> new Agreement(graph, device).complaint());
    } catch (UnsupportedOpException refusal) {
      throw refusal;
    } catch (RuntimeException | Error broken) {
      return Optional.of("threw " + broken + " at " + Stream.of(broken.getStackTrace()).limit(6).toList());
    }
  }

  private Optional<String> complaint() {
    List<Node> single = nodes.stream().filter(n -> n.types().size() == 1).toList();
    List<HostArray> all;
    try {
      all = computed(single);
    } catch (IndexRangeException | InvalidArgumentException fault) {
      return faulted(fault);
    }
    for (int i = 0; i < all.size(); i++) {
      values.put(single.get(i), all.get(i));
    }
    return wrongNode(single).or(this::otherBitsWhenFused).or(() -> otherBitsAlone(single));
  }

  private static List<HostArray> computed(List<Node> nodes) {
    return Evaluator.compute(nodes).stream().map(Engine::read).toList();
  }

  private List<HostArray> operands(Node node) {
    return (node.op() instanceof Op.Result ? node.input(0) : node).inputs().stream().map(values::get).toList();
  }

  private Optional<String> wrongNode(List<Node> single) {
    for (Node node : single) {
      try {
        String complaint = NodeCheck.complaint(node, operands(node), values.get(node));
        if (!complaint.isEmpty()) {
          return Optional.of(named(node) + " " + complaint);
        }
      } catch (ChainruleException fault) {
        return Optional.of(named(node) + " faults on the interpreter alone: " + fault.getMessage());
      }
    }
    return Optional.empty();
  }

  private Optional<String> otherBitsWhenFused() {
    List<HostArray> fused = computed(outputs);
    for (int i = 0; i < fused.size(); i++) {
      String difference = Comparison.differingBits(fused.get(i), values.get(written.get(i)));
      if (!difference.isEmpty()) {
        return Optional.of(named(written.get(i)) + " has other bits in a plan for the outputs alone: " + difference);
      }
    }
    return Optional.empty();
  }

  private Optional<String> otherBitsAlone(List<Node> single) {
    for (Node node : single) {
      if (!node.inputs().isEmpty()) {
        HostArray alone = computed(List.of(NodeCheck.on(node, operands(node)))).getFirst();
        String difference = Comparison.differingBits(alone, values.get(node));
        if (!difference.isEmpty()) {
          return Optional.of(named(node) + " has other bits when it is computed alone: " + difference);
        }
      }
    }
    return Optional.empty();
  }

  // --- faults ------------------------------------------------------------------------------------------------------------------------

  /** One operation after the other on the device: each faults where the interpreter does, and the one named is among those. */
  private Optional<String> faulted(ChainruleException fault) {
    Set<String> faulting = new HashSet<>();
    Set<Node> unknown = new HashSet<>();
    for (Node node : nodes) {
      if (node.inputs().stream().anyMatch(unknown::contains)) {
        unknown.add(node);
        continue;
      }
      if (node.types().size() > 1) {
        continue;
      }
      Optional<HostArray> exact = interpreted(node);
      Optional<HostArray> alone = alone(node);
      if (exact.isPresent() != alone.isPresent()) {
        return Optional.of(named(node) + " faults on the " + (exact.isPresent() ? "device" : "interpreter") + " alone");
      }
      alone.ifPresentOrElse(value -> values.put(node, value), () -> {
        unknown.add(node);
        faulting.add("[" + node.op().label() + "]");
      });
    }
    String message = fault.getMessage();
    if (faulting.stream().noneMatch(message::startsWith)) {
      return Optional.of("faults with " + message + " where only " + faulting + " would");
    }
    return outputsAloneFault();
  }

  private Optional<String> outputsAloneFault() {
    try {
      computed(outputs);
      return Optional.of("does not fault in a plan for the outputs alone");
    } catch (IndexRangeException | InvalidArgumentException expected) {
      return Optional.empty();
    }
  }

  private Optional<HostArray> interpreted(Node node) {
    try {
      return Optional.of(NodeCheck.interpreted(node, operands(node)));
    } catch (IndexRangeException | InvalidArgumentException fault) {
      return Optional.empty();
    }
  }

  private Optional<HostArray> alone(Node node) {
    try {
      return Optional.of(computed(List.of(NodeCheck.on(node, operands(node)))).getFirst());
    } catch (IndexRangeException | InvalidArgumentException fault) {
      return Optional.empty();
    }
  }

  /** As {@link dev.chainrule.graph.GraphPrinter} numbers it. */
  private String named(Node node) {
    return "%" + nodes.indexOf(node) + " = " + node.op().label() + " " + node.type();
  }
}
