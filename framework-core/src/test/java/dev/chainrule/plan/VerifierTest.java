package dev.chainrule.plan;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Origin;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.BufferRef;
import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.KernelExpression;
import dev.chainrule.schedule.Layout;
import dev.chainrule.schedule.Operand;
import dev.chainrule.schedule.Schedule;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Plans with planted faults, each of which the verifier names; the plans of all other tests pass it when they are made. */
class VerifierTest {

  private static final TensorType TYPE = TensorType.of(DType.F32, 4, 4);
  private static final TensorType FLAG = TensorType.scalar(DType.BOOL);
  private static final TensorType NUMBER = TensorType.scalar(DType.I64);

  private static Operand temporary(int id) {
    return Operand.dense(new BufferRef.Temporary(id), TYPE);
  }

  private static Operand output() {
    return Operand.dense(new BufferRef.Output(0), TYPE);
  }

  private static Operand input() {
    return Operand.dense(new BufferRef.Input(0), TYPE);
  }

  private static Operand state(int slot) {
    return Operand.dense(new BufferRef.State(slot), TYPE);
  }

  private static Instruction call(Operand to, Operand... from) {
    return new Instruction.Call(new Op.Neg(), List.of(from), List.of(to), Origin.NONE);
  }

  /** Temporaries of 64 bytes at the offsets given; the last two are a flag and a number. */
  private static Schedule schedule(List<Long> offsets, Instruction... instructions) {
    List<Long> all = new ArrayList<>(offsets);
    List<Long> sizes = new ArrayList<>(offsets.stream().map(_ -> TYPE.bytes()).toList());
    all.addAll(List.of(1024L, 1088L));
    sizes.addAll(List.of(FLAG.bytes(), NUMBER.bytes()));
    return new Schedule(List.of(instructions), List.of(), List.of(TYPE), List.of(TYPE, TYPE), List.of(TYPE), List.of(), sizes, all, 2, 1152);
  }

  private static void rejected(String problem, Schedule schedule) {
    var e = assertThrows(IllegalStateException.class, () -> Verifier.verify(schedule));
    assertTrue(String.valueOf(e.getMessage()).contains(problem), e.getMessage());
  }

  @Test
  void whatIsRightPasses() {
    Verifier.verify(schedule(List.of(0L, 64L, 0L), call(temporary(0), input()), call(temporary(1), temporary(0)),
        call(temporary(2), temporary(1)), call(output(), temporary(2)), Lowering.copy(temporary(2), state(0), Origin.NONE)));
  }

  @Test
  void overlappingLivesAreFound() {
    rejected("reads temporary 0, whose bytes hold temporary 1", schedule(List.of(0L, 0L), call(temporary(0), input()),
        call(temporary(1), input()), call(output(), temporary(0), temporary(1))));
  }

  @Test
  void anInstructionThatWritesWhereItReadsIsFound() {
    rejected("whose bytes hold temporary 1", schedule(List.of(0L, 0L), call(temporary(0), input()), call(temporary(1), temporary(0))));
  }

  @Test
  void whatNobodyWroteIsFound() {
    rejected("nobody has written", schedule(List.of(0L), call(output(), temporary(0))));
    rejected("which has not been written", schedule(List.of(0L), call(temporary(0), output())));
  }

  private static Operand half(Operand whole, int number) {
    return whole.with(whole.layout().slice(List.of(new Op.Range(2 * number, 2, 1), new Op.Range(0, 4, 1))));
  }

  @Test
  void partsThatAreMissingOrLostAreFound() {
    Instruction first = Lowering.copy(half(input(), 0), half(temporary(0), 0), Origin.NONE);
    Instruction second = Lowering.copy(half(input(), 1), half(temporary(0), 1), Origin.NONE);
    Instruction read = call(output(), temporary(0));
    Verifier.verify(schedule(List.of(0L), first, second, read));
    rejected("parts of which nobody has written", schedule(List.of(0L), first, read));
    rejected("whose first has been lost", schedule(List.of(0L, 0L), first, call(temporary(1), input()), second, read));
  }

  @Test
  void aWrongLayoutIsFound() {
    Operand beyond = input().with(Layout.dense(Shape.of(4, 4)).slice(List.of(new Op.Range(1, 4, 1), new Op.Range(0, 4, 1))));
    rejected("reaches elements 4 to 19", schedule(List.of(), call(output(), beyond)));
    Operand before = input().with(Layout.dense(Shape.of(4, 4)).slice(List.of(new Op.Range(2, 4, -1), new Op.Range(0, 4, 1))));
    rejected("reaches elements -4 to 11", schedule(List.of(), call(output(), before)));
    Verifier.verify(schedule(List.of(), call(output(), input().with(Layout.dense(Shape.of(4, 4)).permute(Axes.of(1, 0))))));
  }

  @Test
  void aVariableWrittenTooEarlyIsFound() {
    rejected("writes a variable", schedule(List.of(), call(state(0), input())));
    rejected("comes after a commit", schedule(List.of(0L), call(temporary(0), input()),
        Lowering.copy(temporary(0), state(0), Origin.NONE), call(output(), state(0))));
    rejected("which has been overwritten",
        schedule(List.of(), Lowering.copy(state(1), state(0), Origin.NONE), Lowering.copy(state(0), state(1), Origin.NONE)));
  }

  @Test
  void anEpilogueThatIsNotItsCallsIsFound() {
    Operand result = temporary(0);
    Verifier.verify(schedule(List.of(0L), withEpilogue(result, result, input())));
    Verifier.verify(schedule(List.of(0L), withEpilogue(result, output(), input())));
    Operand turned = result.with(result.layout().permute(Axes.of(1, 0)));
    rejected("that reaches", schedule(List.of(0L), withEpilogue(turned, output(), input())));
    rejected("that reaches", schedule(List.of(0L), withEpilogue(result, turned, input())));
    rejected("writes the same bytes twice", schedule(List.of(0L, 0L), withEpilogue(result, temporary(1), input())));
    rejected("nobody has written", schedule(List.of(0L, 64L), withEpilogue(result, output(), temporary(1))));
    rejected("which has not been written", schedule(List.of(0L), withEpilogue(result, output(), output())));
    rejected("writes a variable", schedule(List.of(0L), withEpilogue(result, state(0), input())));
  }

  @Test
  void aCallWhoseResultIsNotDenseIsFound() {
    Operand turned = output().with(output().layout().permute(Axes.of(1, 0)));
    rejected("that is not dense", schedule(List.of(), call(turned, input())));
  }

  @Test
  void anEpilogueThatReadsWhatItsCallOverwroteIsFound() {
    Operand read = temporary(1);
    rejected("whose bytes hold temporary 0", schedule(List.of(0L, 0L), call(read, input()), withEpilogue(temporary(0), temporary(0), read)));
    Operand written = temporary(2);
    Verifier.verify(schedule(List.of(0L, 64L, 64L), call(read, input()), withEpilogue(temporary(0), written, read)));
  }

  @Test
  void aKernelThatWritesElementsTwiceIsFound() {
    Layout wide = Layout.dense(Shape.of(4, 4));
    Verifier.verify(schedule(List.of(0L), halves(wide.slice(columns(0)), wide.slice(columns(2)))));
    rejected("writes the same elements twice", schedule(List.of(0L), halves(wide.slice(columns(0)), wide.slice(columns(1)))));
  }

  private static List<Op.Range> columns(long first) {
    return List.of(new Op.Range(0, 4, 1), new Op.Range(first, 2, 1));
  }

  /** The first columns of the input twice, to temporary 0. */
  private static Instruction halves(Layout one, Layout other) {
    Operand read = input().with(Layout.dense(Shape.of(4, 4)).slice(columns(0)));
    var kernel = new GeneratedKernel(read.shape(), Axes.NONE, List.of(new KernelExpression.Load(0, DType.F32, read.layout())),
        List.of(new GeneratedKernel.Result(0, one), new GeneratedKernel.Result(0, other)), List.of());
    return new Instruction.Compute(kernel, List.of(read), List.of(temporary(0).with(one), temporary(0).with(other)), List.of(), List.of());
  }

  /** A call that leaves temporary 0, and a sum of what {@code read} says and {@code other} behind it. */
  private static Instruction withEpilogue(Operand read, Operand written, Operand other) {
    List<KernelExpression> values = List.of(new KernelExpression.Load(0, DType.F32, read.layout()), new KernelExpression.Load(1, DType.F32, other.layout()),
        new KernelExpression.Apply(new Op.Add(), List.of(0, 1), DType.F32));
    var kernel = new GeneratedKernel(read.shape(), Axes.NONE, values, List.of(new GeneratedKernel.Result(2, written.layout())), List.of());
    return new Instruction.WithEpilogue((Instruction.Call) call(temporary(0), input()),
        new Instruction.Compute(kernel, List.of(read, other), List.of(written), List.of(), List.of()));
  }

  @Test
  void whatALoopNeedsAtItsSecondRepetitionIsFound() {
    Operand number = Operand.dense(new BufferRef.Temporary(3), NUMBER);
    // Temporary 1 is written over temporary 0 when that has been read for the first time, not for the last.
    Instruction loop = new Instruction.Loop(3, number, List.of(), List.of(),
        List.of(call(output(), temporary(0)), call(temporary(1), input())), Origin.NONE);
    rejected("reads temporary 0, whose bytes hold temporary 1", schedule(List.of(0L, 0L), call(temporary(0), input()), loop));
    Verifier.verify(schedule(List.of(0L, 64L), call(temporary(0), input()), loop));
  }

  @Test
  void whatOnlyOnePartOfAChoiceWroteIsFound() {
    Operand flag = Operand.dense(new BufferRef.Temporary(1), FLAG);
    Instruction set = new Instruction.Call(new Op.Neg(), List.of(), List.of(flag), Origin.NONE);
    rejected("nobody has written", schedule(List.of(0L), set,
        new Instruction.Cond(flag, List.of(call(temporary(0), input())), List.of(), Origin.NONE), call(output(), temporary(0))));
    Verifier.verify(schedule(List.of(0L), set, new Instruction.Cond(flag, List.of(call(temporary(0), input())),
        List.of(call(temporary(0), input())), Origin.NONE), call(output(), temporary(0))));
  }

  @Test
  void whatOnlyRepetitionsOfAWhileWriteIsFound() {
    Operand flag = Operand.dense(new BufferRef.Temporary(1), FLAG);
    List<Instruction> condition = List.of(new Instruction.Call(new Op.Neg(), List.of(), List.of(flag), Origin.NONE));
    Instruction loop = new Instruction.While(condition, flag, List.of(call(temporary(0), input())), Origin.NONE);
    rejected("nobody has written", schedule(List.of(0L), loop, call(output(), temporary(0))));
    Verifier.verify(schedule(List.of(0L), call(temporary(0), input()), loop, call(output(), temporary(0))));
  }

  @Test
  void aSliceThatLeavesItsWholeIsFound() {
    var part = new BufferRef.Slice(0);
    Operand number = Operand.dense(new BufferRef.Temporary(1), NUMBER);
    Operand row = new Operand(part, DType.F32, Layout.dense(Shape.of(5)));
    rejected("reaches elements 0 to 16", schedule(List.of(), new Instruction.Loop(4, number,
        List.of(new Instruction.Slice(part, input())), List.of(), List.of(call(output(), row)), Origin.NONE)));
  }
}
