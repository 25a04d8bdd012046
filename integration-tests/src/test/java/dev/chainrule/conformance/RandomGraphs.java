package dev.chainrule.conformance;

import dev.chainrule.UnsupportedOpException;
import dev.chainrule.device.Device;
import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.GraphPrinter;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.plan.Engine;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;

/** Random graphs on one device: the counts, and of a failure the simplest graph that shows it. */
final class RandomGraphs {

  private static final int ATTEMPTS = 5_000;
  private static final int SHOWN_ELEMENTS = 24;

  /** Says of each fault that it is computed again; many graphs are meant to fault. */
  private static final Logger REPLAYS = Logger.getLogger("dev.chainrule.plan.Replay");

  private final Device device;
  private int agreed;
  private int refused;
  private long nodes;

  RandomGraphs(Device device) {
    this.device = device;
    REPLAYS.setLevel(Level.WARNING);
  }

  /**
   * A graph that the device gets wrong.
   *
   * @param choices that make it
   */
  record Failure(List<Integer> choices, RandomGraph graph, String complaint) {

    /** The graph as it was checked, with the bodies written out, and its data. */
    @Override
    public String toString() {
      List<Node> outputs = WrittenOut.of(graph.outputs());
      List<Node> order = Graphs.topological(outputs);
      String data = order.stream().filter(n -> n.isLeaf() && !(n.op() instanceof Op.Iota))
          .map(n -> "%" + order.indexOf(n) + " is " + values(n)).collect(Collectors.joining("\n"));
      return complaint + "\n" + GraphPrinter.toText(outputs) + data + "\nchoices " + choices;
    }

    private static String values(Node leaf) {
      HostArray array = leaf.op() instanceof Op.Const(HostArray literal) ? literal
          : Engine.read(leaf.op() instanceof Op.State(var version) ? version : leaf.value().orElseThrow());
      if (array.elements() > SHOWN_ELEMENTS) {
        return array.type().toString();
      }
      return array.type() + " " + (array.type().dtype().isFloating()
          ? Arrays.stream(array.toDoubleArray()).mapToObj(v -> String.format(Locale.ROOT, "%s (%a)", v, v)).toList()
          : Arrays.toString(array.toLongArray()));
    }
  }

  /** The graph of a seed; what the device gets wrong about it, made as simple as can be. */
  Optional<Failure> check(long seed) {
    var choices = Choices.drawn(seed);
    RandomGraph.of(choices);
    return failure(choices.made()).map(failure -> failure(Shrinking.of(failure.choices,
        simpler -> failure(simpler).map(Failure::choices), ATTEMPTS)).orElseThrow());
  }

  /** The test that replayed choices make, if it fails. */
  Optional<Failure> failure(List<Integer> choices) {
    var replayed = Choices.replayed(choices);
    RandomGraph graph = RandomGraph.of(replayed);
    try {
      Optional<String> complaint = Agreement.complaint(graph, device);
      agreed += complaint.isEmpty() ? 1 : 0;
      nodes += Graphs.topological(graph.outputs()).size();
      return complaint.map(text -> new Failure(replayed.made(), graph, text));
    } catch (UnsupportedOpException refusal) {
      refused++;
      return Optional.empty();
    }
  }

  int refused() {
    return refused;
  }

  String summary() {
    return "random graphs on %s: %d agreed, of %.1f nodes on average; %d refused for want of a kernel"
        .formatted(device.info().id(), agreed, nodes / (double) Math.max(1, agreed), refused);
  }
}
