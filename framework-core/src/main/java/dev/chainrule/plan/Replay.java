package dev.chainrule.plan;

import dev.chainrule.ChainruleException;
import dev.chainrule.IndexRangeException;
import dev.chainrule.NonFiniteException;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Interpreter;
import dev.chainrule.graph.Node;
import dev.chainrule.schedule.Instruction;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Explains a faulted run: evaluates the same graph on the reference interpreter and names the first operation that went wrong. A
 * fault has committed nothing, so the graph still reads what the run read.
 */
public final class Replay {

  private Replay() {}

  /**
   * @param graph what was run
   * @param when such as {@code step 17}
   */
  public static ChainruleException explain(StepGraph graph, FaultedRun fault, String when) {
    var found = new FirstNonFinite();
    try {
      Interpreter.evaluate(graph.roots(), Engine::read, found::observe);
    } catch (ChainruleException precise) {
      return precise;
    }
    if (fault.check() < 0) {
      return index(fault, when);
    }
    StepGraph.Check check = graph.checks().get(fault.check());
    String cause = found.first
        .map(node -> "first at " + node.op().label() + " " + node.type() + node.origin().describe())
        .orElse("found on the device only: its rounding differs from the reference");
    return new NonFiniteException(check.what(),
        when + ": " + check.what() + " is not finite, " + cause,
        "Lower the learning rate, or clip gradients; the variables hold their values from before the step.");
  }

  private static ChainruleException index(FaultedRun fault, String when) {
    String op = fault.instruction() instanceof Instruction.Call call ? call.op().label() : "kernel";
    return new IndexRangeException(op, when + ": invalid index or divisor " + fault.detail() + fault.instruction().origin().describe(), "");
  }

  /** The first floating result that is not finite although all its inputs were. */
  private static final class FirstNonFinite {
    private final Map<Node, Boolean> finite = new IdentityHashMap<>();
    private Optional<Node> first = Optional.empty();

    void observe(Node node, HostArray result) {
      boolean ok = !result.type().dtype().isFloating() || allFinite(result);
      finite.put(node, ok);
      if (!ok && first.isEmpty() && node.inputs().stream().allMatch(i -> finite.getOrDefault(i, true))) {
        first = Optional.of(node);
      }
    }

    private static boolean allFinite(HostArray array) {
      for (long i = 0; i < array.elements(); i++) {
        if (!Double.isFinite(array.doubleAt(i))) {
          return false;
        }
      }
      return true;
    }
  }
}
