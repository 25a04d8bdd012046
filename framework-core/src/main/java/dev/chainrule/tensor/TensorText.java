package dev.chainrule.tensor;

import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Interpreter;
import dev.chainrule.graph.InterpreterWork;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Scope;
import dev.chainrule.plan.Engine;
import java.util.List;
import java.util.Optional;

/**
 * What a tensor's {@code toString} says. Debuggers and loggers call it wherever they please, so it changes nothing: small things are
 * computed by the interpreter, which opens no device, and the node stays pending, so that gradients still flow through it.
 */
final class TensorText {

  /** As many as are shown in full. */
  private static final long MOST_ELEMENTS = 1000;

  /** Some tens of milliseconds. */
  private static final long MOST_WORK = 1 << 20;

  /** What is fetched from a device; host data of any size is at hand. */
  private static final long MOST_BYTES = 1 << 24;

  private TensorText() {}

  static String of(Node node) {
    String pending = node.type() + " = " + node.op().label();
    try {
      return values(node).map(HostArray::toString).orElse(pending);
    } catch (RuntimeException e) {
      return pending + " (" + String.valueOf(e.getMessage()).lines().findFirst().orElse("") + ")";
    }
  }

  private static Optional<HostArray> values(Node node) {
    var known = node.value();
    if (known.isPresent()) {
      return known.filter(value -> value instanceof HostArray || value.type().bytes() <= MOST_BYTES).map(Engine::read);
    }
    boolean shown = node.type().elements() <= MOST_ELEMENTS
        && Trace.surrounding().isEmpty() && !Scope.current().isBody()
        && InterpreterWork.isAtMost(MOST_WORK, node);
    return shown ? Optional.of(Interpreter.evaluate(List.of(node), Engine::read).getFirst()) : Optional.empty();
  }
}
