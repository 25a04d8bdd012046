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
import dev.chainrule.tensor.Variable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiFunction;
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

  /** A model of f64 parameters, each variable filled with {@link #random} numbers; those called {@code running_var} are positive. */
  static <M extends Module> M filled(Supplier<M> construction) {
    M model = Module.inType(DType.F64, construction);
    model.load(values(model));
    return model;
  }

  private static Map<String, HostArray> values(Module model) {
    Map<String, HostArray> values = new LinkedHashMap<>();
    model.variables().forEach((name, variable) -> {
      HostArray random = random(name.hashCode(), variable.type().shape().dims());
      values.put(name, name.endsWith("running_var") ? read(Tensor.of(random).abs()) : random);
    });
    return values;
  }

  /** What the model's variable holds, row-major. */
  static double[] variable(Module model, String name) {
    return Objects.requireNonNull(model.state().get(name), name).toDoubleArray();
  }

  /** The gradients of {@code use}, a function of a model and tensors, for these tensors and the model's parameters. */
  static <M extends Module> void checkGradients(
      Mode mode, Supplier<M> construction, BiFunction<M, List<Tensor>, Tensor> use, HostArray... inputs) {
    M model = filled(construction);
    List<Variable> parameters = model.parameters();
    List<HostArray> point = new ArrayList<>(List.of(inputs));
    parameters.forEach(p -> point.add(p.toHostArray()));
    checkGradient(in -> Tensor.of(recorded(mode, 1, 2, () -> {
      for (int i = 0; i < parameters.size(); i++) {
        parameters.get(i).assign(in.get(inputs.length + i));
      }
      return use.apply(model, in.subList(0, inputs.length));
    })), point.toArray(HostArray[]::new));
  }

  static void checkGradient(Function<List<Tensor>, Tensor> function, HostArray... point) {
    GradientCheck.Report first = GradientCheck.of(function, List.of(point));
    assertTrue(first.passed(), first.toString());
    GradientCheck.Report second = GradientCheck.ofGradient(function, List.of(point));
    assertTrue(second.passed(), "second derivative: " + second);
  }
}
