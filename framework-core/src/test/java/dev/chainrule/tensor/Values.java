package dev.chainrule.tensor;

import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Interpreter;
import dev.chainrule.plan.Engine;
import java.util.List;

/** What tensors hold, by the reference interpreter: no device is asked. */
final class Values {

  private Values() {}

  static HostArray array(Tensor t) {
    return Interpreter.evaluate(List.of(t.node()), Engine::read).getFirst();
  }

  static double[] read(Tensor t) {
    return array(t).toDoubleArray();
  }

  static long[] readLongs(Tensor t) {
    return array(t).toLongArray();
  }
}
