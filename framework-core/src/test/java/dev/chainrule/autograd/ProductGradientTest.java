package dev.chainrule.autograd;

import static dev.chainrule.autograd.GradientCases.values;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Interpreter;
import dev.chainrule.graph.Op;
import dev.chainrule.plan.Engine;
import dev.chainrule.tensor.ConvOptions;
import dev.chainrule.tensor.PoolOptions;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** First and second derivatives of the products that are composed of primitives, where compositions go wrong: odd, empty, broadcast. */
class ProductGradientTest {

  private final List<DynamicTest> checks = new ArrayList<>();

  private void check(String name, Function<List<Tensor>, Tensor> function, HostArray... point) {
    checks.add(dynamicTest(name, () -> assertPassed(GradientCheck.of(function, List.of(point)))));
    checks.add(dynamicTest(name + ", second order", () -> assertPassed(GradientCheck.ofGradient(function, List.of(point)))));
  }

  private static void assertPassed(GradientCheck.Report report) {
    assertTrue(report.passed(), () -> "error " + report.worstError() + " at " + report.where());
  }

  private static HostArray some(long... shape) {
    return values(-1, 1, shape);
  }

  @TestFactory
  Stream<DynamicTest> einsum() {
    for (String subscripts : List.of("ij,jk->ik", "ij,jk->ki", "ij,kj", "ij,ij->", "ij,ij->ji", "ij,kl->il")) {
      check(subscripts, in -> Tensor.einsum(subscripts, in.get(0), in.get(1)).square(), some(2, 2), some(2, 2));
    }
    check("a trace", in -> Tensor.einsum("ii", in.get(0)).square(), some(3, 3));
    check("a diagonal of three axes", in -> Tensor.einsum("iji->ji", in.get(0)).square(), some(2, 3, 2));
    check("one letter three times", in -> Tensor.einsum("iii->i", in.get(0)).square(), some(2, 2, 2));
    check("an empty diagonal", in -> Tensor.einsum("ii->i", in.get(0)), some(0, 0));
    check("three operands", in -> Tensor.einsum("ij,jk,k->i", in.toArray(Tensor[]::new)), some(2, 3), some(3, 2), some(2));
    check("one operand twice", in -> Tensor.einsum("ij,kj->ik", in.get(0), in.get(0)), some(2, 3));
    check("an ellipsis that broadcasts", in -> Tensor.einsum("...ij,...j->...i", in.get(0), in.get(1)).square(),
        some(2, 1, 2, 3), some(2, 3));
    check("a letter of size 1 beside a longer one", in -> Tensor.einsum("ij,jk->ik", in.get(0), in.get(1)).square(),
        some(2, 1), some(3, 2));
    check("nothing to sum", in -> Tensor.einsum("ij,jk->ik", in.get(0), in.get(1)), some(2, 0), some(0, 2));
    return checks.stream();
  }

  @TestFactory
  Stream<DynamicTest> matrixProducts() {
    long[][][] shapes = {
        {{2, 1, 3, 2}, {2, 2, 1}}, {{2, 3}, {2, 3, 1}}, {{2, 2, 3}, {3, 1}}, {{1, 2, 3}, {2, 3, 2}}, {{0, 2, 3}, {3, 2}},
        {{2, 0, 3}, {3, 2}}, {{2, 2, 0}, {2, 0, 3}}, {{3}, {3}}, {{3}, {3, 2}}, {{2, 3}, {3}}, {{3}, {2, 3, 2}}, {{2, 2, 3}, {3}},
        {{0}, {0}}, {{0}, {0, 2}}};
    for (long[][] pair : shapes) {
      check(Arrays.deepToString(pair), in -> in.get(0).matmul(in.get(1)).square(), some(pair[0]), some(pair[1]));
    }
    return checks.stream();
  }

  @TestFactory
  Stream<DynamicTest> convolutions() {
    ConvOptions options = ConvOptions.DEFAULT;
    conv1d("plain", options, some(2, 2, 5), some(3, 2, 2));
    conv1d("a stride that leaves a rest", options.withStride(3), some(1, 1, 6), some(2, 1, 2));
    conv1d("dilation and padding on one side", options.withDilation(2).withPadding(List.of(new Op.Edge(0, 3))),
        some(1, 2, 4), some(1, 2, 3));
    conv1d("padding beyond the kernel", options.withPadding(3), some(1, 1, 2), some(1, 1, 2));
    conv1d("same padding, even kernel", options.withSamePadding(), some(1, 1, 5), some(1, 1, 4));
    conv1d("same padding, stride", options.withSamePadding().withStride(2), some(1, 1, 5), some(1, 1, 3));
    conv1d("groups", options.withGroups(2), some(1, 4, 3), some(4, 2, 2));
    conv1d("depthwise, two filters a channel", options.withGroups(2), some(2, 2, 4), some(4, 1, 3));
    conv1d("no examples", options, some(0, 2, 3), some(2, 2, 2));
    conv1d("all of size one", options, some(1, 1, 1), some(1, 1, 1));
    conv1d("the kernel as long as the input", options, some(1, 1, 3), some(1, 1, 3));
    ConvOptions each = options.withPadding(1, 0).withStride(2, 1);
    check("conv2d with a bias", in -> in.get(0).conv2d(in.get(1), each).add(in.get(2).reshape(-1, 1, 1)).square(),
        some(1, 2, 3, 3), some(2, 2, 2, 3), some(2));
    check("conv3d", in -> in.get(0).conv3d(in.get(1), options.withStride(1, 2, 1)).square(), some(1, 1, 2, 3, 3), some(2, 1, 2, 1, 2));
    return checks.stream();
  }

  private void conv1d(String name, ConvOptions options, HostArray x, HostArray w) {
    check(name, in -> in.get(0).conv1d(in.get(1), options).square(), x, w);
  }

  @TestFactory
  Stream<DynamicTest> transposedConvolutions() {
    ConvOptions options = ConvOptions.DEFAULT;
    check("plain", in -> in.get(0).convTranspose1d(in.get(1), options).square(), some(2, 2, 2), some(2, 3, 2));
    check("stride, padding, output padding", in -> in.get(0).convTranspose1d(in.get(1), options.withStride(3).withPadding(1), 2).square(),
        some(1, 2, 3), some(2, 1, 3));
    check("dilation, groups", in -> in.get(0).convTranspose1d(in.get(1), options.withDilation(2).withGroups(2)).square(),
        some(1, 4, 2), some(4, 1, 2));
    check("no examples", in -> in.get(0).convTranspose1d(in.get(1), options), some(0, 2, 2), some(2, 1, 2));
    check("two axes", in -> in.get(0).convTranspose2d(in.get(1), options.withStride(2, 1), 1, 0).square(),
        some(1, 1, 2, 2), some(1, 2, 2, 2));
    check("three axes", in -> in.get(0).convTranspose3d(in.get(1), options).square(), some(1, 1, 1, 2, 2), some(1, 1, 2, 1, 2));
    return checks.stream();
  }

  @TestFactory
  Stream<DynamicTest> pools() {
    PoolOptions two = PoolOptions.of(2);
    PoolOptions overlapping = PoolOptions.of(3).withStride(2).withPadding(1);
    for (PoolOptions options : List.of(two, overlapping, overlapping.withCountPadding(false), PoolOptions.of(1).withStride(2))) {
      check("largest of " + options, in -> in.get(0).maxPool1d(options).square(), some(2, 5));
      check("average of " + options, in -> in.get(0).avgPool1d(options).square(), some(2, 5));
      check("largest of the plane, " + options, in -> in.get(0).maxPool2d(options).square(), some(1, 2, 3, 4));
      check("average of the plane, " + options, in -> in.get(0).avgPool2d(options).square(), some(1, 2, 3, 4));
      check("nothing, " + options, in -> in.get(0).maxPool1d(options).add(in.get(0).avgPool1d(options)), some(0, 3));
    }
    check("largest of space", in -> in.get(0).maxPool3d(two.withStride(1)).square(), some(1, 2, 3, 2));
    check("average of space", in -> in.get(0).avgPool3d(overlapping.withCountPadding(false)).square(), some(1, 2, 3, 2));
    check("one element", in -> in.get(0).maxPool1d(overlapping).square(), some(1));
    return checks.stream();
  }

  @Test
  void equalMaximaOfAWindowShareItsGradient() {
    Tensor x = Tensor.of(new double[] {1, 1, 0, 2, 2, 2}, 2, 3);
    Tensor gradient = Gradients.of(x.maxPool2d(PoolOptions.of(2, 3)).sum(), List.of(x)).getFirst();
    double third = 1.0 / 3;
    assertArrayEquals(new double[] {0, 0, 0, third, third, third}, read(gradient), 1e-16);
    Tensor overlapping = Gradients.of(x.select(0, 0).maxPool1d(PoolOptions.of(2).withStride(1)).sum(), List.of(x)).getFirst();
    // Windows (1 1) and (1 0).
    assertArrayEquals(new double[] {0.5, 1.5, 0, 0, 0, 0}, read(overlapping));
  }

  private static double[] read(Tensor x) {
    return Interpreter.evaluate(List.of(x.node()), Engine::read).getFirst().toDoubleArray();
  }
}
