package dev.chainrule.autograd;

import static dev.chainrule.autograd.GradientCases.scalar;
import static dev.chainrule.autograd.GradientCases.vector;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.UnsupportedOpException;
import dev.chainrule.device.Devices;
import dev.chainrule.device.ReferenceDevice;
import dev.chainrule.graph.Axes;
import dev.chainrule.graph.Body;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Interpreter;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.TensorType;
import dev.chainrule.plan.Engine;
import dev.chainrule.tensor.CompositeFunction;
import dev.chainrule.tensor.Cond;
import dev.chainrule.tensor.Loop;
import dev.chainrule.tensor.RandomStream;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class GradientsTest {

  private static double[] read(Tensor t) {
    return Interpreter.evaluate(List.of(t.node()), Engine::read).getFirst().toDoubleArray();
  }

  private static Tensor gradient(Tensor loss, Tensor target) {
    return Gradients.of(loss, List.of(target)).getFirst();
  }

  @Test
  @Tag("S17.1")
  void aTargetWithoutInfluenceGetsZeros() {
    Tensor x = Tensor.of(vector(1, 2));
    Tensor other = Tensor.of(new float[] {1, 2, 3, 4}, 2, 2);
    List<Tensor> found = Gradients.of(x.square().sum(), List.of(other, x));
    assertEquals(other.type(), found.get(0).type());
    assertArrayEquals(new double[4], read(found.get(0)));
    assertArrayEquals(new double[] {2, 4}, read(found.get(1)));
  }

  @Test
  @Tag("S17.2")
  void influenceThroughPositionsAloneIsNone() {
    Tensor x = Tensor.of(vector(3, 1, 2));
    assertArrayEquals(new double[3], read(gradient(x.argmax(0).cast(DType.F64).sum(), x)));
    assertArrayEquals(new double[3], read(gradient(x.less(2).cast(DType.F64).sum(), x)));
    assertArrayEquals(new double[3], read(gradient(x.cast(DType.I32).cast(DType.F64).sum(), x)));
  }

  @Test
  void theLossItselfMayBeATarget() {
    Tensor x = Tensor.of(vector(3));
    Tensor loss = x.sum();
    assertArrayEquals(new double[] {1}, read(gradient(loss, loss)));
    assertArrayEquals(new double[] {1}, read(gradient(x, x)));
  }

  @Test
  @Tag("S12.13")
  void aTargetBehindAnotherGetsTheWholeDerivative() {
    Tensor x = Tensor.of(vector(2, 3));
    Tensor y = x.square();
    List<Tensor> found = Gradients.of(y.mul(x).sum(), List.of(x, y, x));
    assertArrayEquals(new double[] {12, 27}, read(found.get(0)));
    assertArrayEquals(new double[] {2, 3}, read(found.get(1)));
    assertArrayEquals(new double[] {12, 27}, read(found.get(2)), "a target asked for twice");
  }

  @Test
  void oneElementOfAnyRankMayBeTheLoss() {
    Tensor x = Tensor.of(vector(2));
    assertArrayEquals(new double[] {4}, read(gradient(x.square().reshape(1, 1), x)));
  }

  @Test
  @Tag("S17.18")
  void theLossMustBeOneFloatingElement() {
    Tensor x = Tensor.of(vector(1, 2));
    var many = assertThrows(ShapeMismatchException.class, () -> gradient(x, x));
    assertTrue(many.getMessage().startsWith("[gradients] the loss is f64[2], expected one floating element"), many.getMessage());
    assertTrue(many.getMessage().contains("mean()"), many.getMessage());
    assertThrows(ShapeMismatchException.class, () -> gradient(x.argmax(0), x));
    assertThrows(ShapeMismatchException.class, () -> gradient(Tensor.of(vector()), x));
  }

  @Test
  @Tag("S17.18")
  void targetsMustBeFloating() {
    Tensor x = Tensor.of(vector(1, 2));
    Tensor i = Tensor.of(new int[] {1, 2});
    var e = assertThrows(InvalidArgumentException.class, () -> Gradients.of(x.sum(), List.of(x, i)));
    assertTrue(e.getMessage().startsWith("[gradients] target i32[2] is not floating"), e.getMessage());
  }

  @Test
  @Tag("S16.6")
  void anEvaluatedNodeInBetweenIsAnErrorAndNotASilentZero() {
    Tensor x = Tensor.of(vector(1, 2));
    Tensor between = x.square();
    Tensor loss = between.sum();
    between.node().evaluated(vector(1, 4));
    var e = assertThrows(InvalidArgumentException.class, () -> gradient(loss, x));
    assertTrue(e.getMessage().startsWith("[gradients] mul f64[2] was evaluated after a target was made"), e.getMessage());
    assertTrue(e.getMessage().contains("stopGradient()"), e.getMessage());
  }

  @Test
  void whatWasEvaluatedBeforeTheTargetIsAConstant() {
    Tensor data = Tensor.of(vector(1, 2)).square();
    data.node().evaluated(vector(1, 4));
    Tensor x = Tensor.of(vector(3, 5));
    assertArrayEquals(new double[] {1, 4}, read(gradient(data.mul(x).sum(), x)));
  }

  @Test
  void dataEvaluatedAfterAVariableWasReadIsAConstant() {
    Variable w = Variable.of("w", vector(3, 5), true);
    Tensor value = w.value();
    Tensor data = Tensor.of(vector(1, 2)).square();
    data.node().evaluated(vector(1, 4));
    assertArrayEquals(new double[] {1, 4}, read(gradient(value.mul(data).sum(), value)));
  }

  @Test
  void whatWasComputedFromAVariableAndEvaluatedIsRefusedUnlessGradientsStopThere() {
    Variable w = Variable.of("w", vector(3, 5), true);
    Tensor between = w.value().square();
    between.node().evaluated(vector(9, 25));
    assertThrows(InvalidArgumentException.class, () -> gradient(between.mul(w.value()).sum(), w.value()));
    assertArrayEquals(new double[] {9, 25}, read(gradient(between.stopGradient().mul(w.value()).sum(), w.value())));
  }

  @Test
  void aNodeEvaluatedDuringTheWalkBackKeepsItsPlaceInIt() {
    Tensor x = Tensor.of(vector(3, 5));
    Tensor doubled = x.mul(2L);
    var custom = new CompositeFunction("readsItsInput", (in, _) -> List.of(in.getFirst()), Optional.of((_, _, g, _) -> {
      doubled.node().evaluated(vector(6, 10));
      return g;
    }));
    assertArrayEquals(new double[] {2, 2}, read(gradient(custom.apply(doubled).sum(), x)));
  }

  @Test
  void anEvaluatedTargetKeepsItsGradient() {
    Tensor x = Tensor.of(vector(3, 5)).mul(1L);
    x.node().evaluated(vector(3, 5));
    assertArrayEquals(new double[] {6, 10}, read(gradient(x.square().sum(), x)));
  }

  @Test
  void aVariableIsATarget() {
    Variable w = Variable.of("w", vector(3, 5), true);
    assertArrayEquals(new double[] {6, 10}, read(gradient(w.value().square().sum(), w.value())));
  }

  @Test
  @Tag("S17.1") @Tag("S17.2")
  void castsPassTheGradientOn() {
    Tensor x = Tensor.of(vector(1.1, 2.2));
    Tensor g = gradient(x.cast(DType.F32).mul(Tensor.of(new float[] {3, 4})).sum().cast(DType.F16), x);
    assertEquals(DType.F64, g.dtype());
    assertArrayEquals(new double[] {3, 4}, read(g));
  }

  @Test
  @Tag("S17.18")
  void thirdDerivativesAreGradientsOfGradientsOfGradients() {
    Tensor x = Tensor.of(vector(0.3, -1.2, 2));
    Tensor third = gradient(gradient(gradient(x.sin().sum(), x).sum(), x).sum(), x);
    assertArrayEquals(new double[] {-Math.cos(0.3), -Math.cos(-1.2), -Math.cos(2)}, read(third), 1e-15);
  }

  @Test
  void nodesThatTheTargetDoesNotNeedGetNoGradient() {
    Tensor x = Tensor.of(vector(1, 2));
    Tensor heavy = Tensor.of(vector(1, 2, 3, 4)).reshape(2, 2);
    Tensor constant = heavy;
    for (int i = 0; i < 50; i++) {
      constant = constant.matmul(heavy);
    }
    Tensor g = gradient(constant.sum().mul(x).sum(), x);
    long products = Graphs.topological(List.of(g.node())).stream().filter(n -> n.op() instanceof Op.Dot).count();
    assertEquals(50, products, "only the forward ones");
  }

  @Test
  void aChainOf100000OperationsOverflowsNoStack() {
    Tensor x = Tensor.of(vector(1));
    Tensor y = x;
    for (int i = 0; i < 100_000; i++) {
      y = i % 2 == 0 ? y.neg() : y.add(x);
    }
    assertArrayEquals(new double[] {expectedOfAlternation(100_000)}, read(gradient(y.sum(), x)));
  }

  private static double expectedOfAlternation(int n) {
    double derivative = 1;
    for (int i = 0; i < n; i++) {
      derivative = i % 2 == 0 ? -derivative : derivative + 1;
    }
    return derivative;
  }

  @Test
  void aCompositeLateInALongGraphDoesNotWalkBackAllOfIt() {
    Tensor x = Tensor.of(vector(0.5));
    Tensor y = x;
    for (int i = 0; i < 4_000; i++) {
      y = y.gelu();
    }
    Tensor loss = y.sum();
    long start = System.nanoTime();
    assertEquals(x.type(), gradient(loss, x).type());
    double seconds = (System.nanoTime() - start) * 1e-9;
    // Quadratic, it takes minutes.
    assertTrue(seconds < 10, seconds + " s");
  }

  @Test
  @Tag("S17.16")
  void aLoopOfUnknownLengthHasNoDerivative() {
    Node x = Ops.input(vector(1, 2));
    Node a = Ops.parameter(0, x.type());
    Node b = Ops.parameter(0, x.type());
    Node small = Ops.node(new Op.Less(), Ops.node(new Op.Reduce(Op.Fold.SUM, Axes.of(0)), a), Ops.node(new Op.Const(scalar(100))));
    var condition = new Body(List.of(a), List.of(small));
    assertNoDerivative("while", Ops.node(new Op.While(1, condition, new Body(List.of(b), List.of(Ops.node(new Op.Exp(), b)))), x), x);
  }

  @Test
  void aLoopThatPassesNothingOnGivesZeros() {
    Tensor x = Tensor.of(vector(0.5, 0.25));
    Loop.Results results = Loop.scan(2, List.of(), List.of(x),
        (_, _, slices) -> new Loop.Results(List.of(), List.of(slices.getFirst().floor())));
    assertArrayEquals(new double[2], read(gradient(results.outputs().getFirst().sum(), x)));
  }

  /** The gradient's graph, bodies included, has the same size for any length, whether what it reads is kept or computed again. */
  @Test
  @Tag("S17.19")
  void theGradientOfALoopDoesNotGrowWithItsLength() {
    assertEquals(gradientNodes(2, Loop::scan), gradientNodes(2_000, Loop::scan));
    assertEquals(gradientNodes(2, Loop::scanInChunks), gradientNodes(2_000, Loop::scanInChunks));
  }

  private interface Scan {
    Loop.Results of(long length, List<Tensor> carries, List<Tensor> slices, Loop.Turn turn);
  }

  private static int gradientNodes(int length, Scan scan) {
    Tensor w = Tensor.of(vector(0.5, 0.25));
    Tensor xs = Tensor.zeros(TensorType.of(DType.F64, length, 2));
    Loop.Results results = scan.of(length, List.of(w), List.of(xs), (_, carries, slices) -> {
      Tensor next = carries.getFirst().mul(w).add(slices.getFirst()).tanh();
      return new Loop.Results(List.of(next), List.of(next));
    });
    Tensor loss = results.carries().getFirst().sum().add(results.outputs().getFirst().square().sum());
    return allNodes(List.of(loss.node(), gradient(loss, w).node()));
  }

  private static int allNodes(List<Node> roots) {
    List<Node> nodes = Graphs.topological(roots);
    return nodes.size() + nodes.stream().flatMap(n -> n.op().bodies().stream()).mapToInt(b -> allNodes(b.results())).sum();
  }

  private static void assertNoDerivative(String label, Node node, Node target) {
    Tensor loss = Tensor.of(Ops.node(new Op.Reduce(Op.Fold.SUM, Axes.of(0)), node));
    var e = assertThrows(UnsupportedOpException.class, () -> gradient(loss, Tensor.of(target)));
    assertTrue(e.getMessage().startsWith("[" + label + "] has no derivative: f64[2]"), e.getMessage());
    // Behind stopGradient it is no obstacle.
    Tensor stopped = Tensor.of(node).stopGradient().mul(Tensor.of(target)).sum();
    gradient(stopped, Tensor.of(target));
  }

  @Test
  @Tag("S17.2")
  void noGradientPassesBitsAndRandomBits() {
    Tensor x = Tensor.of(vector(1, 2));
    assertArrayEquals(new double[2], read(gradient(x.bitcast(DType.I64).bitcast(DType.F64).sum(), x)));
    Tensor drawn = RandomStream.of(1).uniform(x.shape()).cast(DType.F64);
    assertArrayEquals(read(drawn), read(gradient(x.mul(drawn).sum(), x)));
  }

  @Test
  @Tag("S17.1")
  void gradientsHaveTheTypesOfTheirTargets() {
    for (DType dtype : List.of(DType.F16, DType.BF16, DType.F32, DType.F64)) {
      Tensor x = Tensor.of(vector(1, 2)).cast(dtype);
      Tensor unused = Tensor.of(vector(1)).cast(dtype);
      List<Tensor> found = Gradients.of(x.square().sum(), List.of(x, unused));
      assertEquals(List.of(x.type(), unused.type()), found.stream().map(Tensor::type).toList());
      assertArrayEquals(new double[] {2, 4}, read(found.get(0)));
      assertArrayEquals(new double[] {0}, read(found.get(1)));
    }
  }

  /** Zeros for the carry that the loss does not read would make 0 times infinity of the root's slope at 0. */
  @Test
  @Tag("S17.19")
  void carriesThatTheLossDoesNotReadHaveNoPartInItsGradient() {
    Tensor x = Tensor.of(vector(0, 2));
    Tensor loss = Loop.scan(3, List.of(x, x), List.of(), (_, c, _) ->
        new Loop.Results(List.of(c.get(0).mul(0.5), c.get(0).sqrt().add(c.get(1))), List.of())).carries().getFirst().sum();
    assertArrayEquals(new double[] {0.125, 0.125}, read(gradient(loss, x)));
  }

  /** A derivative of the user's own may read tensors and variables from around it, in a loop as anywhere else. */
  @Test
  @Tag("S17.19")
  void derivativesInALoopMayReadWhatIsAround() {
    Tensor factor = Tensor.of(vector(3)).mul(2);
    Variable scale = Variable.of("scale", vector(5), true);
    var function = new CompositeFunction("outer", (in, _) -> List.of(in.getFirst().square()),
        Optional.of((_, _, g, _) -> List.of(g.getFirst().map(arrived -> arrived.mul(factor).mul(scale.value())))));
    Tensor x = Tensor.of(vector(1));
    Tensor loss = Loop.scan(2, List.of(x), List.of(), (_, c, _) -> new Loop.Results(List.of(function.apply(c.getFirst())), List.of()))
        .carries().getFirst().sum();
    assertArrayEquals(new double[] {30 * 30}, read(gradient(loss, x)));
    Tensor chosen = Cond.of(x.sum().greater(0), () -> List.of(function.apply(x)), () -> List.of(x)).getFirst().sum();
    assertArrayEquals(new double[] {30}, read(gradient(chosen, x)));
  }

  @Test
  @Tag("S16.6")
  void whatHasNothingToDoWithATargetMayBeEvaluated() {
    Devices.with(ReferenceDevice.create(), () -> {
      Tensor x = Tensor.of(vector(1, 2));
      Tensor w = Tensor.of(vector(3, 4)).mul(2).eval();
      Tensor between = Tensor.of(vector(5, 6)).mul(w).add(Tensor.arange(DType.F64, 2)).eval();
      assertArrayEquals(new double[] {36, 57}, read(gradient(x.mul(w).add(between.mul(x)).sum(), x)));
      Tensor own = x.mul(w).eval();
      assertThrows(InvalidArgumentException.class, () -> gradient(own.sum(), x));
      Tensor both = w.add(x).mul(between).eval();
      return assertThrows(InvalidArgumentException.class, () -> gradient(both.mul(x).sum(), x));
    });
  }
}
