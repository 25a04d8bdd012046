package dev.chainrule.graph;

import static dev.chainrule.graph.Reference.array;
import static dev.chainrule.graph.Reference.assertSame;
import static dev.chainrule.graph.Reference.bool;
import static dev.chainrule.graph.Reference.dims;
import static dev.chainrule.graph.Reference.evaluate;
import static dev.chainrule.graph.Reference.f32;
import static dev.chainrule.graph.Reference.i32;
import static dev.chainrule.graph.Reference.node;
import static dev.chainrule.graph.Reference.result;
import static dev.chainrule.graph.Reference.scalar;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.IndexRangeException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class InterpreterTest {

  private static final TensorType F32 = TensorType.scalar(DType.F32);

  @Test
  void aGraphDeeperThanAnyStackEvaluates() {
    Node one = Ops.input(scalar(DType.I32, 1));
    Node sum = one;
    for (int i = 0; i < 200_000; i++) {
      sum = Ops.node(new Op.Add(), sum, one);
    }
    assertSame(scalar(DType.I32, 200_001), evaluate(sum).getFirst());
  }

  @Test
  void aSharedNodeIsEvaluatedOnceHoweverManyPathsLeadToIt() {
    Node x = Ops.input(scalar(DType.F64, 1));
    for (int i = 0; i < 60; i++) {
      x = Ops.node(new Op.Add(), x, x); // 2^60 paths
    }
    List<Node> seen = new ArrayList<>();
    List<HostArray> results = Interpreter.evaluate(List.of(x), value -> f32(), (node, _) -> seen.add(node));
    assertSame(scalar(DType.F64, 0x1p60), results.getFirst());
    assertEquals(61, seen.size());
  }

  @Test
  void outputsMayRepeatAndMayBeInputsOfOneAnother() {
    Node x = Ops.input(f32(1));
    Node y = Ops.node(new Op.Neg(), x);
    Node z = Ops.node(new Op.Neg(), y);
    assertEquals(List.of(f32(1), f32(-1), f32(1), f32(-1)), evaluate(z, y, x, y));
    assertEquals(List.of(), evaluate());
  }

  @Test
  void leavesAreReadThroughTheFunction() {
    record Stored(TensorType type, double number) implements Value {}
    Node sum = Ops.node(new Op.Sub(), Ops.input(new Stored(F32, 5)), Ops.state(new Stored(F32, 2)));
    assertSame(scalar(DType.F32, 3),
        Interpreter.evaluate(List.of(sum), value -> scalar(DType.F32, ((Stored) value).number())).getFirst());
    assertThrows(IllegalStateException.class, () -> Interpreter.evaluate(List.of(sum), value -> i32(1)));
  }

  @Test
  void anEvaluatedNodeIsALeaf() {
    Node x = node(new Op.Neg(), f32(1));
    Node y = Ops.node(new Op.Neg(), x);
    x.evaluated(f32(100));
    assertSame(f32(-100), evaluate(y).getFirst());
  }

  @Test
  void theObserverSeesInputsBeforeUsersAndFindsTheFirstNaN() {
    Node x = Ops.input(f32(0));
    Node log = Ops.node(new Op.Log(), x);
    Node product = Ops.node(new Op.Mul(), log, x);
    Node sum = Ops.node(new Op.Add(), product, x);
    List<String> seen = new ArrayList<>();
    Interpreter.evaluate(List.of(sum), value -> f32(), (node, result) -> seen.add(node.op().label() + " " + result.doubleAt(0)));
    assertEquals(List.of("input 0.0", "log -Infinity", "mul NaN", "add NaN"), seen);
  }

  @Test
  void theObserverSeesInsideBodies() {
    Node loop = node(new Op.Loop(2, 1, 0, doubling()), scalar(DType.F32, 3));
    List<String> seen = new ArrayList<>();
    Interpreter.evaluate(List.of(loop), value -> f32(), (node, result) -> seen.add(node.op().label() + " " + result.doubleAt(0)));
    assertEquals(List.of("input 3.0", "add 6.0", "add 12.0", "loop 12.0"), seen);
  }

  @Test
  void errorsSayWhereTheNodeWasMade() {
    Node gather = new At("embedding/table").make(() -> Ops.node(new Op.Gather(0), Ops.input(f32(1)), Ops.input(i32(1))));
    var e = assertThrows(IndexRangeException.class, () -> evaluate(gather));
    assertTrue(e.getMessage().contains("which has 1 places in embedding/table at InterpreterTest."), e.getMessage());
  }

  private static final class At extends Scope {
    private final String path;

    At(String path) {
      super(true);
      this.path = path;
    }

    Node make(Supplier<Node> body) {
      return enter(() -> at(path, body));
    }
  }

  // --- bodies ------------------------------------------------------------------------------------------------------------------------

  /** carry' = 2 carry. */
  private static Body doubling() {
    Node iteration = Ops.parameter(0, TensorType.scalar(DType.I64));
    Node carry = Ops.parameter(1, F32);
    return new Body(List.of(iteration, carry), List.of(Ops.node(new Op.Add(), carry, carry)));
  }

  @Test
  @Tag("S11.4")
  void aLoopOfNoIterationsKeepsItsCarriesAndStacksNothing() {
    assertSame(scalar(DType.F32, 3), result(0, new Op.Loop(0, 1, 0, doubling()), scalar(DType.F32, 3)));
    Node iteration = Ops.parameter(0, TensorType.scalar(DType.I64));
    Node slice = Ops.parameter(1, TensorType.of(DType.F32, 2));
    var same = new Body(List.of(iteration, slice), List.of(slice));
    assertSame(array(DType.F32, dims(0, 2)), result(0, new Op.Loop(0, 0, 1, same), array(DType.F32, dims(0, 2))));
    HostArray x = array(DType.F32, dims(3, 2), 1, 2, 3, 4, 5, 6);
    assertSame(x, result(0, new Op.Loop(3, 0, 1, same), x));
  }

  /** Two carries that each become what the other was: Fibonacci's numbers. */
  @Test
  @Tag("S11.3")
  void carriesAreReplacedAllAtOnce() {
    Node iteration = Ops.parameter(0, TensorType.scalar(DType.I64));
    Node a = Ops.parameter(1, TensorType.scalar(DType.I32));
    Node b = Ops.parameter(2, TensorType.scalar(DType.I32));
    var body = new Body(List.of(iteration, a, b), List.of(b, Ops.node(new Op.Add(), a, b), a));
    var loop = new Op.Loop(10, 2, 0, body);
    assertSame(scalar(DType.I32, 55), result(0, loop, scalar(DType.I32, 0), scalar(DType.I32, 1)));
    assertSame(scalar(DType.I32, 89), result(1, loop, scalar(DType.I32, 0), scalar(DType.I32, 1)));
    assertSame(i32(0, 1, 1, 2, 3, 5, 8, 13, 21, 34), result(2, loop, scalar(DType.I32, 0), scalar(DType.I32, 1)));
  }

  @Test
  void aLoopMayLieInALoop() {
    Node iteration = Ops.parameter(0, TensorType.scalar(DType.I64));
    Node carry = Ops.parameter(1, F32);
    Node inner = Ops.node(new Op.Loop(3, 1, 0, doubling()), carry);
    var outer = new Body(List.of(iteration, carry), List.of(Ops.node(new Op.Result(0), inner)));
    assertSame(scalar(DType.F32, 64), result(0, new Op.Loop(2, 1, 0, outer), scalar(DType.F32, 1)));
  }

  @Test
  @Tag("S11.5")
  void condRunsOneBranchOnly() {
    TensorType vector = TensorType.of(DType.F32, 1);
    TensorType index = TensorType.of(DType.I32, 1);
    Node x = Ops.parameter(0, vector);
    Node i = Ops.parameter(1, index);
    var reads = new Body(List.of(x, i), List.of(Ops.node(new Op.Gather(0), x, i)));
    Node x2 = Ops.parameter(0, vector);
    Node i2 = Ops.parameter(1, index);
    var keeps = new Body(List.of(x2, i2), List.of(x2));
    var cond = new Op.Cond(reads, keeps);
    assertSame(f32(7), result(0, cond, scalar(DType.BOOL, 0), f32(7), i32(99)));
    assertThrows(IndexRangeException.class, () -> result(0, cond, scalar(DType.BOOL, 1), f32(7), i32(99)));
  }

  @Test
  void aCompositeWithSeveralResultsIsItsBody() {
    Node x = Ops.parameter(0, TensorType.of(DType.F32, 2));
    Node sorted = Ops.node(new Op.Sort(0, false), x);
    var body = new Body(List.of(x), List.of(Ops.node(new Op.Result(1), sorted), Ops.node(new Op.Equal(), x, x)));
    var composite = new Op.Composite("order", Map.of(), body, Optional.empty());
    assertSame(i32(1, 0), result(0, composite, f32(2, 1)));
    assertSame(bool(1, 1), result(1, composite, f32(2, 1)));
    List<Node> inlined = body.inline(List.of(Ops.input(f32(2, 1))), Origin.NONE);
    assertEquals(List.of(i32(1, 0), bool(1, 1)), evaluate(inlined.toArray(Node[]::new)));
  }

  @Test
  @Tag("S6.6")
  void aParameterOutsideItsBodyIsAnError() {
    assertThrows(IllegalStateException.class, () -> evaluate(Ops.node(new Op.Neg(), Ops.parameter(0, F32))));
  }
}
