package dev.chainrule.nn;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.autograd.GradientCheck;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.HostRandom;
import dev.chainrule.graph.Interpreter;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.TensorType;
import dev.chainrule.plan.Engine;
import dev.chainrule.tensor.Mode;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Trace;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;

/** Values without a device: the reference interpreter, outside Steps and inside. */
final class Reading {

  private Reading() {}

  static HostArray read(Tensor tensor) {
    return read(tensor.node());
  }

  private static HostArray read(Node node) {
    return Interpreter.evaluate(List.of(node), Engine::read).getFirst();
  }

  static double[] doubles(Tensor tensor) {
    return read(tensor).toDoubleArray();
  }

  /** What a Step with this seed computes at this run. */
  static HostArray step(Mode mode, long seed, long run, Supplier<Tensor> function) {
    return read(recorded(mode, seed, run, function));
  }

  /** The graph of {@link #step}. */
  static Node recorded(Mode mode, long seed, long run, Supplier<Tensor> function) {
    return Trace.record(mode, seed, run, false, () -> List.of(function.get())).graph().outputs().getFirst();
  }

  static HostArray f64(long[] shape, double... values) {
    return HostArray.ofDoubles(TensorType.of(DType.F64, shape), values);
  }

  /** Numbers between -2 and 2, none within 1/100 of 0, where rectifiers have no derivative. */
  static HostArray random(long seed, long... shape) {
    var random = new HostRandom(seed);
    TensorType type = TensorType.of(DType.F64, shape);
    return Initializer.fill(type, () -> {
      double x = 4 * random.nextDouble() - 2;
      return x + Math.copySign(0.01, x);
    });
  }

  static void checkGradient(Function<List<Tensor>, Tensor> function, HostArray... point) {
    GradientCheck.Report first = GradientCheck.of(function, List.of(point));
    assertTrue(first.passed(), first.toString());
    GradientCheck.Report second = GradientCheck.ofGradient(function, List.of(point));
    assertTrue(second.passed(), "second derivative: " + second);
  }
}
