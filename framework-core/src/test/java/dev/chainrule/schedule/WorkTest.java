package dev.chainrule.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Origin;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Work counted by hand. */
class WorkTest {

  private static final Shape ROWS = Shape.of(4, 5);

  private static Operand operand(int slot, Layout layout) {
    return new Operand(new BufferRef.Input(slot), DType.F32, layout);
  }

  private static Operand dense(int slot, long... shape) {
    return operand(slot, Layout.dense(Shape.of(shape)));
  }

  private static Operand result(Layout layout) {
    return new Operand(new BufferRef.Temporary(0), DType.F32, layout);
  }

  private static KernelExpression load(int argument, Layout layout) {
    return new KernelExpression.Load(argument, DType.F32, layout);
  }

  private static KernelExpression apply(Op.Pointwise op, Integer... arguments) {
    return new KernelExpression.Apply(op, List.of(arguments), DType.F32);
  }

  private static KernelExpression fold(Op.Fold fold, int argument) {
    return new KernelExpression.Fold(fold, argument, DType.F32);
  }

  private static Work work(GeneratedKernel kernel, List<Operand> arguments, Operand output, String... paths) {
    return Work.of(compute(kernel, arguments, output, paths));
  }

  private static Instruction.Compute compute(GeneratedKernel kernel, List<Operand> arguments, Operand output, String... paths) {
    return new Instruction.Compute(kernel, arguments, List.of(output), List.of(),
        List.of(paths).stream().map(path -> new Origin(path, "")).toList());
  }

  /** The logarithm of a row's sum of exponentials: two folds over all elements, two operations on all, two on a number for each row. */
  @Test
  void whatIsOneNumberForARowIsComputedOnceForIt() {
    Layout dense = Layout.dense(ROWS);
    Layout perRow = Layout.dense(Shape.of(4, 1)).expand(ROWS);
    var kernel = new GeneratedKernel(ROWS, Axes.of(1),
        List.of(load(0, dense), fold(Op.Fold.MAX, 0), apply(new Op.Sub(), 0, 1), apply(new Op.Exp(), 2), fold(Op.Fold.SUM, 3),
            apply(new Op.Log(), 4), apply(new Op.Add(), 5, 1)),
        List.of(new GeneratedKernel.Result(6, perRow)), List.of());
    Work work = work(kernel, List.of(operand(0, dense)), result(perRow), "head", "head", "", "loss");
    assertEquals(4 * 20 + 2 * 4, work.flops());
    assertEquals(20 * Float.BYTES, work.bytesRead());
    assertEquals(4 * Float.BYTES, work.bytesWritten());
    assertEquals("max sub exp sum log add", work.label());
    assertEquals(List.of("head", "loss"), work.paths());
    assertEquals(List.of(TensorType.of(DType.F32, 4)), work.outputs());
  }

  @Test
  void whatIsOneNumberForAllElementsIsComputedOnce() {
    Layout dense = Layout.dense(ROWS);
    Layout scalar = Layout.dense(Shape.SCALAR).expand(ROWS);
    var kernel = GeneratedKernel.of(List.of(load(0, dense), load(1, scalar), apply(new Op.Exp(), 1), apply(new Op.Mul(), 0, 2)), ROWS);
    Work work = work(kernel, List.of(operand(0, dense), operand(1, scalar)), result(dense));
    assertEquals(20 + 1, work.flops());
    assertEquals((20 + 1) * Float.BYTES, work.bytesRead());
  }

  @Test
  void aLongKernelIsNamedInShort() {
    Layout dense = Layout.dense(ROWS);
    var kernel = GeneratedKernel.of(List.of(load(0, dense), apply(new Op.Neg(), 0), apply(new Op.Abs(), 1), apply(new Op.Neg(), 2),
        apply(new Op.Abs(), 3), apply(new Op.Neg(), 4), apply(new Op.Abs(), 5), apply(new Op.Exp(), 6), apply(new Op.Log(), 7)), ROWS);
    Work work = work(kernel, List.of(operand(0, dense)), result(dense));
    assertEquals("neg abs neg abs neg abs and 2 more", work.label());
    assertEquals(8, work.operations().size());
  }

  @Test
  void aCopyIntoAVariableIsACommit() {
    Layout dense = Layout.dense(ROWS);
    var kernel = GeneratedKernel.copy((KernelExpression.Load) load(0, dense));
    assertEquals("copy", work(kernel, List.of(operand(0, dense)), result(dense)).label());
    var variable = new Operand(new BufferRef.State(0), DType.F32, dense);
    assertEquals("commit", work(kernel, List.of(operand(0, dense)), variable).label());
  }

  /** An update where the variable lies reads each of its elements, and writes each. */
  @Test
  void anUpdateInPlaceReadsAndWritesItsVariableOnce() {
    Layout dense = Layout.dense(ROWS);
    var variable = new Operand(new BufferRef.State(0), DType.F32, dense);
    var kernel = GeneratedKernel.of(List.of(load(0, dense), load(1, dense), apply(new Op.Sub(), 0, 1)), ROWS);
    Work work = work(kernel, List.of(variable, operand(0, dense)), variable);
    assertEquals(2 * 20 * Float.BYTES, work.bytesRead());
    assertEquals(20 * Float.BYTES, work.bytesWritten());
    assertEquals("sub", work.label());
  }

  /** All three read the same rates. */
  @Test
  void whatTheKernelsOfAGroupShareIsReadOnce() {
    Layout dense = Layout.dense(ROWS);
    var kernel = GeneratedKernel.of(List.of(load(0, dense), load(1, dense), apply(new Op.Mul(), 0, 1)), ROWS);
    Work work = Work.of(new Instruction.Group(List.of(1, 2, 3).stream()
        .map(i -> compute(kernel, List.of(operand(0, dense), operand(i, dense)), result(dense))).toList()));
    assertEquals(4 * 20 * Float.BYTES, work.bytesRead());
    assertEquals(3 * 20 * Float.BYTES, work.bytesWritten());
    assertEquals(3 * 20, work.flops());
    assertEquals("3 x mul", work.label());
  }

  private static Work call(Op op, Operand output, Operand... inputs) {
    return Work.of(new Instruction.Call(op, List.of(inputs), List.of(output), Origin.NONE));
  }

  @Test
  void productsCountTwoForEachPairOfFactors() {
    Work work = call(new Op.Dot(), result(Layout.dense(Shape.of(7, 3, 11))), dense(0, 7, 3, 5), dense(1, 7, 5, 11));
    assertEquals(2 * 7 * 3 * 5 * 11, work.flops());
  }

  @Test
  void aSquareReadsItsOperandOnce() {
    assertEquals(25 * Float.BYTES, call(new Op.Dot(), result(Layout.dense(Shape.of(5, 5))), dense(0, 5, 5), dense(0, 5, 5)).bytesRead());
  }

  /** 2 images of 6 channels in 2 groups, 4 filters of 3 channels and 3 x 3, results of 8 x 8. */
  @Test
  void aConvolutionAndItsGradientsCountTheSame() {
    var geometry = new Op.Geometry(List.of(new Op.Spatial(1, 1, 1, 1), new Op.Spatial(1, 1, 1, 1)), 2);
    Shape x = Shape.of(2, 6, 8, 8);
    Shape w = Shape.of(4, 3, 3, 3);
    Shape y = Shape.of(2, 4, 8, 8);
    long flops = 2 * (2 * 4 * 8 * 8) * (3 * 3 * 3);
    assertEquals(flops, call(new Op.Conv(geometry), result(Layout.dense(y)), dense(0, x.dims()), dense(1, w.dims())).flops());
    Op ofInput = new Op.ConvInputGradient(geometry, x);
    assertEquals(flops, call(ofInput, result(Layout.dense(x)), dense(0, y.dims()), dense(1, w.dims())).flops());
    Op ofWeights = new Op.ConvWeightGradient(geometry, w);
    assertEquals(flops, call(ofWeights, result(Layout.dense(w)), dense(0, y.dims()), dense(1, x.dims())).flops());
  }

  @Test
  void reductionsCountTheirInputAndSortingNothing() {
    Operand x = dense(0, 6, 7);
    assertEquals(42, call(new Op.ArgReduce(Op.Fold.MAX, 1), result(Layout.dense(Shape.of(6))), x).flops());
    assertEquals(42, call(new Op.Reduce(Op.Fold.SUM, Axes.of(0)), result(Layout.dense(Shape.of(7))), x).flops());
    assertEquals(0, call(new Op.Sort(1, false), result(Layout.dense(Shape.of(6, 7))), x).flops());
    assertEquals("argmax", call(new Op.ArgReduce(Op.Fold.MAX, 1), result(Layout.dense(Shape.of(6))), x).label());
  }

  private static Instruction negated() {
    Layout dense = Layout.dense(ROWS);
    var kernel = GeneratedKernel.of(List.of(load(0, dense), apply(new Op.Neg(), 0)), ROWS);
    return compute(kernel, List.of(operand(0, dense)), result(dense));
  }

  @Test
  void aChoiceCountsItsLargerPart() {
    Instruction one = negated();
    var predicate = Operand.dense(new BufferRef.Input(3), TensorType.scalar(DType.BOOL));
    Work work = Work.of(new Instruction.Cond(predicate, List.of(one, one), List.of(one), Origin.NONE));
    assertEquals(2 * 20, work.flops());
    assertEquals(2 * 20 * Float.BYTES + 1, work.bytesRead());
    assertEquals(3, work.body().size());
  }

  @Test
  void aLoopThatEndsWhenDataSaySoCountsOnce() {
    Instruction one = negated();
    var holds = Operand.dense(new BufferRef.Temporary(1), TensorType.scalar(DType.BOOL));
    Work work = Work.of(new Instruction.While(List.of(one), holds, List.of(one), Origin.NONE));
    assertEquals(2 * 20, work.flops());
    assertEquals(2 * 20 * Float.BYTES + 1, work.bytesRead());
    assertEquals(2 * 20 * Float.BYTES, work.bytesWritten());
    assertEquals(1, work.repetitions());
  }

  @Test
  void aLoopCountsItsBodyAndItsNumberEachTime() {
    Instruction one = negated();
    var number = Operand.dense(new BufferRef.Temporary(1), TensorType.scalar(DType.I64));
    Work work = Work.of(new Instruction.Loop(35, number, List.of(), List.of(), List.of(one), Origin.NONE));
    assertEquals(35 * 20, work.flops());
    assertEquals(35 * 20 * Float.BYTES, work.bytesRead());
    assertEquals(35 * (20 * Float.BYTES + Long.BYTES), work.bytesWritten());
    assertEquals("loop x35", work.label());
  }
}
