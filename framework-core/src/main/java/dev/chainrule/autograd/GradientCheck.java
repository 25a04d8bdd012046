package dev.chainrule.autograd;

import dev.chainrule.DTypeMismatchException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Interpreter;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Philox;
import dev.chainrule.plan.Engine;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Function;

/**
 * Compares gradients with central differences, (f(x + h) - f(x - h)) / 2h, in f64 on the reference interpreter. Results of any shape
 * are reduced by fixed pseudo-random weights, so that no error can cancel.
 */
public final class GradientCheck {

  private static final double STEP = 1e-5;

  /** Differences are exact to about 1e-10 for functions of moderate curvature; a wrong rule is off by far more. */
  private static final double TOLERANCE = 1e-6;

  private GradientCheck() {}

  /**
   * What a check found.
   *
   * @param worstError largest |gradient - difference| / max(1, |gradient|, |difference|)
   * @param where the input and element of that error, with both numbers
   */
  public record Report(double worstError, String where) {
    /** Refuses null. */
    public Report {
      Objects.requireNonNull(where, "where");
    }

    /** Whether the worst error is within the bound. */
    public boolean passed() {
      return worstError <= TOLERANCE;
    }
  }

  /**
   * Compares the gradient with central differences.
   *
   * @param function differentiable at and around the point; every input f64
   * @param point the inputs' values
   */
  public static Report of(Function<List<Tensor>, Tensor> function, List<HostArray> point) {
    List<Tensor> inputs = point.stream().map(Tensor::of).toList();
    List<Node> gradients = Gradients.of(loss(function, inputs), inputs).stream().map(Tensor::node).toList();
    List<HostArray> analytic = Interpreter.evaluate(gradients, Engine::read);
    var worst = new Report(0, "");
    for (int input = 0; input < point.size(); input++) {
      requireF64(point.get(input));
      for (int i = 0; i < point.get(input).elements(); i++) {
        double expected = difference(function, point, input, i);
        double actual = analytic.get(input).doubleAt(i);
        double error = Math.abs(actual - expected) / Math.max(1, Math.max(Math.abs(actual), Math.abs(expected)));
        if (!(error <= worst.worstError)) {
          worst = new Report(Double.isNaN(error) ? Double.POSITIVE_INFINITY : error,
              String.format(Locale.ROOT, "input %d, element %d: gradient %.12g, difference %.12g", input, i, actual, expected));
        }
      }
    }
    return worst;
  }

  /** The check of the gradient itself: second derivatives. */
  public static Report ofGradient(Function<List<Tensor>, Tensor> function, List<HostArray> point) {
    return of(inputs -> {
      List<Tensor> gradients = Gradients.of(loss(function, inputs), inputs);
      return gradients.stream().map(g -> loss(_ -> g, inputs)).reduce(Tensor::add).orElseThrow();
    }, point);
  }

  private static double difference(Function<List<Tensor>, Tensor> function, List<HostArray> point, int input, int element) {
    double x = point.get(input).doubleAt(element);
    double h = STEP * Math.max(1, Math.abs(x));
    return (value(function, point, input, element, x + h) - value(function, point, input, element, x - h)) / (2 * h);
  }

  private static double value(Function<List<Tensor>, Tensor> function, List<HostArray> point, int input, int element, double x) {
    double[] moved = point.get(input).toDoubleArray();
    moved[element] = x;
    List<HostArray> there = new ArrayList<>(point);
    there.set(input, HostArray.ofDoubles(point.get(input).type(), moved));
    Tensor loss = loss(function, there.stream().map(Tensor::of).toList());
    return Interpreter.evaluate(List.of(loss.node()), Engine::read).getFirst().doubleAt(0);
  }

  /** The sum of the results, each with a weight of its own between 1/2 and 3/2. */
  private static Tensor loss(Function<List<Tensor>, Tensor> function, List<Tensor> inputs) {
    Tensor result = function.apply(inputs);
    double[] weights = new double[Math.toIntExact(result.shape().elements())];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = 0.5 + (Philox.mix(i + 1) >>> 11) * 0x1p-53;
    }
    return result.mul(Tensor.of(HostArray.ofDoubles(result.type(), weights))).sum();
  }

  private static void requireF64(HostArray array) {
    if (array.type().dtype() != DType.F64) {
      throw new DTypeMismatchException("gradientCheck", "input " + array.type() + ", expected f64", "");
    }
  }
}
