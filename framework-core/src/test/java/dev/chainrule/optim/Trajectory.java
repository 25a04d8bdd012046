package dev.chainrule.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;
import dev.chainrule.train.ReferenceStep;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.BiFunction;
import java.util.function.LongToDoubleFunction;
import java.util.function.Supplier;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * An optimizer's path beside that of its update rule in plain doubles. The loss is the sum of p c over all parameters, linear, so that
 * each gradient is exactly the c that both are given, and a rounding error in a parameter does not come back through its gradient.
 */
final class Trajectory {

  /** One parameter's elements under an update rule; keeps its own state. */
  interface Rule {
    /** Changes p; t is 1 at the first step. */
    void step(double[] p, double[] g, int t, double rate);
  }

  static final int STEPS = 12;

  private static final List<long[]> SHAPES = List.of(new long[] {2, 3}, new long[] {4}, new long[] {}, new long[] {2, 1, 2});

  private final List<Variable> parameters = new ArrayList<>();
  private final List<double[]> expected = new ArrayList<>();
  private final DType dtype;

  private Trajectory(DType dtype) {
    this.dtype = dtype;
    var random = new Random(7);
    for (long[] shape : SHAPES) {
      var type = TensorType.of(dtype, shape);
      double[] start = floats(random, type.elements(), 1);
      parameters.add(Variable.of("layer" + parameters.size() + "/weight", HostArray.ofDoubles(type, start), true));
      expected.add(start);
    }
  }

  /** Numbers that f32 holds exactly. */
  private static double[] floats(Random random, long count, double scale) {
    return random.doubles(count).map(x -> (float) (scale * (2 * x - 1))).toArray();
  }

  /**
   * Takes {@link #STEPS} steps on both sides and compares the parameters after each.
   *
   * @param maxNorm of all gradients together; infinity to leave them as they are
   */
  static void compare(DType dtype, BiFunction<List<Variable>, Schedule, Optimizer> maker, Supplier<Rule> rule, Schedule schedule,
      LongToDoubleFunction rates, double maxNorm) {
    new Trajectory(dtype).run(maker, rule, schedule, rates, maxNorm);
  }

  static void compare(BiFunction<List<Variable>, Schedule, Optimizer> maker, Supplier<Rule> rule) {
    compare(DType.F32, maker, rule, Schedule.constant(0.01), _ -> 0.01, Double.POSITIVE_INFINITY);
  }

  private void run(BiFunction<List<Variable>, Schedule, Optimizer> maker, Supplier<Rule> rule, Schedule schedule,
      LongToDoubleFunction rates, double maxNorm) {
    Optimizer optimizer = maker.apply(parameters, schedule);
    List<Rule> rules = parameters.stream().map(_ -> rule.get()).toList();
    ReferenceStep step = ReferenceStep.training(0, in -> {
      Tensor loss = IntStream.range(0, in.size())
          .mapToObj(i -> parameters.get(i).value().mul(in.get(i)).sum()).reduce(Tensor::add).orElseThrow();
      optimizer.minimise(loss);
      return List.of(loss);
    });
    var random = new Random(8);
    double moved = 0;
    for (int t = 1; t <= STEPS; t++) {
      // Large and small gradients in turn, so that clipping acts at some steps and not at others.
      double scale = t % 3 == 0 ? 0.1 : 3;
      List<double[]> gradients = parameters.stream().map(p -> floats(random, p.type().elements(), scale)).toList();
      step.run(IntStream.range(0, parameters.size())
          .mapToObj(i -> Tensor.of(HostArray.ofDoubles(parameters.get(i).type(), gradients.get(i)))).toArray(Tensor[]::new));
      double norm = Math.sqrt(gradients.stream().flatMapToDouble(DoubleStream::of).map(x -> x * x).sum());
      double rate = rates.applyAsDouble(t - 1L);
      for (int i = 0; i < rules.size(); i++) {
        double[] g = gradients.get(i).clone();
        for (int j = 0; norm > maxNorm && j < g.length; j++) {
          g[j] *= maxNorm / norm;
        }
        double[] before = expected.get(i).clone();
        rules.get(i).step(expected.get(i), g, t, rate);
        for (int j = 0; j < before.length; j++) {
          moved = Math.max(moved, Math.abs(expected.get(i)[j] - before[j]));
        }
        compareParameter(i, t, moved);
      }
    }
  }

  /**
   * With u = 2^-24 for f32, a step rounds the parameter once (parameters stay below 8: 8 u) and the change to it about 20 times, counting the
   * settings' own rounding. A change may come from moments that cancel, so its error is relative to the largest change met, times the
   * root of the count of steps for a mean of squares that holds them all. Errors add up over the steps. For f64 it is the same with
   * u = 2^-53, if the expected path takes the rates as f32, as schedules give them.
   */
  private void compareParameter(int i, int t, double largestChange) {
    double u = dtype == DType.F32 ? 0x1p-24 : 0x1p-53;
    double tolerance = t * u * (8 + 20 * Math.sqrt(t) * largestChange);
    double[] actual = ReferenceStep.values(parameters.get(i));
    for (int j = 0; j < actual.length; j++) {
      assertEquals(expected.get(i)[j], actual[j], tolerance, "step " + t + ", " + parameters.get(i) + " element " + j);
    }
  }
}
