package dev.chainrule.autograd;

import static dev.chainrule.autograd.GradientCases.vector;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Interpreter;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.TensorType;
import dev.chainrule.plan.Engine;
import dev.chainrule.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What the gradient is where a function has a kink: one of the slopes beside it, or their mean. */
class SubgradientTest {

  private static double[] gradient(UnaryOperator<Tensor> function, double... at) {
    Tensor x = Tensor.of(vector(at));
    return read(Gradients.of(function.apply(x).sum(), List.of(x)).getFirst());
  }

  private static double[] read(Tensor t) {
    return Interpreter.evaluate(List.of(t.node()), Engine::read).getFirst().toDoubleArray();
  }

  @Test
  @Tag("S17.5")
  void reluIsFlatAtZero() {
    assertArrayEquals(new double[] {0, 0, 0, 1}, gradient(Tensor::relu, -1, 0, -0.0, 1));
  }

  @Test
  @Tag("S17.5")
  void leakyReluHasTheLeakAtZero() {
    assertArrayEquals(new double[] {0.1, 0.1, 1}, gradient(x -> x.leakyRelu(0.1), -1, 0, 1));
  }

  @Test
  @Tag("S17.4")
  void absIsFlatAtZero() {
    assertArrayEquals(new double[] {-1, 0, -0.0, 1}, gradient(Tensor::abs, -2, 0, -0.0, 2));
  }

  @Test
  @Tag("S17.6")
  void equalArgumentsOfMaximumAndMinimumShare() {
    Tensor x = Tensor.of(vector(1, 2, 3));
    Tensor y = Tensor.of(vector(3, 2, 1));
    List<Tensor> max = Gradients.of(x.maximum(y).sum(), List.of(x, y));
    assertArrayEquals(new double[] {0, 0.5, 1}, read(max.get(0)));
    assertArrayEquals(new double[] {1, 0.5, 0}, read(max.get(1)));
    List<Tensor> min = Gradients.of(x.minimum(y).sum(), List.of(x, y));
    assertArrayEquals(new double[] {1, 0.5, 0}, read(min.get(0)));
    assertArrayEquals(new double[] {0, 0.5, 1}, read(min.get(1)));
  }

  @Test
  @Tag("S17.7")
  void equalExtremesOfAReductionShare() {
    assertArrayEquals(new double[] {0, 0.5, 0.5}, gradient(x -> x.max(), 1, 4, 4));
    assertArrayEquals(new double[] {1 / 3.0, 1 / 3.0, 1 / 3.0}, gradient(x -> x.min(), 4, 4, 4));
    assertArrayEquals(new double[] {0.5, 0, 0.5, 0, 1, 0}, gradient(x -> x.reshape(2, 3).max(1), 7, 1, 7, 2, 3, 2));
  }

  @Test
  @Tag("S17.6")
  void clampPassesAllAtItsEnds() {
    assertArrayEquals(new double[] {0, 1, 1, 1, 0}, gradient(x -> x.clamp(-1, 1), -2, -1, 0, 1, 2));
    assertArrayEquals(new double[] {0, 1, 1, 1, 0}, gradient(x -> x.clamp(-1.5, 1.5), -2, -1.5, 0, 1.5, 2));
    assertArrayEquals(new double[] {0, 1, 0}, gradient(x -> x.clamp(1, 1), 0, 1, 2));
    assertArrayEquals(new double[5], gradient(x -> x.clamp(2, 0), -1, 0, 1, 2, 3), "all is 0 where the ends cross");
  }

  @Test
  @Tag("S17.7")
  void moreEqualExtremesThanF16CountsShareInF32() {
    for (DType dtype : List.of(DType.F16, DType.BF16)) {
      Tensor x = Tensor.zeros(TensorType.of(dtype, 70_000));
      for (Tensor extreme : List.of(x.max(), x.min())) {
        double[] g = read(Gradients.of(extreme, List.of(x)).getFirst());
        assertEquals(1, Arrays.stream(g).sum(), 0.01, dtype + ", whose numbers near 1/70000 are 0.4 % apart");
      }
    }
  }

  @Test
  @Tag("S17.8")
  void theProductOfOthersNeedNotFitF16OnTheWay() {
    Tensor x = Tensor.of(vector(300, 300, 0.001, 0.001)).cast(DType.F16);
    double[] at = read(x);
    double[] g = read(Gradients.of(x.prod(), List.of(x)).getFirst());
    for (int i = 0; i < at.length; i++) {
      double others = 1;
      for (int k = 0; k < at.length; k++) {
        others *= k == i ? 1 : at[k];
      }
      assertEquals(others, g[i], others * 0x1p-11 + 0x1p-25, "one rounding to f16");
    }
  }

  @Test
  @Tag("S17.3")
  void stepsAreFlatEverywhere() {
    assertArrayEquals(new double[3], gradient(Tensor::floor, 0, 1, 1.5));
    assertArrayEquals(new double[3], gradient(Tensor::ceil, 0, 1, 1.5));
    assertArrayEquals(new double[3], gradient(Tensor::round, 0, 0.5, 1.5));
    assertArrayEquals(new double[3], gradient(Tensor::sign, -1, 0, 1));
  }

  @Test
  @Tag("S17.11")
  void whatWhereDoesNotChooseAddsNothing() {
    assertArrayEquals(new double[] {0, 0, 3}, gradient(x -> x.greater(0).where(x.mul(3), x.mul(0)), -1, 0, 1));
  }

  @Test
  @Tag("S12.1")
  void noGradientFlowsThroughStopGradient() {
    assertArrayEquals(new double[] {2, 3}, gradient(x -> x.stopGradient().mul(x), 2, 3));
    assertArrayEquals(new double[2], gradient(Tensor::stopGradient, 2, 3));
    Tensor x = Tensor.of(vector(2, 3));
    assertArrayEquals(new double[] {2, 3}, read(x.stopGradient()), "the values are the same");
  }

  @Test
  @Tag("S17.9")
  void powersOfZeroHaveTheGradientOfTheirLimits() {
    assertArrayEquals(new double[] {0, -0.0}, gradient(x -> x.pow(2), 0, -0.0));
    assertArrayEquals(new double[] {1}, gradient(x -> x.pow(1), 0));
    assertArrayEquals(new double[] {0, 0}, gradient(x -> x.pow(0), 0, 5));
    assertArrayEquals(new double[] {Double.POSITIVE_INFINITY}, gradient(x -> x.pow(0.5), 0));
    Tensor zero = Tensor.of(vector(0));
    Tensor two = Tensor.of(vector(2));
    Tensor forExponent = Gradients.of(zero.pow(two).sum(), List.of(two)).getFirst();
    assertArrayEquals(new double[] {0}, read(forExponent));
    List<Tensor> second = Gradients.of(forExponent.sum(), List.of(zero, two));
    assertArrayEquals(new double[] {0}, read(second.get(0)), "not 0 / 0");
    assertArrayEquals(new double[] {0}, read(second.get(1)));
  }

  @Test
  @Tag("S17.13")
  void thePaddingsGradientIsFreeOfWhatLiesWithin() {
    Tensor x = Tensor.of(vector(1, 2));
    Tensor value = Tensor.of(GradientCases.scalar(5));
    Tensor weights = Tensor.of(vector(1e30, Double.POSITIVE_INFINITY, 3)); // the last is the padding's
    Tensor padded = x.pad(List.of(new Op.Edge(0, 1)), value);
    assertArrayEquals(new double[] {3}, read(Gradients.of(padded.mul(weights).sum(), List.of(value)).getFirst()));
  }

  @Test
  @Tag("S17.14")
  void sigmoidAndSoftmaxHaveFiniteGradientsFarOut() {
    assertArrayEquals(new double[] {0, 0}, gradient(Tensor::sigmoid, -1000, 1000));
    for (double g : gradient(x -> x.softmax(0).square(), -1000, 1000, 0)) {
      assertTrue(Double.isFinite(g));
    }
    assertArrayEquals(new double[] {1, -1}, gradient(x -> x.logSoftmax(0).slice(0, 0, 1), -1000, 1000));
  }

  @Test
  @Tag("S17.7")
  void oneNaNDoesNotLookLikeAGradientOfZero() {
    double[] g = gradient(x -> x.max(), 1, Double.NaN, 2);
    assertTrue(Double.isNaN(g[0]) && Double.isNaN(g[1]) && Double.isNaN(g[2]), Arrays.toString(g));
  }

  @Test
  @Tag("S17.8")
  void theGradientOfAProductWithZerosUsesNoDivision() {
    HostArray x = vector(2, 0, 3);
    Tensor t = Tensor.of(x);
    Tensor g = Gradients.of(t.prod(), List.of(t)).getFirst();
    assertArrayEquals(new double[] {0, 6, 0}, read(g));
    assertTrue(Graphs.topological(List.of(g.node())).stream().noneMatch(n -> n.op() instanceof Op.Div));
  }

  private static final double NAN = Double.NaN;
  private static final double INF = Double.POSITIVE_INFINITY;

  @Test
  @Tag("S17.4") @Tag("S17.5") @Tag("S17.6")
  void whatTheKinksGiveAtNaN() {
    assertArrayEquals(new double[] {NAN}, gradient(Tensor::abs, NAN));
    assertArrayEquals(new double[] {1}, gradient(Tensor::relu, NAN));
    assertArrayEquals(new double[] {1}, gradient(x -> x.leakyRelu(0.1), NAN));
    assertArrayEquals(new double[] {1}, gradient(x -> x.clamp(-1, 1), NAN));
    Tensor x = Tensor.of(vector(NAN, 1));
    Tensor y = Tensor.of(vector(1, NAN));
    for (Tensor larger : List.of(x.maximum(y), x.minimum(y))) {
      for (Tensor g : Gradients.of(larger.sum(), List.of(x, y))) {
        assertArrayEquals(new double[] {0, 0}, read(g));
      }
    }
  }

  @Test
  @Tag("S17.7")
  void aLineWithNaNSpoilsItsOwnGradientsAlone() {
    assertArrayEquals(new double[] {NAN, NAN, 0, 1}, gradient(x -> x.reshape(2, 2).max(1), 1, NAN, 3, 4));
    assertArrayEquals(new double[] {NAN, NAN, 1, 0}, gradient(x -> x.reshape(2, 2).min(1), 1, NAN, 3, 4));
  }

  @Test
  @Tag("S17.9")
  void powersOfNegativeBasesHaveNoDerivativeInTheExponent() {
    Tensor base = Tensor.of(vector(-2, 0, 2));
    Tensor exponent = Tensor.of(vector(3, 3, 3));
    List<Tensor> g = Gradients.of(base.pow(exponent).sum(), List.of(base, exponent));
    assertArrayEquals(new double[] {12, 0, 12}, read(g.get(0)));
    assertArrayEquals(new double[] {NAN, 0, 8 * Math.log(2)}, read(g.get(1)), 1e-14);
  }

  @Test
  @Tag("S17.9")
  void powersOfZeroDoNotMoveWithNegativeExponentsEither() {
    Tensor base = Tensor.of(vector(0, -0.0, 0));
    Tensor exponent = Tensor.of(vector(-1, -2, 0));
    Tensor g = Gradients.of(base.pow(exponent).sum(), List.of(exponent)).getFirst();
    assertArrayEquals(new double[3], read(g));
    for (Tensor second : Gradients.of(g.sum(), List.of(base, exponent))) {
      assertArrayEquals(new double[3], read(second));
    }
  }

  @Test
  @Tag("S17.9")
  void powersOfZeroExponentsAreFlatWhereTheReciprocalOverflows() {
    for (DType dtype : List.of(DType.F32, DType.F16, DType.BF16, DType.F64)) {
      double smallest = dtype == DType.F64 ? Double.MIN_VALUE : dtype == DType.F16 ? 0x1p-24 : 0x1p-133;
      double tiny = dtype == DType.F64 ? 1e-309 : dtype == DType.F16 ? 1e-5 : 1e-39;
      Tensor x = Tensor.of(vector(smallest, -smallest, tiny, -tiny, 0.5, 0)).cast(dtype);
      assertArrayEquals(new double[6], read(Gradients.of(x.pow(0).sum(), List.of(x)).getFirst()), 0, dtype.toString());
    }
    Tensor x = Tensor.of(vector(0.5, 4));
    Tensor y = Tensor.of(vector(0, 0));
    Tensor g = Gradients.of(x.pow(y).sum(), List.of(x)).getFirst();
    assertArrayEquals(new double[] {2, 0.25}, read(Gradients.of(g.sum(), List.of(y)).getFirst()), "1 / x elsewhere");
  }

  @Test
  @Tag("S17.10")
  void aRemainderMovesWithTheDividendAndAgainstTheWholeQuotient() {
    Tensor x = Tensor.of(vector(7.5, -7.5, 7.5));
    Tensor y = Tensor.of(vector(2, 2, -2));
    List<Tensor> g = Gradients.of(x.mod(y).sum(), List.of(x, y));
    assertArrayEquals(new double[] {1, 1, 1}, read(g.get(0)));
    assertArrayEquals(new double[] {-3, 3, 3}, read(g.get(1)));
  }

  @Test
  @Tag("S17.11")
  void anInfiniteSlopeOfTheBranchThatIsNotTakenMakesNaN() {
    assertArrayEquals(new double[] {NAN, 0.5}, gradient(x -> x.greater(0).where(x.sqrt(), x.mul(0)), 0, 1));
    assertArrayEquals(new double[] {0, 0.5}, gradient(x -> {
      Tensor safe = x.greater(0).where(x, Tensor.ones(x.type()));
      return x.greater(0).where(safe.sqrt(), x.mul(0));
    }, 0, 1), "the argument is chosen before");
  }

  @Test
  @Tag("S17.12")
  void slopesAreInfiniteWhereTheyAre() {
    assertArrayEquals(new double[] {INF}, gradient(Tensor::sqrt, 0));
    assertArrayEquals(new double[] {-INF}, gradient(Tensor::rsqrt, 0));
    assertArrayEquals(new double[] {INF}, gradient(Tensor::log, 0));
  }

  @Test
  @Tag("S17.13")
  void gradientsGoBackToWhereValuesCameFrom() {
    Tensor weights = Tensor.of(vector(1, 2, 3));
    assertArrayEquals(new double[] {3, 1, 2}, gradient(x -> {
      Tensor sorted = GradientCases.apply(new Op.Sort(0, false), List.of(x));
      return GradientCases.apply(new Op.Result(0), List.of(sorted)).mul(weights);
    }, 9, 7, 8));
    Tensor at = Tensor.of(new int[] {2, 0, 2});
    assertArrayEquals(new double[] {2, 0, 4}, gradient(x -> x.take(0, at).mul(weights), 5, 6, 7));
    Tensor updates = Tensor.of(vector(10, 20, 30));
    Tensor sum = Tensor.of(vector(0, 0, 0)).scatterAdd(0, at, updates).mul(weights).sum();
    assertArrayEquals(new double[] {3, 1, 3}, read(Gradients.of(sum, List.of(updates)).getFirst()));
  }
}
