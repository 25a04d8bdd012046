package dev.chainrule.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Interpreter;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Cond;
import dev.chainrule.tensor.Loop;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What is taken out of a graph, with the bits that it had; and what looks as if it could be, but changes some. */
class SimplificationTest {

  private static final List<DType> FLOATS = Arrays.stream(DType.values()).filter(DType::isFloating).toList();
  private static final List<DType> INTEGERS = Arrays.stream(DType.values()).filter(DType::isInteger).toList();
  private static final List<DType> NUMBERS = Arrays.stream(DType.values()).filter(d -> d != DType.BOOL).toList();
  private static final List<DType> BITS = Arrays.stream(DType.values()).filter(d -> !d.isFloating()).toList();
  private static final List<DType> ALL = List.of(DType.values());

  /** Twelve numbers: zeros, ends of the range, NaN with a payload, numbers that narrower types round. */
  private static HostArray tricky(DType dtype) {
    TensorType type = TensorType.of(dtype, 12);
    return switch (dtype) {
      case F32, F64, F16, BF16 -> HostArray.ofDoubles(type, 0, -0.0, 1, -1.5, 1 / 3.0, Double.NaN, Double.POSITIVE_INFINITY,
          Double.NEGATIVE_INFINITY, 0x1p-149, -0x1p-24, 65504, 1e30);
      case I32 -> HostArray.ofLongs(type, 0, 1, -1, 2, 255, 256, 65537, 16777217, Integer.MAX_VALUE, Integer.MIN_VALUE, -300, 77);
      case I64 -> HostArray.ofLongs(type, 0, 1, -1, 2, 256, 1L << 32, (1L << 53) + 1, (1L << 62) + (1L << 54) + 1, Long.MAX_VALUE,
          Long.MIN_VALUE, -300, 77);
      case U8 -> HostArray.ofLongs(type, 0, 1, 2, 3, 127, 128, 129, 200, 254, 255, 5, 6);
      case BOOL -> HostArray.ofLongs(type, 0, 1, 1, 0, 0, 0, 1, 1, 1, 0, 1, 0);
    };
  }

  private static Node data(DType dtype) {
    return Ops.input(tricky(dtype));
  }

  /** The same numbers under a shape. */
  private static Node data(DType dtype, long... shape) {
    return Ops.input(HostArray.copyOf(TensorType.of(dtype, shape), tricky(dtype).segment()));
  }

  private static Node literal(DType dtype, double value, long... shape) {
    TensorType type = TensorType.of(dtype, shape);
    return Ops.node(new Op.Const(dtype.isFloating()
        ? HostArray.generated(type, () -> value)
        : HostArray.ofLongs(type, IntStream.range(0, (int) type.elements()).mapToLong(_ -> (long) value).toArray())));
  }

  /** One number, repeated. */
  private static Node repeated(DType dtype, double value) {
    return Ops.node(new Op.Expand(Shape.of(12)), literal(dtype, value));
  }

  private static Node node(Op op, Node... inputs) {
    return Ops.node(op, inputs);
  }

  private static long operations(List<Node> roots) {
    return Graphs.topological(roots).stream().filter(n -> !n.isLeaf()).count();
  }

  private static List<HostArray> values(List<Node> roots) {
    return Interpreter.evaluate(roots, value -> {
      throw new AssertionError(value.toString());
    });
  }

  /** Bits, but any NaN for a NaN. */
  private static void assertSameBits(HostArray expected, HostArray actual, Object what) {
    assertEquals(expected.type(), actual.type());
    for (int i = 0; i < expected.elements(); i++) {
      if (expected.type().dtype().isFloating()) {
        assertEquals(expected.doubleAt(i), actual.doubleAt(i), what + " at " + i);
      } else {
        assertEquals(expected.longAt(i), actual.longAt(i), what + " at " + i);
      }
    }
  }

  /** Simplified to so many operations, fewer than there were, and to the same bits. */
  private static Node assertSimplified(int operations, Node root) {
    assertTrue(operations < operations(List.of(root)), "nothing to take out of " + root);
    return assertOperations(operations, root);
  }

  private static void assertLeft(Node root) {
    assertOperations((int) operations(List.of(root)), root);
  }

  private static Node assertOperations(int operations, Node root) {
    List<Node> simplified = Simplification.of(List.of(root));
    assertSameBits(values(List.of(root)).getFirst(), values(simplified).getFirst(), root + " as " + simplified);
    assertEquals(operations, operations(simplified), root + " is " + Graphs.topological(simplified));
    return simplified.getFirst();
  }

  /** Nothing is left but the data. */
  private static void assertNothing(List<DType> dtypes, Function<Node, Node> function) {
    for (DType dtype : dtypes) {
      Node x = data(dtype);
      assertSame(x, assertSimplified(0, function.apply(x)));
    }
  }

  @Test
  @Tag("S16.14")
  void whatUndoesItselfIsNothing() {
    assertNothing(NUMBERS, x -> node(new Op.Neg(), node(new Op.Neg(), x)));
    assertNothing(BITS, x -> node(new Op.Not(), node(new Op.Not(), x)));
    assertNothing(ALL, x -> node(new Op.Cast(x.type().dtype()), x));
    assertNothing(NUMBERS, x -> node(new Op.Bitcast(x.type().dtype()), x));
    assertNothing(List.of(DType.F32), x -> node(new Op.Bitcast(DType.F32), node(new Op.Bitcast(DType.I32), x)));
    assertNothing(List.of(DType.F16), x -> node(new Op.Bitcast(DType.F16), node(new Op.Bitcast(DType.BF16), x)));
    assertNothing(BITS, x -> node(new Op.And(), x, x));
    assertNothing(BITS, x -> node(new Op.Or(), x, x));
    assertNothing(List.of(DType.U8), x -> node(new Op.Abs(), x));
  }

  @Test
  void whatIsDoneAlreadyIsNotDoneAgain() {
    for (DType dtype : NUMBERS) {
      assertSimplified(dtype == DType.U8 ? 0 : 1, node(new Op.Abs(), node(new Op.Abs(), data(dtype))));
      assertSimplified(1, node(new Op.Abs(), node(new Op.Neg(), data(dtype))));
      assertSimplified(1, node(new Op.Sign(), node(new Op.Sign(), data(dtype))));
    }
    for (DType dtype : FLOATS) {
      for (Op op : List.of(new Op.Floor(), new Op.Ceil(), new Op.Round())) {
        assertSimplified(1, node(op, node(op, data(dtype))));
      }
    }
  }

  /** On u8, neg wraps: 1 becomes 255, whose size is 255. */
  @Test
  void theSizeOfAWrappedNegativeIsNotThatOfTheNumber() {
    Node left = assertOperations(1, node(new Op.Abs(), node(new Op.Neg(), data(DType.U8))));
    assertEquals(new Op.Neg(), left.op());
  }

  @Test
  @Tag("S16.14")
  void literalsThatChangeNothingAreNotComputedWith() {
    for (DType dtype : NUMBERS) {
      for (Node one : List.of(literal(dtype, 1, 12), repeated(dtype, 1))) {
        assertNothing(List.of(dtype), x -> node(new Op.Mul(), x, one));
        assertNothing(List.of(dtype), x -> node(new Op.Mul(), one, x));
        assertNothing(List.of(dtype), x -> node(dtype.isFloating() ? new Op.Div() : new Op.IDiv(), x, one));
      }
      assertNothing(List.of(dtype), x -> node(new Op.Sub(), x, repeated(dtype, 0)));
    }
    assertNothing(FLOATS, x -> node(new Op.Add(), x, repeated(x.type().dtype(), -0.0)));
    assertNothing(FLOATS, x -> node(new Op.Add(), repeated(x.type().dtype(), -0.0), x));
    assertNothing(INTEGERS, x -> node(new Op.Add(), x, repeated(x.type().dtype(), 0)));
    for (Op shift : List.of(new Op.ShiftLeft(), new Op.ShiftRight(), new Op.ShiftRightLogical())) {
      assertNothing(INTEGERS, x -> node(shift, x, repeated(x.type().dtype(), 0)));
    }
  }

  /** -0 + 0 is 0, 0 - x is 0 where -x is -0, and 1 / x is no x. */
  @Test
  @Tag("S16.14")
  void literalsThatChangeABitAreComputedWith() {
    for (DType dtype : FLOATS) {
      Node x = data(dtype);
      assertLeft(node(new Op.Add(), x, repeated(dtype, 0)));
      assertLeft(node(new Op.Add(), repeated(dtype, 0), x));
      assertLeft(node(new Op.Sub(), x, repeated(dtype, -0.0)));
      assertLeft(node(new Op.Sub(), repeated(dtype, 0), x));
      assertLeft(node(new Op.Mul(), x, repeated(dtype, 0)));
      assertLeft(node(new Op.Mul(), x, repeated(dtype, -1)));
      assertLeft(node(new Op.Div(), repeated(dtype, 1), x));
    }
    assertLeft(node(new Op.Sub(), repeated(DType.I32, 0), data(DType.I32)));
    assertLeft(node(new Op.ShiftLeft(), repeated(DType.I32, 0), data(DType.I32)));
  }

  @Test
  void aLiteralOfDifferentNumbersIsNone() {
    Node mixed = Ops.node(new Op.Const(HostArray.ofDoubles(TensorType.of(DType.F32, 12), 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2)));
    assertLeft(node(new Op.Mul(), data(DType.F32), mixed));
    Node zeros = Ops.node(new Op.Const(HostArray.ofDoubles(TensorType.of(DType.F32, 12), 0, 0, 0, 0, 0, 0, -0.0, 0, 0, 0, 0, 0)));
    assertLeft(node(new Op.Sub(), data(DType.F32), zeros));
    Node none = literal(DType.F32, 1, 0);
    assertLeft(node(new Op.Mul(), Ops.input(HostArray.zeros(TensorType.of(DType.F32, 0))), none));
  }

  /** Both may be another number at the plan's next run. */
  @Test
  @Tag("S3.5")
  void numbersAndDataAreNotLookedAt() {
    Node x = data(DType.F32);
    assertLeft(node(new Op.Mul(), x, node(new Op.Expand(Shape.of(12)), Ops.scalar(DType.F32, 1.0))));
    assertLeft(node(new Op.Mul(), x, Ops.input(HostArray.generated(TensorType.of(DType.F32, 12), () -> 1))));
    Node evaluated = literal(DType.F32, 1, 12);
    evaluated.evaluated(HostArray.generated(evaluated.type(), () -> 1));
    assertLeft(node(new Op.Mul(), x, evaluated));
    Node negated = node(new Op.Neg(), x);
    negated.evaluated(values(List.of(node(new Op.Neg(), x))).getFirst());
    assertLeft(node(new Op.Neg(), negated));
    assertSame(negated, assertSimplified(0, node(new Op.Neg(), node(new Op.Neg(), negated))));
  }

  @Test
  @Tag("S16.14")
  void bitsAreMaskedByLiteralsAlone() {
    for (DType dtype : BITS) {
      double ones = dtype == DType.BOOL ? 1 : dtype == DType.U8 ? 255 : -1;
      assertNothing(List.of(dtype), x -> node(new Op.And(), x, repeated(dtype, ones)));
      assertNothing(List.of(dtype), x -> node(new Op.And(), repeated(dtype, ones), x));
      assertNothing(List.of(dtype), x -> node(new Op.Or(), x, repeated(dtype, 0)));
      assertNothing(List.of(dtype), x -> node(new Op.Xor(), repeated(dtype, 0), x));
      assertSimplified(1, node(new Op.Xor(), data(dtype), repeated(dtype, ones)));
      assertNothing(List.of(dtype), x -> node(new Op.Xor(), node(new Op.Not(), x), repeated(dtype, ones)));
      assertSimplified(1, node(new Op.And(), data(dtype), repeated(dtype, 0)));
      assertSimplified(1, node(new Op.And(), repeated(dtype, 0), data(dtype)));
      assertSimplified(1, node(new Op.Or(), data(dtype), repeated(dtype, ones)));
      if (dtype != DType.BOOL) {
        assertLeft(node(new Op.And(), data(dtype), repeated(dtype, 1)));
        assertLeft(node(new Op.Or(), data(dtype), repeated(dtype, 1)));
        assertLeft(node(new Op.Xor(), data(dtype), repeated(dtype, 1)));
      }
    }
  }

  @Test
  @Tag("S16.14")
  void aChoiceThatIsNoneIsTheOneThatIsLeft() {
    Node y = node(new Op.Exp(), data(DType.F32));
    assertNothing(ALL, x -> node(new Op.Where(), data(DType.BOOL), x, x));
    assertNothing(List.of(DType.F32), x -> node(new Op.Where(), repeated(DType.BOOL, 1), x, y));
    assertNothing(List.of(DType.F32), x -> node(new Op.Where(), repeated(DType.BOOL, 0), y, x));
    assertLeft(node(new Op.Where(), data(DType.BOOL), data(DType.F32), y));
  }

  /** The interpreter throws for both; what is left out of the graph could not. */
  @Test
  @Tag("S5.24") @Tag("S16.14")
  void whatMayFaultIsNotDropped() {
    Node x = data(DType.I32);
    List<Node> mayFault = List.of(node(new Op.IDiv(), x, repeated(DType.I32, 0)), node(new Op.Mod(), x, x),
        node(new Op.Gather(0), x, x), node(new Op.ScatterAdd(0), x, x, x));
    for (Node faulting : mayFault) {
      Node condition = node(new Op.Less(), faulting, x);
      for (Node root : List.of(
          node(new Op.Where(), repeated(DType.BOOL, 1), x, node(new Op.Neg(), faulting)),
          node(new Op.Where(), repeated(DType.BOOL, 0), faulting, x),
          node(new Op.Where(), condition, x, x),
          node(new Op.And(), repeated(DType.I32, 0), faulting),
          node(new Op.Or(), faulting, repeated(DType.I32, -1)),
          node(new Op.Pad(List.of(new Op.Edge(0, 0))), x,
              node(new Op.Reshape(Shape.SCALAR), node(new Op.Slice(List.of(new Op.Range(3, 1, 1))), faulting))))) {
        List<Node> simplified = Simplification.of(List.of(root));
        assertTrue(Graphs.topological(simplified).stream().anyMatch(n -> n.op().equals(faulting.op())), root + " of " + faulting);
      }
    }
    Node real = data(DType.F32);
    assertSimplified(0, node(new Op.Where(), repeated(DType.BOOL, 1), real, node(new Op.Mod(), real, real)));
  }

  @Test
  @Tag("S16.14")
  void conversionThereAndBackIsNone() {
    DType[][] exact = {
      {DType.F16, DType.F32}, {DType.F16, DType.F64}, {DType.BF16, DType.F32}, {DType.BF16, DType.F64}, {DType.F32, DType.F64},
      {DType.I32, DType.I64}, {DType.I32, DType.F64}, {DType.U8, DType.I32}, {DType.U8, DType.I64}, {DType.U8, DType.F32},
      {DType.U8, DType.F16}, {DType.U8, DType.BF16}, {DType.BOOL, DType.U8}, {DType.BOOL, DType.F16}, {DType.BOOL, DType.I64}
    };
    for (DType[] pair : exact) {
      assertNothing(List.of(pair[0]), x -> node(new Op.Cast(pair[0]), node(new Op.Cast(pair[1]), x)));
    }
  }

  /** All chains of two: the bits are those of the chain, whatever has become of it. */
  @Test
  @Tag("S16.14")
  void chainsOfConversionsKeepTheirBits() {
    int shorter = 0;
    for (DType from : ALL) {
      for (DType between : ALL) {
        for (DType to : ALL) {
          Node chain = node(new Op.Cast(to), node(new Op.Cast(between), data(from)));
          List<Node> simplified = Simplification.of(List.of(chain));
          assertSameBits(values(List.of(chain)).getFirst(), values(simplified).getFirst(), from + " to " + between + " to " + to);
          shorter += between != from && between != to && operations(simplified) < 2 ? 1 : 0;
        }
      }
    }
    assertTrue(shorter > 80, "only " + shorter);
    assertLeft(node(new Op.Cast(DType.F32), node(new Op.Cast(DType.BF16), data(DType.F32))));
    assertLeft(node(new Op.Cast(DType.U8), node(new Op.Cast(DType.F64), data(DType.I32))));
    assertLeft(node(new Op.Cast(DType.I64), node(new Op.Cast(DType.I32), data(DType.I64))));
  }

  private static Op slice(long... startsSizesSteps) {
    List<Op.Range> ranges = new ArrayList<>();
    for (int i = 0; i < startsSizesSteps.length; i += 3) {
      ranges.add(new Op.Range(startsSizesSteps[i], startsSizesSteps[i + 1], startsSizesSteps[i + 2]));
    }
    return new Op.Slice(ranges);
  }

  @Test
  @Tag("S16.14")
  void movementThatEndsWhereItBeganIsNone() {
    for (DType dtype : ALL) {
      Node x = data(dtype, 3, 4);
      List<Node> nothing = List.of(
          node(new Op.Reshape(Shape.of(3, 4)), x),
          node(new Op.Reshape(Shape.of(3, 4)), node(new Op.Reshape(Shape.of(2, 6)), x)),
          node(new Op.Permute(Axes.of(0, 1)), x),
          node(new Op.Permute(Axes.of(1, 0)), node(new Op.Permute(Axes.of(1, 0)), x)),
          node(new Op.Expand(Shape.of(3, 4)), x),
          node(slice(0, 3, 1, 0, 4, 1), x),
          node(slice(2, 3, -1, 3, 4, -1), node(slice(2, 3, -1, 3, 4, -1), x)),
          node(new Op.Pad(List.of(new Op.Edge(0, 0), new Op.Edge(0, 0))), x, literal(dtype, 1)),
          node(new Op.Concat(1), x));
      nothing.forEach(root -> assertSame(x, assertSimplified(0, root)));
      assertSame(x, assertSimplified(0, node(new Op.Reshape(Shape.of(3, 4)), node(new Op.Permute(Axes.of(0, 1)),
          node(new Op.Reshape(Shape.of(4, 3)), node(new Op.Expand(Shape.of(12)), node(new Op.Reshape(Shape.of(12)), x)))))));
    }
  }

  @Test
  @Tag("S16.14")
  void twoMovementsAreOne() {
    Node x = data(DType.F32, 2, 3, 2);
    Node cycled = node(new Op.Permute(Axes.of(1, 2, 0)), node(new Op.Permute(Axes.of(1, 0, 2)), x));
    assertEquals(values(List.of(cycled)), values(List.of(assertSimplified(1, cycled))));
    assertSimplified(1, node(new Op.Reshape(Shape.of(4, 3)), node(new Op.Reshape(Shape.of(6, 2)), x)));
    Node column = data(DType.F32, 12, 1);
    assertSimplified(1, node(new Op.Expand(Shape.of(3, 12, 5)), node(new Op.Expand(Shape.of(1, 12, 5)), column)));
    Node line = data(DType.F32, 12);
    assertSimplified(1, node(slice(0, 3, 2), node(slice(10, 5, -2), line)));
    assertSimplified(1, node(slice(4, 3, -2), node(slice(1, 6, 2), line)));
    assertSimplified(1, node(slice(5, 1, Long.MAX_VALUE), node(slice(0, 6, 2), line)));
    assertSimplified(1, node(slice(Long.MAX_VALUE, 0, Long.MIN_VALUE), node(slice(0, 6, 2), line)));
    assertSimplified(1, node(slice(0, 1, 1), node(slice(3, 1, Long.MAX_VALUE), line)));
    assertLeft(node(slice(0, 2, 1, 1, 2, 1, 0, 2, 1), x));
    assertLeft(node(new Op.Pad(List.of(new Op.Edge(0, 1))), line, literal(DType.F32, 0)));
    assertLeft(node(new Op.Concat(0), line, line));
  }

  /** The shape in between may cost a copy, which both would have to make. */
  @Test
  void aShapeThatOthersReadIsKept() {
    Node between = node(new Op.Reshape(Shape.of(6, 2)), node(new Op.Permute(Axes.of(1, 0)), data(DType.F32, 3, 4)));
    List<Node> roots = List.of(node(new Op.Exp(), between), node(new Op.Reshape(Shape.of(12)), between));
    assertEquals(new Op.Reshape(Shape.of(6, 2)), Simplification.of(roots).get(1).input(0).op());
  }

  @Test
  @Tag("S16.14")
  void reductionsOfOneElementEachAreShapes() {
    for (DType dtype : ALL) {
      for (Op.Fold fold : Op.Fold.values()) {
        Node x = data(dtype, 3, 1, 4, 1);
        boolean adds = fold == Op.Fold.SUM || fold == Op.Fold.PROD;
        boolean widens = adds && (dtype == DType.BOOL || dtype == DType.U8);
        Node both = node(new Op.Reduce(fold, Axes.of(1, 3)), x);
        Node none = node(new Op.Reduce(fold, Axes.NONE), x);
        if (fold == Op.Fold.SUM && dtype.isFloating()) {
          assertLeft(both);
          assertLeft(none);
          continue;
        }
        Node simplified = assertOperations(widens ? 2 : 1, both);
        assertEquals(new Op.Reshape(Shape.of(3, 4)), simplified.op());
        assertOperations(widens ? 1 : 0, none);
        assertLeft(node(new Op.Reduce(fold, Axes.of(0, 1)), x));
      }
    }
  }

  @Test
  @Tag("S16.14")
  void reductionsOfReductionsAreOneWhereTheOrderDoesNotMatter() {
    for (DType dtype : ALL) {
      for (Op.Fold fold : Op.Fold.values()) {
        Node inner = node(new Op.Reduce(fold, Axes.of(1)), data(dtype, 2, 3, 2));
        Node root = node(new Op.Reduce(fold, Axes.of(1)), inner);
        boolean ordered = (fold == Op.Fold.SUM || fold == Op.Fold.PROD) && dtype.isFloating();
        Node simplified = assertOperations(ordered ? 2 : 1, root);
        assertEquals(new Op.Reduce(fold, ordered ? Axes.of(1) : Axes.of(1, 2)), simplified.op());
        Node other = node(new Op.Reduce(fold == Op.Fold.MAX ? Op.Fold.MIN : Op.Fold.MAX, Axes.of(0)), inner);
        assertLeft(other);
      }
      Node empty = Ops.input(HostArray.zeros(TensorType.of(dtype, 2, 0, 3)));
      assertSimplified(1, node(new Op.Reduce(Op.Fold.MAX, Axes.of(0)), node(new Op.Reduce(Op.Fold.MAX, Axes.of(1)), empty)));
    }
  }

  @Test
  void aReductionThatOthersReadIsKept() {
    Node inner = node(new Op.Reduce(Op.Fold.MAX, Axes.of(1)), data(DType.F32, 2, 3, 2));
    List<Node> roots = List.of(inner, node(new Op.Reduce(Op.Fold.MAX, Axes.of(0)), inner));
    List<Node> simplified = Simplification.of(roots);
    assertSame(simplified.get(0), simplified.get(1).input(0));
  }

  @Test
  @Tag("S11.7") @Tag("S11.6")
  void nothingIsSeenThroughABarrierOrACopy() {
    Node x = data(DType.F32);
    for (Op between : List.of(new Op.Barrier(), new Op.Copy())) {
      assertLeft(node(new Op.Neg(), node(between, node(new Op.Neg(), x))));
      assertLeft(node(new Op.Reshape(Shape.of(12)), node(between, node(new Op.Reshape(Shape.of(3, 4)), x))));
      assertLeft(node(new Op.Mul(), x, node(between, repeated(DType.F32, 1))));
      assertLeft(node(new Op.Cast(DType.F32), node(between, node(new Op.Cast(DType.F64), x))));
    }
    assertLeft(node(new Op.Where(), repeated(DType.BOOL, 1), x, node(new Op.Barrier(), x)));
  }

  /** A carry that is what it was, and two that change places. */
  @Test
  @Tag("S16.14")
  void bodiesAreSimplifiedWithin() {
    Tensor x = Tensor.of(HostArray.copyOf(TensorType.of(DType.F32, 12), tricky(DType.F32).segment()));
    Loop.Results results = Loop.scan(5, List.of(x, x.exp(), x.abs()), List.of(), (_, c, _) -> new Loop.Results(
        List.of(c.get(1).neg().neg(), c.get(0).mul(Tensor.ones(x.type())), c.get(2).reshape(3, 4).reshape(12)), List.of()));
    // A loop offers for its gradient what its body computes; without a gradient nobody reads that.
    List<Node> roots = Pruning.of(results.carries().stream().map(Tensor::node).toList());
    List<Node> simplified = Simplification.of(roots);
    assertEquals(List.of(), Graphs.topological(simplified).stream().filter(n -> n.op() instanceof Op.Loop)
        .flatMap(n -> n.op().bodies().stream()).flatMap(b -> Graphs.topological(b.results()).stream())
        .filter(n -> n.op() instanceof Op.Neg || n.op() instanceof Op.Mul || n.op() instanceof Op.Reshape).toList());
    List<HostArray> expected = values(roots);
    List<HostArray> actual = values(simplified);
    for (int i = 0; i < expected.size(); i++) {
      assertSameBits(expected.get(i), actual.get(i), "carry " + i);
    }
  }

  /** What a body reads may fault outside of it. */
  @Test
  void whatABodyReadsIsNotDropped() {
    Tensor x = Tensor.of(HostArray.copyOf(TensorType.of(DType.I32, 12), tricky(DType.I32).segment()));
    Tensor outside = x.floorDiv(x);
    Tensor last = Loop.scan(2, List.of(x), List.of(), (_, c, _) -> new Loop.Results(List.of(Tensor.full(
        TensorType.of(DType.BOOL, 12), 1).where(c.getFirst(), outside)), List.of())).carries().getFirst();
    assertTrue(Graphs.topological(Pruning.of(Simplification.of(List.of(last.node())))).stream().anyMatch(n -> n.op() instanceof Op.IDiv));
  }

  /** What is chosen in a body may fault there. */
  @Test
  void whatHasABodyIsNotDropped() {
    Tensor x = Tensor.of(HostArray.copyOf(TensorType.of(DType.I32, 12), tricky(DType.I32).segment()));
    Tensor divided = Cond.of(x.sum().equal(0), () -> List.of(x.neg()), () -> List.of(x.floorDiv(x))).getFirst();
    Node root = node(new Op.Where(), repeated(DType.BOOL, 1), x.node(), divided.node());
    assertTrue(Graphs.topological(Simplification.of(List.of(root))).stream().anyMatch(n -> n.op() instanceof Op.Cond));
  }

  // --- random graphs of nothing but what rules are about -------------------------------------------------------------------------------

  @Test
  @Tag("S16.14")
  void randomGraphsKeepTheirBits() {
    long before = 0;
    long after = 0;
    for (int seed = 0; seed < 3_000; seed++) {
      var random = new SplittableRandom(seed);
      List<Node> made = new ArrayList<>(List.of(data(ALL.get(random.nextInt(ALL.size())))));
      for (int i = 0; i < 12; i++) {
        made.add(grown(random, made));
      }
      List<Node> roots = List.of(made.getLast(), made.get(random.nextInt(made.size())));
      List<Node> simplified = Simplification.of(roots);
      for (int i = 0; i < roots.size(); i++) {
        assertSameBits(values(roots).get(i), values(simplified).get(i), "seed " + seed + ": " + Graphs.topological(roots));
      }
      before += operations(roots);
      after += operations(simplified);
    }
    assertTrue(after < 0.8 * before, after + " of " + before);
  }

  private static Node grown(SplittableRandom random, List<Node> made) {
    Node x = made.get(made.size() - 1 - random.nextInt(Math.min(2, made.size())));
    DType dtype = x.type().dtype();
    List<Op> unary = List.of(new Op.Neg(), new Op.Abs(), new Op.Sign(), new Op.Not(), new Op.Round());
    List<Op> binary = List.of(
        new Op.Add(), new Op.Sub(), new Op.Mul(), new Op.Div(), new Op.And(), new Op.Or(), new Op.Xor(), new Op.Max());
    return switch (random.nextInt(5)) {
      case 0 -> attempted(unary.get(random.nextInt(unary.size())), x);
      case 1 -> node(new Op.Cast(ALL.get(random.nextInt(ALL.size()))), x);
      case 2 -> {
        double[] numbers = {0, -0.0, 1, -1, 2, 255};
        Node number = Ops.node(new Op.Expand(x.type().shape()), literal(dtype, numbers[random.nextInt(numbers.length)]));
        Op op = binary.get(random.nextInt(binary.size()));
        yield random.nextBoolean() ? attempted(op, x, number) : attempted(op, number, x);
      }
      case 3 -> {
        long[][] shapes = {{12}, {3, 4}, {2, 6}, {1, 12}, {12, 1}, {2, 3, 2}};
        yield node(new Op.Reshape(Shape.of(shapes[random.nextInt(shapes.length)])), x);
      }
      default -> {
        int rank = x.type().rank();
        int[] order = IntStream.range(0, rank).map(i -> rank - 1 - i).toArray();
        yield node(random.nextBoolean() ? new Op.Permute(Axes.of(order)) : new Op.Slice(Arrays.stream(x.type().shape().dims())
            .mapToObj(n -> random.nextBoolean() ? new Op.Range(0, n, 1) : new Op.Range(n - 1, n, -1)).toList()), x);
      }
    };
  }

  /** The first operand where the operation is not for its type. */
  private static Node attempted(Op op, Node... inputs) {
    DType dtype = inputs[0].type().dtype();
    boolean allowed = switch (op) {
      case Op.And _, Op.Or _, Op.Xor _, Op.Not _ -> !dtype.isFloating();
      case Op.Div _, Op.Round _ -> dtype.isFloating();
      case Op.Max _ -> true;
      default -> dtype != DType.BOOL;
    };
    return allowed ? node(op, inputs) : inputs[0];
  }
}
