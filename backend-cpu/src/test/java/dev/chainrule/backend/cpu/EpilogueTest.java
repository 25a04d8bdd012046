package dev.chainrule.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Origin;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.BufferRef;
import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.Layout;
import dev.chainrule.schedule.Operand;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Kernels that go along with another leave the bits that they leave behind it. */
class EpilogueTest {

  private static final BufferRef RESULT = new BufferRef.Output(0);

  /** A call of two inputs. */
  record Case(Op op, DType dtype, Layout x, Layout y) {
    @Override
    public String toString() {
      return op.label() + " " + dtype + x.shape() + y.shape();
    }
  }

  private static Case product(DType dtype, Layout x, Layout y) {
    return new Case(new Op.Dot(), dtype, x, y);
  }

  private static Layout dense(long... shape) {
    return Layout.dense(Shape.of(shape));
  }

  static Stream<Case> cases() {
    var axis = new Op.Spatial(1, 1, 1, 1);
    var padded = new Op.Geometry(List.of(axis, axis), 2);
    return Stream.of(
        product(DType.F32, dense(64, 300), dense(300, 512)),
        product(DType.F32, dense(400, 40), dense(40, 100)),
        product(DType.F32, dense(150, 1100), dense(1100, 2100)),
        product(DType.F32, dense(5, 7), dense(7, 3)),
        product(DType.F32, dense(30, 64).permute(Axes.of(1, 0)), dense(70, 30).permute(Axes.of(1, 0))),
        product(DType.F32, dense(6, 2, 20, 30), dense(6, 2, 30, 40)),
        product(DType.F32, dense(2, 128, 200), dense(2, 200, 100)),
        product(DType.F32, dense(9, 0), dense(0, 11)),
        product(DType.F64, dense(20, 30), dense(30, 10)),
        product(DType.F16, dense(20, 30), dense(30, 10)),
        product(DType.BF16, dense(20, 30), dense(30, 10)),
        product(DType.BF16, dense(130, 300), dense(300, 512)),
        product(DType.BF16, dense(30, 64).permute(Axes.of(1, 0)), dense(70, 30).permute(Axes.of(1, 0))),
        product(DType.BF16, dense(3, 128, 200), dense(3, 200, 100)),
        product(DType.BF16, dense(60, 40), dense(1, 50).expand(Shape.of(40, 50))),
        product(DType.I32, dense(20, 30), dense(30, 10)),
        new Case(new Op.Conv(padded), DType.F32, dense(3, 4, 9, 9), dense(6, 2, 3, 3)),
        new Case(new Op.Conv(padded), DType.BF16, dense(5, 16, 12, 12), dense(16, 8, 3, 3)),
        new Case(new Op.ConvInputGradient(padded, Shape.of(5, 16, 12, 12)), DType.BF16, dense(5, 16, 12, 12), dense(16, 8, 3, 3)),
        new Case(new Op.ConvInputGradient(padded, Shape.of(3, 4, 9, 9)), DType.F32, dense(3, 6, 9, 9), dense(6, 2, 3, 3)),
        new Case(new Op.ConvWeightGradient(padded, Shape.of(6, 2, 3, 3)), DType.F32, dense(3, 6, 9, 9), dense(3, 4, 9, 9)));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void bitsAreThoseOfOneAfterTheOther(Case each) {
    for (boolean inPlace : List.of(false, true)) {
      for (Generation generation : List.of(Generation.OFF, Generation.EAGER)) {
        for (int threads : List.of(1, 3)) {
          try (var device = new CpuDevice(threads, generation)) {
            KernelRun.Outcome expected = run(each, inPlace, false, device);
            KernelRun.Outcome actual = run(each, inPlace, true, device);
            assertEquals(each.dtype.isFloating(), actual.fault().occurred());
            assertEquals(expected.fault().detail(), actual.fault().detail());
            for (int i = 0; i < expected.outputs().size() - 1; i++) { // the last is the workspace
              assertEquals(expected.outputs().get(i), actual.outputs().get(i), each + " on " + threads + ", output " + i);
            }
          }
        }
      }
    }
  }

  private static KernelRun.Outcome run(Case each, boolean inPlace, boolean along, CpuDevice device) {
    HostArray x = array(each.dtype, each.x, 1);
    HostArray y = array(each.dtype, each.y, 2);
    Node node = Ops.node(each.op, Ops.input(HostArray.zeros(new TensorType(each.dtype, each.x.shape()))),
        Ops.input(HostArray.zeros(new TensorType(each.dtype, each.y.shape()))));
    TensorType type = node.type();
    WrittenKernel kernel = kernel(type);
    List<TensorType> types = node.inputs().stream().map(Node::type).toList();
    var scratch = TensorType.of(DType.U8, device.nativeKernel(each.op, types, List.of(type)).orElseThrow().workspaceBytes());
    var workspace = Operand.dense(new BufferRef.Output(1 + kernel.outputs().size()), scratch);
    var call = new Instruction.Call(each.op, List.of(new Operand(new BufferRef.Input(0), each.dtype, each.x),
        new Operand(new BufferRef.Input(1), each.dtype, each.y)), List.of(Operand.dense(RESULT, type)), List.of(workspace), Origin.NONE);
    Instruction.Compute epilogue = onResult(kernel.compute(2, 1), inPlace);
    List<Instruction> instructions = along ? List.of(new Instruction.WithEpilogue(call, epilogue)) : List.of(call, epilogue);
    List<HostArray> inputs = new ArrayList<>(List.of(x, y));
    inputs.addAll(kernel.inputs());
    List<HostArray> outputs = new ArrayList<>(List.of(HostArray.zeros(type)));
    outputs.addAll(kernel.outputs());
    outputs.add(HostArray.zeros(scratch));
    return new KernelRun(instructions, inputs, outputs).on(device);
  }

  private static HostArray array(DType dtype, Layout layout, int seed) {
    return Samples.plainArray(dtype, seed, layout.shape().elements());
  }

  /** max(result, bias) + residual, with the residual read backwards, and where the bias is the larger; a check that faults. */
  private static WrittenKernel kernel(TensorType type) {
    var kernel = new WrittenKernel(type.shape(), Axes.NONE);
    int result = kernel.load(HostArray.zeros(type), Layout.dense(type.shape()));
    int bias = RandomKernels.load(kernel, type.dtype(), new Random(7), false);
    int residual = RandomKernels.load(kernel, type.dtype(), new Random(8), false);
    int y = kernel.apply(new Op.Add(), kernel.apply(new Op.Max(), result, bias), residual);
    kernel.result(y);
    kernel.result(kernel.apply(new Op.Less(), result, bias));
    if (type.dtype().isFloating()) {
      kernel.check(kernel.apply(new Op.Div(), y, kernel.apply(new Op.Sub(), residual, residual)));
    }
    return kernel;
  }

  /** The first argument is the call's result; in place, the first output lies there, too. */
  private static Instruction.Compute onResult(Instruction.Compute compute, boolean inPlace) {
    GeneratedKernel kernel = compute.kernel();
    List<Operand> arguments = new ArrayList<>(compute.arguments());
    arguments.set(0, new Operand(RESULT, arguments.getFirst().dtype(), arguments.getFirst().layout()));
    List<Operand> outputs = new ArrayList<>(compute.outputs());
    if (inPlace) {
      outputs.set(0, new Operand(RESULT, outputs.getFirst().dtype(), outputs.getFirst().layout()));
    }
    return new Instruction.Compute(kernel, arguments, outputs, compute.checks(), compute.origins());
  }
}
