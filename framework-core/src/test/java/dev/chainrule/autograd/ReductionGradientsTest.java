package dev.chainrule.autograd;

import static dev.chainrule.autograd.GradientCases.scalar;
import static dev.chainrule.autograd.GradientCases.values;
import static dev.chainrule.autograd.GradientCases.vector;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

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
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** First and second gradients of reductions, running totals and sorting as methods of tensors, and what they are at their kinks. */
class ReductionGradientsTest {

  private static final double INFINITY = Double.POSITIVE_INFINITY;

  private record Method(String name, UnaryOperator<Tensor> function) {}

  private static final List<Method> OVER_ALL_AXES = List.of(
      new Method("std", x -> x.std()), new Method("norm", x -> x.norm()), new Method("logsumexp", x -> x.logsumexp()));

  private static final List<Method> ALONG_AN_AXIS = List.of(
      new Method("std of rows", x -> x.std(-1)),
      new Method("std of columns", x -> x.std(0)),
      new Method("norm of rows", x -> x.norm(-1)),
      new Method("norm of columns", x -> x.norm(0)),
      new Method("logsumexp of rows", x -> x.logsumexp(-1)),
      new Method("logsumexp of columns", x -> x.logsumexp(0)),
      new Method("cumsum of rows", x -> x.cumsum(-1).square()),
      new Method("cumsum of columns", x -> x.cumsum(0).square()),
      new Method("cumprod of rows", x -> x.cumprod(-1).square()),
      new Method("cumprod of columns", x -> x.cumprod(0).square()),
      new Method("prod of rows", x -> x.prod(-1).square()),
      new Method("sort of rows", x -> x.sort(-1).values().cumsum(-1).square()),
      new Method("sort of columns, descending", x -> x.sort(0, true).values().cumsum(0).square()),
      new Method("topk of rows", x -> x.topk(Math.min(2, x.dim(-1)), -1).values().cumsum(-1).square()),
      new Method("topk of columns, the smallest", x -> x.topk(Math.min(1, x.dim(0)), 0, false).values().square()));

  @TestFactory
  Stream<DynamicTest> gradientsEqualDifferences() {
    Stream<DynamicTest> matrices = Stream.concat(OVER_ALL_AXES.stream(), ALONG_AN_AXIS.stream()).flatMap(m -> Stream.of(
        check(m.name + " of a matrix", m.function, values(-2, 2, 3, 4)),
        check(m.name + " of one input used three times",
            x -> m.function.apply(Tensor.concat(1, x, x.sin(), x.cos())), values(0.3, 1.3, 2, 2)),
        check(m.name + " of a row broadcast against a column", x -> m.function.apply(x.add(x.transpose().sin())), values(-1, 1, 1, 3)),
        check(m.name + " of one row", m.function, values(-2, 2, 1, 3)),
        check(m.name + " of one element", m.function, values(0.5, 2, 1, 1)),
        check(m.name + " of no row", m.function, values(-2, 2, 0, 3)),
        check(m.name + " of empty rows", m.function, values(-2, 2, 3, 0))));
    Stream<DynamicTest> scalars = OVER_ALL_AXES.stream().map(m -> check(m.name + " of a scalar", m.function, scalar(1.5)));
    return Stream.concat(matrices, scalars);
  }

  private static DynamicTest check(String name, UnaryOperator<Tensor> function, HostArray x) {
    return dynamicTest(name, () -> {
      assertPassed(GradientCheck.of(in -> function.apply(in.getFirst()), List.of(x)));
      assertPassed(GradientCheck.ofGradient(in -> function.apply(in.getFirst()), List.of(x)));
    });
  }

  private static void assertPassed(GradientCheck.Report report) {
    assertTrue(report.passed(), () -> "error " + report.worstError() + " at " + report.where());
  }

  @Test
  @Tag("S17.8")
  void thirdDerivativesOfRunningProductsAreRightToo() {
    // x^3 / 1, x^2, x: the last running product of (x, x, x) has the derivatives 3 x^2, 6 x, 6.
    Tensor x = Tensor.of(scalar(0));
    Tensor cube = Tensor.stack(0, x, x, x).cumprod(0).select(0, 2);
    Tensor first = Gradients.of(cube, List.of(x)).getFirst();
    Tensor second = Gradients.of(first, List.of(x)).getFirst();
    Tensor third = Gradients.of(second, List.of(x)).getFirst();
    assertEquals(List.of(0.0, 0.0, 6.0), List.of(read(first)[0], read(second)[0], read(third)[0]));
  }

  @Test
  void runningProductsOfLongLinesWithZerosHaveTheGradientOfTheirDefinition() {
    var random = new SplittableRandom(5);
    for (int n : new int[] {1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33, 100}) {
      double[] x = random.doubles(n, -1.5, 1.5).toArray();
      double[] g = random.doubles(n, -1, 1).toArray();
      x[n / 2] = 0;
      x[n - 1 - n / 5] = 0;
      Tensor t = Tensor.of(vector(x));
      Tensor loss = t.cumprod(0).mul(Tensor.of(vector(g))).sum();
      assertArrayEquals(byDefinition(x, g), read(Gradients.of(loss, List.of(t)).getFirst()), 1e-12, "n = " + n);
    }
  }

  /** The gradient at k sums g_i times all of x_0 ... x_i but x_k. */
  private static double[] byDefinition(double[] x, double[] g) {
    double[] gradient = new double[x.length];
    for (int k = 0; k < x.length; k++) {
      for (int i = k; i < x.length; i++) {
        double product = 1;
        for (int j = 0; j <= i; j++) {
          product *= j == k ? 1 : x[j];
        }
        gradient[k] += g[i] * product;
      }
    }
    return gradient;
  }

  @Test
  void theGradientOfRunningProductsUsesNoDivisionAndFewOperations() {
    Tensor x = Tensor.of(values(-1, 1, 1000));
    Tensor g = Gradients.of(x.cumprod(0).sum(), List.of(x)).getFirst();
    List<Op> ops = Graphs.topological(List.of(g.node())).stream().map(n -> n.op()).toList();
    assertTrue(ops.stream().noneMatch(Op.Div.class::isInstance));
    assertTrue(ops.size() < 100, ops.size() + " operations for a line of 1000");
  }

  @Test
  void infinitiesInRunningProductsMeetNoZerosFromBeyondTheEnd() {
    assertArrayEquals(new double[] {INFINITY, INFINITY, 2}, gradient(x -> x.cumprod(0), 1, 2, INFINITY));
  }

  @Test
  @Tag("S17.22")
  void normIsFlatAtTheZeroVector() {
    assertArrayEquals(new double[] {0, 0, -0.0}, gradient(x -> x.norm(), 0, 0, -0.0));
    assertArrayEquals(new double[] {0, 0, 0.6, 0.8}, gradient(x -> x.reshape(2, 2).norm(1), 0, 0, 3, 4), 1e-15);
    assertArrayEquals(new double[] {0, 0}, secondGradient(x -> x.norm(), 0, 0));
    assertArrayEquals(new double[] {-1}, gradient(x -> x.norm(), -2));
  }

  @Test
  @Tag("S17.22")
  void stdIsFlatWhereAllAreEqual() {
    assertArrayEquals(new double[] {0, 0, 0}, gradient(x -> x.std(), 7, 7, 7));
    assertArrayEquals(new double[] {0, 0, -0.5, 0.5}, gradient(x -> x.reshape(2, 2).std(1), 7, 7, 1, 3));
    assertArrayEquals(new double[] {0, 0}, secondGradient(x -> x.std(), 7, 7));
    assertArrayEquals(new double[] {0}, gradient(x -> x.std(), 7));
  }

  @Test
  void whatIsNotANumberDoesNotLookLikeAGradientOfZero() {
    for (UnaryOperator<Tensor> f : List.<UnaryOperator<Tensor>>of(x -> x.norm(), x -> x.std(), x -> x.logsumexp())) {
      assertTrue(Arrays.stream(gradient(f, 1, Double.NaN)).allMatch(Double::isNaN));
    }
  }

  @Test
  @Tag("S17.23")
  void theGradientOfLogsumexpIsSoftmaxAndFiniteFarOut() {
    assertArrayEquals(new double[] {0.5, 0.5}, gradient(x -> x.logsumexp(), 1e6, 1e6));
    assertArrayEquals(new double[] {0, 1, 0}, gradient(x -> x.logsumexp(), -1000, 1000, -INFINITY));
    double[] at = {1.5, -0.25, 3, -2};
    double[] softmax = Arrays.stream(at).map(Math::exp).map(e -> e / Arrays.stream(at).map(Math::exp).sum()).toArray();
    assertArrayEquals(softmax, gradient(x -> x.logsumexp(), at), 1e-15);
  }

  @Test
  void theGradientOfLogsumexpKeepsItsAccuracyAtLargeLogitsInF32() {
    Tensor x = Tensor.of(new float[] {10_000, 10_000, 9_999});
    double e = Math.exp(-1);
    assertArrayEquals(new double[] {1 / (2 + e), 1 / (2 + e), e / (2 + e)},
        read(Gradients.of(x.logsumexp(), List.of(x)).getFirst()), 2e-7, "not exp(x - logsumexp), whose exponent is off by 1e-3");
  }

  @Test
  void gradientsOf16BitFloatsHaveTheirType() {
    for (DType dtype : List.of(DType.F16, DType.BF16)) {
      Tensor x = Tensor.of(HostArray.ofDoubles(TensorType.of(dtype, 4), 1, 2, 0.5, -1));
      for (UnaryOperator<Tensor> f : List.<UnaryOperator<Tensor>>of(
          t -> t.norm(), t -> t.std(), t -> t.logsumexp(),
          t -> t.cumsum(0).sum(), t -> t.cumprod(0).sum(), t -> t.topk(2, 0).values().sum())) {
        assertEquals(x.type(), Gradients.of(f.apply(x), List.of(x)).getFirst().type());
      }
      assertArrayEquals(new double[] {1 + 2 + 1 - 1, 1 + 0.5 - 0.5, 2 - 2, 1},
          read(Gradients.of(x.cumprod(0).sum(), List.of(x)).getFirst()));
    }
  }

  @Test
  void of16BitFloatsOnlyTheGradientOfARunningProductNeedsToFit() {
    // At the second element (1 + 300 + 300^2) / 1024: the sum is beyond f16, the gradient is not.
    Tensor x = Tensor.of(HostArray.ofDoubles(TensorType.of(DType.F16, 4), 0x1p-10, 1, 300, 300));
    assertEquals(90_301 * 0x1p-10, read(Gradients.of(x.cumprod(0).sum(), List.of(x)).getFirst())[1], 0.032);
  }

  private static double[] gradient(UnaryOperator<Tensor> function, double... at) {
    Tensor x = Tensor.of(vector(at));
    return read(Gradients.of(function.apply(x).sum(), List.of(x)).getFirst());
  }

  private static double[] secondGradient(UnaryOperator<Tensor> function, double... at) {
    return gradient(x -> Gradients.of(function.apply(x).sum(), List.of(x)).getFirst(), at);
  }

  private static double[] read(Tensor t) {
    return Interpreter.evaluate(List.of(t.node()), Engine::read).getFirst().toDoubleArray();
  }
}
