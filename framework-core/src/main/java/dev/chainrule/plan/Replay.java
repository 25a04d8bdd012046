package dev.chainrule.plan;

import dev.chainrule.ChainruleException;
import dev.chainrule.IndexRangeException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.NonFiniteException;
import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Interpreter;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.schedule.Instruction;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Explains a faulted run: evaluates the same graph on the reference interpreter and names the operation that went wrong. A
 * fault has committed nothing, so the graph still reads what the run read.
 */
public final class Replay {

  private static final String UNCHANGED = "The run has changed nothing.";

  private static final System.Logger LOG = System.getLogger(Replay.class.getName());

  private Replay() {}

  /**
   * The error that says what happened.
   *
   * @param run what was run
   * @param lined the same traced again with the callers' lines; empty when there are none. Only its lines are used, and only where its
   *     structure is the same: a function that reads an iterator is given other data when it is called again
   * @param when such as {@code step 17}
   */
  public static ChainruleException explain(StepGraph run, Optional<StepGraph> lined, FaultedRun fault, String when) {
    StepGraph graph = lined.filter(other -> PlanKey.of(run, new Leaves()).equals(PlanKey.of(other, new Leaves())))
        .map(other -> withOrigins(run, other)).orElse(run);
    LOG.log(System.Logger.Level.INFO, "{0} faulted; computing it again on the host, one thread in double precision, to say where", when);
    var finiteness = new Finiteness(graph.roots());
    try {
      Interpreter.evaluate(graph.roots(), Engine::read, finiteness::observe);
    } catch (IndexRangeException | InvalidArgumentException precise) {
      return dated(precise, when);
    } catch (ChainruleException other) {
      return other;
    }
    if (fault.check() < 0) {
      return index(fault, when);
    }
    StepGraph.Check check = graph.checks().get(fault.check());
    String cause = finiteness.causeOf(check.node())
        .map(node -> "first at " + node.op().label() + " " + node.type() + node.origin().describe())
        .orElse("found on the device only: its rounding differs from the reference");
    return new NonFiniteException(check.what(),
        when + ": " + check.what() + " is not finite, " + cause,
        "Lower the learning rate, or clip gradients; the variables hold their values from before the step.");
  }

  /** The graph with each node said to have been made where its twin in {@code other} was. */
  private static StepGraph withOrigins(StepGraph graph, StepGraph other) {
    List<Node> order = Graphs.topological(graph.roots());
    List<Node> twins = Graphs.topological(other.roots());
    Map<Node, Node> moved = new IdentityHashMap<>();
    for (int i = 0; i < order.size(); i++) {
      Node node = order.get(i);
      // The twin's bodies have lines too.
      moved.put(node, node.isLeaf() ? node : Ops.rebuilt(twins.get(i), node.inputs().stream().map(moved::get).toList()));
    }
    return new StepGraph(
        graph.outputs().stream().map(moved::get).toList(),
        graph.assignments().stream().map(a -> new StepGraph.Assignment(a.expected(), Objects.requireNonNull(moved.get(a.value())))).toList(),
        graph.checks().stream().map(c -> new StepGraph.Check(Objects.requireNonNull(moved.get(c.node())), c.what())).toList());
  }

  /** The interpreter's message names operation, values and place; the run is added. */
  private static ChainruleException dated(ChainruleException precise, String when) {
    String line = Objects.requireNonNull(precise.getMessage()).lines().findFirst().orElseThrow();
    int end = line.indexOf("] ");
    String op = line.substring(1, end);
    String problem = when + ": " + line.substring(end + 2);
    return precise instanceof IndexRangeException
        ? new IndexRangeException(op, problem, UNCHANGED)
        : new InvalidArgumentException(op, problem, UNCHANGED);
  }

  private static ChainruleException index(FaultedRun fault, String when) {
    String op = switch (fault.instruction()) {
      case Instruction.Call call -> call.op().label();
      case Instruction.WithEpilogue both -> both.call().op().label();
      default -> "kernel";
    };
    return new IndexRangeException(op, when + ": invalid index or divisor " + fault.detail() + fault.instruction().origin().describe(),
        UNCHANGED);
  }

  /**
   * Which results hold NaN or infinities. The cause is looked for from the failed value backwards, so that an infinity that did no harm
   * (exp(1000) in a sigmoid, a mask of -infinity) is not blamed: NaN comes from a NaN input or is made here, an infinity likewise.
   */
  private static final class Finiteness {
    private enum Kind {
      FINITE,
      INFINITE,
      NAN
    }

    private final Map<Node, Kind> kinds = new IdentityHashMap<>();
    private final Set<Node> outermost;

    /** What became infinite or NaN first within the loop or choice that is being run, and what it is of the whole node. */
    private final Map<Kind, Node> firstInside = new EnumMap<>(Kind.class);
    private final Map<Node, Node> causeInside = new IdentityHashMap<>();

    Finiteness(List<Node> roots) {
      outermost = new HashSet<>(Graphs.topological(roots));
    }

    void observe(Node node, HostArray result) {
      Kind kind = result.type().dtype().isFloating() ? kind(result) : Kind.FINITE;
      kinds.put(node, kind);
      if (!outermost.contains(node)) {
        if (node.op().bodies().isEmpty() && node.inputs().stream().allMatch(input -> kind(input) != kind)) {
          firstInside.putIfAbsent(kind, node);
        }
        return;
      }
      Node inside = firstInside.getOrDefault(kind, firstInside.get(Kind.INFINITE));
      if (kind != Kind.FINITE && inside != null && !(node.op() instanceof Op.Composite composite && !composite.name().equals("checkpoint"))) {
        causeInside.put(node, inside);
      }
      firstInside.clear();
    }

    /** The operation that made what is not finite in {@code node}; empty when the node is finite. */
    Optional<Node> causeOf(Node node) {
      Optional<Node> cause = Optional.empty();
      Optional<Node> next = Optional.of(node).filter(n -> kind(n) != Kind.FINITE);
      while (next.isPresent()) {
        Node found = next.get();
        // Which of several results is no operation: the one that made them all is named, and its inputs are looked at.
        Node maker = found.op() instanceof Op.Result ? found.input(0) : found;
        cause = Optional.of(maker);
        next = maker.inputs().stream().filter(i -> kind(found) == Kind.NAN ? kind(i) == Kind.NAN : kind(i) != Kind.FINITE).findFirst();
      }
      return cause.map(found -> causeInside.getOrDefault(found, found));
    }

    private Kind kind(Node node) {
      return kinds.getOrDefault(node, Kind.FINITE);
    }

    private static Kind kind(HostArray array) {
      Kind kind = Kind.FINITE;
      for (long i = 0; i < array.elements(); i++) {
        double x = array.doubleAt(i);
        if (Double.isNaN(x)) {
          return Kind.NAN;
        }
        kind = Double.isInfinite(x) ? Kind.INFINITE : kind;
      }
      return kind;
    }
  }
}
