package dev.chainrule.autograd;

import static dev.chainrule.autograd.GradientCases.vector;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.DTypeMismatchException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Interpreter;
import dev.chainrule.graph.TensorType;
import dev.chainrule.plan.Engine;
import dev.chainrule.tensor.CompositeFunction;
import dev.chainrule.tensor.Loop;
import dev.chainrule.tensor.RandomStream;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class CustomFunctionTest {

  private static CompositeFunction cube(UnaryOperator<Tensor> slope) {
    return new CompositeFunction("cube", (in, _) -> List.of(in.getFirst().pow(3)),
        Optional.of((in, _, g, _) -> List.of(g.getFirst().map(arrived -> arrived.mul(slope.apply(in.getFirst()))))));
  }

  private static double[] read(Tensor t) {
    return Interpreter.evaluate(List.of(t.node()), Engine::read).getFirst().toDoubleArray();
  }

  @Test
  void theCheckPassesTheRightDerivative() {
    CompositeFunction right = cube(x -> x.square().mul(3));
    assertTrue(GradientCheck.of(in -> right.apply(in.getFirst()), List.of(vector(0.5, -2, 3))).passed());
    assertTrue(GradientCheck.ofGradient(in -> right.apply(in.getFirst()), List.of(vector(0.5, -2, 3))).passed());
  }

  @Test
  void theCheckFindsAWrongDerivativeAndNamesWhere() {
    CompositeFunction wrong = cube(x -> x.square().mul(2));
    GradientCheck.Report report = GradientCheck.of(in -> in.get(0).add(wrong.apply(in.get(1))), List.of(vector(1, 1), vector(0.01, 3)));
    assertFalse(report.passed());
    assertTrue(report.where().startsWith("input 1, element 1: gradient "), report.where());
    assertEquals(1 / 3.0, report.worstError(), 1e-6);
  }

  @Test
  void theCheckFindsADerivativeOfNaN() {
    GradientCheck.Report report = GradientCheck.of(in -> cube(x -> x.mul(0).div(0)).apply(in.getFirst()), List.of(vector(1)));
    assertFalse(report.passed());
  }

  @Test
  void theCheckFindsAWrongSecondDerivative() {
    // The first derivative is right in value, but does not depend on x.
    CompositeFunction frozen = cube(x -> x.stopGradient().square().mul(3));
    assertTrue(GradientCheck.of(in -> frozen.apply(in.getFirst()), List.of(vector(2))).passed());
    assertFalse(GradientCheck.ofGradient(in -> frozen.apply(in.getFirst()), List.of(vector(2))).passed());
  }

  @Test
  void theCheckWantsF64() {
    var f32 = HostArray.ofFloats(TensorType.of(DType.F32, 1), 1);
    assertThrows(DTypeMismatchException.class, () -> GradientCheck.of(in -> in.getFirst(), List.of(f32)));
  }

  /** A product of what is the same in all repetitions is worked out behind the loop, from its factors; an evaluated one has no inputs. */
  @Test
  void aDerivativeInALoopMayReadATransposedTensorThatHasBeenEvaluated() {
    Tensor w = Tensor.of(new double[] {1, 2, 3, 4}, 2, 2).transpose();
    w.node().evaluated(HostArray.ofDoubles(TensorType.of(DType.F64, 2, 2), 1, 3, 2, 4));
    var turned = new CompositeFunction("turned", (in, _) -> List.of(in.getFirst().mul(2)),
        Optional.of((_, _, g, _) -> List.of(g.getFirst().map(arrived -> arrived.matmul(w)))));
    Tensor x = Tensor.of(new double[] {1, 0, 2, 1}, 2, 2);
    Tensor ones = Tensor.of(new double[] {1, 1, 1, 1}, 2, 2);
    Tensor y = Loop.scan(3, List.of(ones), List.of(), (_, carries, _) ->
        new Loop.Results(List.of(carries.getFirst().mul(turned.apply(x))), List.of())).carries().getFirst();
    assertArrayEquals(new double[] {12, 36, 72, 192}, read(Gradients.of(y.sum(), List.of(x)).getFirst()));
  }

  @Test
  @Tag("S17.15")
  void itsOwnDerivativeReplacesThatOfItsBody() {
    Tensor x = Tensor.of(vector(2, 3));
    Tensor y = cube(_ -> Tensor.of(vector(10, 20))).apply(x);
    assertArrayEquals(new double[] {8, 27}, read(y), 1e-12);
    assertArrayEquals(new double[] {10, 20}, read(Gradients.of(y.sum(), List.of(x)).getFirst()));
  }

  @Test
  @Tag("S17.17")
  void anUnusedResultHasNoCotangent() {
    List<List<Optional<Tensor>>> seen = new ArrayList<>();
    CompositeFunction twice = new CompositeFunction("twice", (in, _) -> List.of(in.getFirst().exp(), in.getFirst().mul(2)),
        Optional.of((in, out, g, attributes) -> {
          assertEquals(2, out.size());
          assertEquals(Map.of("axis", 1), attributes);
          seen.add(g);
          return List.of(g.get(1).map(arrived -> arrived.mul(2)));
        }));
    Tensor x = Tensor.of(vector(1, 2));
    List<Tensor> results = twice.apply(Map.of("axis", 1), x);
    assertArrayEquals(new double[] {2, 2}, read(Gradients.of(results.get(1).sum(), List.of(x)).getFirst()));
    assertEquals(Optional.empty(), seen.getFirst().getFirst());
  }

  @Test
  @Tag("S17.17")
  void aDerivativeThatDoesNotFitIsNamed() {
    Tensor x = Tensor.of(vector(1, 2));
    var count = new CompositeFunction("count", (in, _) -> List.of(in.get(0).mul(in.get(1))), Optional.of((_, _, g, _) -> g));
    var e = assertThrows(InvalidArgumentException.class, () -> Gradients.of(count.apply(x, x.exp()).sum(), List.of(x)));
    assertTrue(e.getMessage().startsWith("[count] its derivative gives 1 cotangents for 2 inputs"), e.getMessage());

    var shape = new CompositeFunction("shape", (in, _) -> List.of(in.getFirst().mul(2)),
        Optional.of((_, _, g, _) -> List.of(g.getFirst().map(Tensor::sum))));
    e = assertThrows(InvalidArgumentException.class, () -> Gradients.of(shape.apply(x).sum(), List.of(x)));
    assertTrue(e.getMessage().startsWith("[shape] its derivative gives f64[] for input 0, which is f64[2]"), e.getMessage());
  }

  @Test
  @Tag("S11.2") @Tag("S11.9")
  void aBodyReadsNothingFromOutside() {
    Tensor x = Tensor.of(vector(1, 2));
    Variable w = Variable.of("w", vector(1, 2), true);
    RandomStream random = RandomStream.of(1);
    Tensor outer = Tensor.of(vector(3, 4));
    assertOutside(in -> in.mul(outer), x);
    assertOutside(in -> in.mul(outer.exp()), x);
    assertOutside(in -> in.mul(w.value()), x);
    Tensor held = w.value();
    assertOutside(in -> in.mul(held), x);
    assertOutside(in -> in.mul(random.uniform(in.shape()).cast(in.dtype())), x);
    assertOutside(in -> {
      w.assign(in);
      return in;
    }, x);
  }

  @Test
  @Tag("S11.9")
  void aBodyCannotReadItsOwnValues() {
    Tensor x = Tensor.of(vector(1, 2));
    assertOutside(in -> in.mul(in.sum().item()), x);
    assertOutside(in -> {
      in.exp().eval();
      return in;
    }, x);
  }

  private static void assertOutside(UnaryOperator<Tensor> body, Tensor x) {
    var f = new CompositeFunction("inner", (in, _) -> List.of(body.apply(in.getFirst())), Optional.empty());
    assertThrows(InvalidArgumentException.class, () -> f.apply(x));
  }

  @Test
  @Tag("S17.15")
  void numbersAndLiteralsInABodyAreItsOwn() {
    var f = new CompositeFunction("numbers", (in, _) -> List.of(
        in.getFirst().mul(3).add(Tensor.constant(vector(10, 20))).add(Tensor.scalar(DType.F64, 0.5))), Optional.empty());
    Tensor x = Tensor.of(vector(1, 2));
    assertArrayEquals(new double[] {13.5, 26.5}, read(f.apply(x)));
    assertArrayEquals(new double[] {3, 3}, read(Gradients.of(f.apply(x).sum(), Arrays.asList(x)).getFirst()));
  }

  @Test
  @Tag("S11.8")
  void aBodyIsTracedOnceForEachSetOfAttributesAndTypes() {
    List<Object> traced = new ArrayList<>();
    var f = new CompositeFunction("counted", (in, attributes) -> {
      traced.add(attributes);
      return List.of(in.getFirst().mul(2));
    }, Optional.empty());
    for (int i = 0; i < 3; i++) {
      f.apply(Map.of("k", 1), Tensor.of(vector(i, 2)));
    }
    assertEquals(1, traced.size());
    f.apply(Map.of("k", 2), Tensor.of(vector(1, 2)));
    f.apply(Map.of("k", 1), Tensor.of(vector(1, 2, 3)));
    f.apply(Map.of("k", 1), Tensor.of(new float[] {1, 2}));
    assertEquals(4, traced.size());
    f.apply(Map.of("k", 1), Tensor.of(vector(7, 8)));
    assertEquals(4, traced.size());
  }
}
