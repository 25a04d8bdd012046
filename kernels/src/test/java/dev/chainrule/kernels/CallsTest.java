package dev.chainrule.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
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
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Instructions as steps of the host. */
class CallsTest {

  private static GpuProgram program(List<TensorType> inputs, List<HostArray> constants, int slices, Instruction... instructions) {
    return GpuProgram.of(new Schedule(List.of(instructions), constants, inputs, List.of(),
        List.of(TensorType.of(DType.F32, 64)), List.of(), List.of(), List.of(), slices, 0), new Target(ProductTiles.USUAL, 1024));
  }

  private static Instruction.Call call(Op op, TensorType out, TensorType... in) {
    List<Operand> inputs = new ArrayList<>();
    for (int i = 0; i < in.length; i++) {
      inputs.add(Operand.dense(new BufferRef.Input(i), in[i]));
    }
    return new Instruction.Call(op, inputs, List.of(Operand.dense(new BufferRef.Output(0), out)), Origin.NONE);
  }

  @Test
  void noWordOfATemplateIsLeft() {
    TensorType f32 = TensorType.of(DType.F32, 4, 4);
    TensorType image = TensorType.of(DType.F32, 2, 3, 5, 5);
    TensorType weights = TensorType.of(DType.F32, 4, 3, 2, 2);
    TensorType result = TensorType.of(DType.F32, 2, 4, 4, 4);
    var geometry = new Op.Geometry(List.of(new Op.Spatial(1, 1, 0, 0), new Op.Spatial(1, 1, 0, 0)), 1);
    TensorType number = TensorType.scalar(DType.I64);
    List<Instruction.Call> calls = List.of(
        call(new Op.Dot(), f32, f32, f32),
        call(new Op.Conv(geometry), result, image, weights),
        call(new Op.ConvInputGradient(geometry, image.shape()), image, result, weights),
        call(new Op.ConvWeightGradient(geometry, weights.shape()), weights, result, image),
        call(new Op.Gather(0), f32, f32, TensorType.of(DType.I32, 4)),
        call(new Op.ArgReduce(Op.Fold.MIN, 0), TensorType.of(DType.I32, 4), f32),
        call(new Op.Cumulate(Op.Fold.PROD, 1, true), f32, f32),
        call(new Op.Overlap(0, 4, 2, 1, 1), TensorType.of(DType.F32, 4), TensorType.of(DType.F32, 3, 2)),
        call(new Op.Pad(List.of(new Op.Edge(1, 1))), TensorType.of(DType.F32, 6), TensorType.of(DType.F32, 4), TensorType.scalar(DType.F32)),
        call(new Op.PhiloxBits(Shape.of(9), 7), TensorType.of(DType.I32, 9), number, number, number));
    for (Instruction.Call call : calls) {
      GpuProgram program = program(call.inputs().stream().map(Operand::type).toList(), List.of(), 0, call);
      assertFalse(program.sources().isEmpty(), call.op().label());
      program.sources().forEach(source -> assertFalse(source.text().contains("$"), source.text()));
    }
  }

  /** A processor's caches hold rows, and it makes vectors of threads. */
  @Test
  void aProcessorGetsThePlainTexts() {
    TensorType type = TensorType.of(DType.F32, 64, 64);
    Operand from = Operand.dense(new BufferRef.Input(0), type);
    KernelExpression x = new KernelExpression.Load(0, DType.F32, from.layout());
    GeneratedKernel elements = GeneratedKernel.of(List.of(x, new KernelExpression.Apply(new Op.Add(), List.of(0, 0), DType.F32)), type.shape());
    var rows = new GeneratedKernel(type.shape(), Axes.of(1), List.of(x, new KernelExpression.Fold(Op.Fold.MAX, 0, DType.F32),
        new KernelExpression.Apply(new Op.Sub(), List.of(0, 1), DType.F32)), List.of(new GeneratedKernel.Result(2, from.layout())), List.of());
    for (GeneratedKernel kernel : List.of(elements, rows)) {
      var compute = new Instruction.Compute(kernel, List.of(from), List.of(Operand.dense(new BufferRef.Output(0), type)), List.of(), List.of());
      var schedule = new Schedule(List.of(compute), List.of(), List.of(type), List.of(), List.of(type), List.of(), List.of(), List.of(), 0, 0);
      assertTrue(text(schedule, Target.Kind.GPU).contains("UNROLL"));
      assertFalse(text(schedule, Target.Kind.PROCESSOR).contains("UNROLL"));
    }
  }

  private static String text(Schedule schedule, Target.Kind kind) {
    return GpuProgram.of(schedule, new Target(ProductTiles.USUAL, 1024, kind)).sources().iterator().next().text();
  }

  @Test
  void literalsAndNumbersLieInTheFixedMemory() {
    HostArray literal = HostArray.ofDoubles(TensorType.of(DType.F32, 3), 1, 2, 3);
    Operand from = Operand.dense(new BufferRef.Constant(0), literal.type());
    Instruction copy = new Instruction.Compute(GeneratedKernel.copy(new KernelExpression.Load(0, DType.F32, from.layout())), List.of(from),
        List.of(Operand.dense(new BufferRef.Output(0), literal.type())), List.of(), List.of());
    GpuProgram program = program(List.of(), List.of(literal), 0, copy);
    MemorySegment fixed = MemorySegment.ofArray(new byte[Math.toIntExact(program.fixedBytes())]);
    program.writeFixed(fixed);
    assertEquals(2, fixed.get(ValueLayout.JAVA_FLOAT_UNALIGNED, Float.BYTES));
    var launch = (Step.Launch) program.instructions().getFirst().getFirst();
    long rows = fixed.get(ValueLayout.JAVA_LONG_UNALIGNED, program.numbersPlace().offset() + (launch.numbers() + 2L) * Long.BYTES);
    assertEquals(3, rows);
  }

  @Test
  void aLoopIsRepeatedOverMovingSlices() {
    TensorType whole = TensorType.of(DType.F32, 3, 4);
    Operand source = Operand.dense(new BufferRef.Input(0), whole);
    var slice = new BufferRef.Slice(0);
    Layout row = source.layout().first();
    Instruction copy = new Instruction.Compute(GeneratedKernel.copy(new KernelExpression.Load(0, DType.F32, row)),
        List.of(new Operand(slice, DType.F32, row)), List.of(Operand.dense(new BufferRef.Output(0), TensorType.of(DType.F32, 4))),
        List.of(), List.of());
    var loop = new Instruction.Loop(3, Operand.dense(new BufferRef.Output(0), TensorType.scalar(DType.I64)),
        List.of(new Instruction.Slice(slice, source)), List.of(), List.of(copy), Origin.NONE);
    var repeat = (Step.Repeat) program(List.of(whole), List.of(), 1, loop).instructions().getFirst().getFirst();
    assertEquals(3, repeat.length());
    assertEquals(16, repeat.slices().getFirst().bytes());
    assertTrue(repeat.body().getFirst() instanceof Step.Launch launch
        && launch.places().getFirst().base() == repeat.slices().getFirst().base());
  }
}
