package dev.chainrule.autograd;

import static dev.chainrule.autograd.GradientCases.values;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.chainrule.graph.HostArray;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
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
    check("an ellipsis that broadcasts", in -> Tensor.einsum("...ij,...j->...i", in.get(0), in.get(1)).square(), some(2, 1, 2, 3), some(2, 3));
    check("a letter of size 1 beside a longer one", in -> Tensor.einsum("ij,jk->ik", in.get(0), in.get(1)).square(), some(2, 1), some(3, 2));
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
}
