package dev.chainrule.graph;

import static dev.chainrule.graph.DType.BOOL;
import static dev.chainrule.graph.DType.F16;
import static dev.chainrule.graph.DType.F32;
import static dev.chainrule.graph.DType.F64;
import static dev.chainrule.graph.DType.I32;
import static dev.chainrule.graph.DType.I64;
import static dev.chainrule.graph.DType.U8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.ChainruleException;
import dev.chainrule.DTypeMismatchException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class TypeRulesTest {

  record Refusal(String message, Class<? extends ChainruleException> kind, Op op, List<TensorType> inputs) {
    Refusal(String message, Class<? extends ChainruleException> kind, Op op, TensorType... inputs) {
      this(message, kind, op, List.of(inputs));
    }

    @Override
    public String toString() {
      return message;
    }
  }

  private static final Class<ShapeMismatchException> SHAPE = ShapeMismatchException.class;
  private static final Class<DTypeMismatchException> DTYPE = DTypeMismatchException.class;
  private static final Class<InvalidArgumentException> ARGUMENT = InvalidArgumentException.class;
  private static final Op.Geometry PLAIN = new Op.Geometry(List.of(new Op.Spatial(1, 1, 0, 0)), 1);

  private static TensorType t(DType dtype, long... dims) {
    return TensorType.of(dtype, dims);
  }

  static Stream<Refusal> refusals() {
    return Stream.concat(Stream.concat(pointwise(), structured()), Stream.concat(movement(), control()));
  }

  private static Stream<Refusal> pointwise() {
    return Stream.of(
        new Refusal("[neg] takes 1 inputs, got 0", ARGUMENT, new Op.Neg()),
        new Refusal("[add] takes 2 inputs, got 1", ARGUMENT, new Op.Add(), t(F32, 2)),
        new Refusal("[add] takes 2 inputs, got 3", ARGUMENT, new Op.Add(), t(F32, 2), t(F32, 2), t(F32, 2)),
        new Refusal("[concat] takes 1 or more inputs, got 0", ARGUMENT, new Op.Concat(0)),
        new Refusal("[neg] not defined for bool[2]", DTYPE, new Op.Neg(), t(BOOL, 2)),
        new Refusal("[exp] not defined for i32[2]", DTYPE, new Op.Exp(), t(I32, 2)),
        new Refusal("[not] defined for integers and bool, got f32[2]", DTYPE, new Op.Not(), t(F32, 2)),
        new Refusal("[add] element types differ: f32[2] and f64[2]", DTYPE, new Op.Add(), t(F32, 2), t(F64, 2)),
        new Refusal("[add] shapes differ: f32[2] and f32[1]", SHAPE, new Op.Add(), t(F32, 2), t(F32, 1)),
        new Refusal("[add] not defined for bool[2]", DTYPE, new Op.Add(), t(BOOL, 2), t(BOOL, 2)),
        new Refusal("[div] not defined for i32[2]", DTYPE, new Op.Div(), t(I32, 2), t(I32, 2)),
        new Refusal("[pow] not defined for u8[]", DTYPE, new Op.Pow(), t(U8), t(U8)),
        new Refusal("[iDiv] defined for integers, got f32[2]", DTYPE, new Op.IDiv(), t(F32, 2), t(F32, 2)),
        new Refusal("[shiftLeft] defined for integers, got bool[2]", DTYPE, new Op.ShiftLeft(), t(BOOL, 2), t(BOOL, 2)),
        new Refusal("[xor] defined for integers and bool, got f16[2]", DTYPE, new Op.Xor(), t(F16, 2), t(F16, 2)),
        new Refusal("[less] element types differ: i32[2] and i64[2]", DTYPE, new Op.Less(), t(I32, 2), t(I64, 2)),
        new Refusal("[where] condition is f32[2], expected bool", DTYPE, new Op.Where(), t(F32, 2), t(F32, 2), t(F32, 2)),
        new Refusal("[where] condition bool[3] chooses between f32[2]", SHAPE, new Op.Where(), t(BOOL, 3), t(F32, 2), t(F32, 2)),
        new Refusal("[bitcast] f32[2] to i64: widths differ", DTYPE, new Op.Bitcast(I64), t(F32, 2)),
        new Refusal("[bitcast] u8[2] to bool: widths differ or are not plain bits", DTYPE, new Op.Bitcast(BOOL), t(U8, 2)),
        new Refusal("[bitcast] bool[2] to u8: widths differ or are not plain bits", DTYPE, new Op.Bitcast(U8), t(BOOL, 2)),
        new Refusal("[add] element types differ: f32[2] and i32[3]", DTYPE, new Op.Add(), t(F32, 2), t(I32, 3)));
  }

  private static Stream<Refusal> structured() {
    return Stream.of(
        new Refusal("[iota] axis 1 of i32[3]", ARGUMENT, new Op.Iota(t(I32, 3), 1)),
        new Refusal("[philoxBits] seed, run and iteration are i64[], got i32[]", DTYPE,
            new Op.PhiloxBits(Shape.of(2), 0), t(I64), t(I32), t(I64)),
        new Refusal("[reduce] axes [1,1] of f32[2,3]", ARGUMENT, new Op.Reduce(Op.Fold.SUM, Axes.of(1, 1)), t(F32, 2, 3)),
        new Refusal("[reduce] axes [2] of f32[2,3]", ARGUMENT, new Op.Reduce(Op.Fold.MAX, Axes.of(2)), t(F32, 2, 3)),
        new Refusal("[argReduce] axis 1 of f32[2]", ARGUMENT, new Op.ArgReduce(Op.Fold.MAX, 1), t(F32, 2)),
        new Refusal("[argReduce] by SUM, expected MAX or MIN", ARGUMENT, new Op.ArgReduce(Op.Fold.SUM, 0), t(F32, 2)),
        new Refusal("[argReduce] axis 1 of f32[2,0] is empty", SHAPE, new Op.ArgReduce(Op.Fold.MAX, 1), t(F32, 2, 0)),
        new Refusal("[cumulate] axis -1 of f32[2]", ARGUMENT, new Op.Cumulate(Op.Fold.SUM, -1, false), t(F32, 2)),
        new Refusal("[cumulate] by MAX, expected SUM or PROD", ARGUMENT, new Op.Cumulate(Op.Fold.MAX, 0, false), t(F32, 2)),
        new Refusal("[cumulate] not defined for bool[2]", DTYPE, new Op.Cumulate(Op.Fold.SUM, 0, false), t(BOOL, 2)),
        new Refusal("[matmul] inner dimensions differ: f32[64,784] x f32[512,10] (784 vs 512)", SHAPE,
            new Op.Dot(), t(F32, 64, 784), t(F32, 512, 10)),
        new Refusal("[matmul] expected [batch..., m, k] x [batch..., k, n], got f32[3] x f32[3]", SHAPE,
            new Op.Dot(), t(F32, 3), t(F32, 3)),
        new Refusal("[matmul] expected [batch..., m, k] x [batch..., k, n], got f32[2,3,4] x f32[5,4,3]", SHAPE,
            new Op.Dot(), t(F32, 2, 3, 4), t(F32, 5, 4, 3)),
        new Refusal("[matmul] not defined for bool[2,2]", DTYPE, new Op.Dot(), t(BOOL, 2, 2), t(BOOL, 2, 2)),
        new Refusal("[matmul] element types differ: f32[2,2] and f16[2,2]", DTYPE, new Op.Dot(), t(F32, 2, 2), t(F16, 2, 2)),
        new Refusal("[conv] f32[1,2,5] * f32[3,1,3] in 1 groups", SHAPE, new Op.Conv(PLAIN), t(F32, 1, 2, 5), t(F32, 3, 1, 3)),
        new Refusal("[conv] weights f32[1,1,6]", SHAPE, new Op.Conv(PLAIN), t(F32, 1, 1, 5), t(F32, 1, 1, 6)),
        new Refusal("[convInputGradient] cotangent is f32[1,1,4], expected f32[1,1,3]", SHAPE,
            new Op.ConvInputGradient(PLAIN, Shape.of(1, 1, 5)), t(F32, 1, 1, 4), t(F32, 1, 1, 3)),
        new Refusal("[convWeightGradient] cotangent is f32[1,1,4], expected f32[1,1,3]", SHAPE,
            new Op.ConvWeightGradient(PLAIN, Shape.of(1, 1, 3)), t(F32, 1, 1, 4), t(F32, 1, 1, 5)),
        new Refusal("[gather] indices are f32[2], expected i32 or i64", DTYPE, new Op.Gather(0), t(F32, 3), t(F32, 2)),
        new Refusal("[gather] axis 1 of f32[3]", ARGUMENT, new Op.Gather(1), t(F32, 3), t(I32, 2)),
        new Refusal("[scatterAdd] updates are f32[3], expected f32[2]", SHAPE, new Op.ScatterAdd(0), t(F32, 3), t(I32, 2), t(F32, 3)),
        new Refusal("[scatterAdd] element types differ", DTYPE, new Op.ScatterAdd(0), t(F32, 3), t(I32, 2), t(F64, 2)),
        new Refusal("[sort] axis 2 of f32[3,3]", ARGUMENT, new Op.Sort(2, false), t(F32, 3, 3)));
  }

  private static Stream<Refusal> movement() {
    return Stream.of(
        new Refusal("[reshape] f32[2,3] has 6 elements, [5] has 5", SHAPE, new Op.Reshape(Shape.of(5)), t(F32, 2, 3)),
        new Refusal("[permute] [0,0] is not an order of the axes of f32[2,3]", ARGUMENT, new Op.Permute(Axes.of(0, 0)), t(F32, 2, 3)),
        new Refusal("[expand] f32[2,3] to [4,3]", SHAPE, new Op.Expand(Shape.of(4, 3)), t(F32, 2, 3)),
        new Refusal("[expand] f32[2,3] to [3]", SHAPE, new Op.Expand(Shape.of(3)), t(F32, 2, 3)),
        new Refusal("[pad] 1 edges and f32[] for f32[2,3]", SHAPE, new Op.Pad(List.of(new Op.Edge(1, 1))), t(F32, 2, 3), t(F32)),
        new Refusal("[pad] negative width", ARGUMENT, new Op.Pad(List.of(new Op.Edge(-1, 1))), t(F32, 2), t(F32)),
        new Refusal("[pad] element types differ", DTYPE, new Op.Pad(List.of(new Op.Edge(1, 1))), t(F32, 2), t(I32)),
        new Refusal("[slice] 1 ranges for f32[2,3]", SHAPE, new Op.Slice(List.of(new Op.Range(0, 1, 1))), t(F32, 2, 3)),
        new Refusal("[slice] Range[start=1, size=2, step=1] lies outside axis 0 of f32[2]", SHAPE,
            new Op.Slice(List.of(new Op.Range(1, 2, 1))), t(F32, 2)),
        new Refusal("[slice] Range[start=0, size=1, step=0]", SHAPE, new Op.Slice(List.of(new Op.Range(0, 1, 0))), t(F32, 2)),
        new Refusal("[slice] Range[start=1, size=3, step=-1] lies outside axis 0 of f32[2]", SHAPE,
            new Op.Slice(List.of(new Op.Range(1, 3, -1))), t(F32, 2)),
        new Refusal("[concat] shapes differ beyond axis 0: f32[2,3] and f32[2,4]", SHAPE, new Op.Concat(0), t(F32, 2, 3), t(F32, 2, 4)),
        new Refusal("[concat] element types differ: f32[2] and i32[2]", DTYPE, new Op.Concat(0), t(F32, 2), t(I32, 2)),
        new Refusal("[window] a window of 3 with stride 1 and dilation 2 does not fit an axis of 4 in f32[4]", SHAPE,
            new Op.Window(0, 3, 1, 2), t(F32, 4)),
        new Refusal("[overlap] f32[2,3] holds no windows of", SHAPE, new Op.Overlap(0, 5, 3, 1, 1), t(F32, 2, 3)),
        new Refusal("[overlap] not defined for bool[2,2]", DTYPE, new Op.Overlap(0, 3, 2, 1, 1), t(BOOL, 2, 2)));
  }

  private static Stream<Refusal> control() {
    Node iteration = Ops.parameter(0, t(I64));
    Node carry = Ops.parameter(1, t(F32));
    var halves = new Body(List.of(iteration, carry), List.of(Ops.node(new Op.Cast(F16), carry)));
    var fewer = new Body(List.of(iteration, carry, Ops.parameter(2, t(F32))), List.of(carry));
    var same = new Body(List.of(carry), List.of(carry));
    var other = new Body(List.of(carry), List.of(Ops.node(new Op.Cast(F16), carry)));
    return Stream.of(
        new Refusal("[result] no result 1 of", ARGUMENT, new Op.Result(1), t(F32)),
        new Refusal("[loop] carry 0 starts as f32[] and becomes f16[]", SHAPE, new Op.Loop(2, 1, 0, halves), t(F32)),
        new Refusal("[loop] the body gives 1 results for 2 carries", ARGUMENT, new Op.Loop(2, 2, 0, fewer), t(F32), t(F32)),
        new Refusal("[loop] sliced input f32[3] has no leading axis of 2", SHAPE, new Op.Loop(2, 0, 1, halves), t(F32, 3)),
        new Refusal("[loop] the body takes [i64[], f32[]], got [i64[], f64[]]", SHAPE, new Op.Loop(2, 1, 0, halves), t(F64)),
        new Refusal("[cond] predicate is f32[], expected bool[]", DTYPE, new Op.Cond(same, same), t(F32), t(F32)),
        new Refusal("[cond] branches differ: [f32[]] and [f16[]]", SHAPE, new Op.Cond(same, other), t(BOOL), t(F32)),
        new Refusal("[cond] the body takes [f32[]], got []", SHAPE, new Op.Cond(same, same), t(BOOL)),
        new Refusal("[softplus] the body takes [f32[]], got [f64[]]", SHAPE,
            new Op.Composite("softplus", Map.of(), same, Optional.empty()), t(F64)));
  }

  @ParameterizedTest
  @MethodSource("refusals")
  @Tag("S1.3") @Tag("S1.5") @Tag("S1.6") @Tag("S2.5") @Tag("S4.3") @Tag("S4.5") @Tag("S4.6") @Tag("S5.14")
  @Tag("S5.26") @Tag("S7.5") @Tag("S10.4") @Tag("S10.5") @Tag("S10.6") @Tag("S10.7")
  void whatDoesNotFitIsRefusedInWords(Refusal refusal) {
    Node[] inputs = refusal.inputs.stream().map(type -> Ops.parameter(0, type)).toArray(Node[]::new);
    ChainruleException e = assertThrows(ChainruleException.class, () -> Ops.node(refusal.op, inputs));
    assertInstanceOf(refusal.kind, e);
    assertTrue(e.getMessage().startsWith(refusal.message), e.getMessage());
  }

  @Test
  void aBodyHasResults() {
    assertThrows(InvalidArgumentException.class, () -> new Body(List.of(), List.of()));
  }

  @Test
  @Tag("S1.5")
  void theMessageGivesTheCallersLineAndTheWayOut() {
    var e = assertThrows(DTypeMismatchException.class,
        () -> Ops.node(new Op.Add(), Ops.parameter(0, t(F32)), Ops.parameter(1, t(F64))));
    List<String> lines = e.getMessage().lines().toList();
    assertEquals("[add] element types differ: f32[] and f64[]", lines.get(0));
    assertTrue(lines.get(1).startsWith("  at TypeRulesTest."), e.getMessage());
    assertEquals("  Types never mix silently: cast one of them.", lines.get(2));
  }

  // --- what is accepted, and as what ---------------------------------------------------------------------------------------------------

  private static TensorType typeOf(Op op, TensorType... inputs) {
    List<Node> nodes = new ArrayList<>();
    for (TensorType type : inputs) {
      nodes.add(Ops.parameter(nodes.size(), type));
    }
    return Ops.node(op, nodes.toArray(Node[]::new)).type();
  }

  @Test
  @Tag("S7.2")
  void sumsOfBoolAndBytesAreLongAndOtherTypesStay() {
    assertEquals(t(I64), typeOf(new Op.Reduce(Op.Fold.SUM, Axes.of(0)), t(BOOL, 3)));
    assertEquals(t(I64), typeOf(new Op.Reduce(Op.Fold.PROD, Axes.of(0)), t(U8, 3)));
    assertEquals(t(U8), typeOf(new Op.Reduce(Op.Fold.MAX, Axes.of(0)), t(U8, 3)));
    assertEquals(t(I32, 2), typeOf(new Op.Reduce(Op.Fold.SUM, Axes.of(1)), t(I32, 2, 3)));
    assertEquals(t(F16), typeOf(new Op.Reduce(Op.Fold.SUM, Axes.of(0)), t(F16, 3)));
  }

  @Test
  void shapesFollowTheOperations() {
    assertEquals(t(F32, 7, 2, 5), typeOf(new Op.Dot(), t(F32, 7, 2, 3), t(F32, 7, 3, 5)));
    assertEquals(t(BOOL, 2), typeOf(new Op.Less(), t(F32, 2), t(F32, 2)));
    assertEquals(t(F32, 2, 8, 9, 4), typeOf(new Op.Gather(1), t(F32, 2, 3, 4), t(I64, 8, 9)));
    assertEquals(t(I32, 2), typeOf(new Op.ArgReduce(Op.Fold.MIN, 1), t(F64, 2, 3)));
    // Length 9 with 1 zero before and 2 after is 12; three weights two apart span 5; every third of 8 places: 3.
    var geometry = new Op.Geometry(List.of(new Op.Spatial(3, 2, 1, 2)), 2);
    assertEquals(t(F32, 5, 6, 3), typeOf(new Op.Conv(geometry), t(F32, 5, 4, 9), t(F32, 6, 2, 3)));
    assertEquals(t(F32, 5, 4, 9), typeOf(new Op.ConvInputGradient(geometry, Shape.of(5, 4, 9)), t(F32, 5, 6, 3), t(F32, 6, 2, 3)));
    assertEquals(t(F32, 6, 2, 3), typeOf(new Op.ConvWeightGradient(geometry, Shape.of(6, 2, 3)), t(F32, 5, 6, 3), t(F32, 5, 4, 9)));
    assertEquals(t(F32, 3, 4, 3), typeOf(new Op.Window(0, 3, 2, 1), t(F32, 7, 4)));
    assertEquals(t(F32, 7, 4), typeOf(new Op.Overlap(0, 7, 3, 2, 1), t(F32, 3, 4, 3)));
  }

  @Test
  void scalarsTakeTheTypeTheyMeetOrAreRefused() {
    assertEquals(t(F16), Ops.scalar(F16, 2).type());
    assertEquals(t(U8), Ops.scalar(U8, 255).type());
    assertThrows(DTypeMismatchException.class, () -> Ops.scalar(U8, 256));
    assertThrows(DTypeMismatchException.class, () -> Ops.scalar(U8, -1));
    assertThrows(DTypeMismatchException.class, () -> Ops.scalar(I32, 1L << 31));
    assertThrows(DTypeMismatchException.class, () -> Ops.scalar(BOOL, 2));
    assertThrows(DTypeMismatchException.class, () -> Ops.scalar(I32, 0.5));
  }
}
