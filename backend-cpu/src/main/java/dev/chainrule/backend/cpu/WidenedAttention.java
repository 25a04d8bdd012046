package dev.chainrule.backend.cpu;

import dev.chainrule.device.NativeKernel;
import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.KernelExpression;
import dev.chainrule.schedule.Layout;
import dev.chainrule.schedule.Operand;
import dev.chainrule.schedule.Schedule;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * {@code attention} of 16-bit floats as instructions on a workspace: operands widened, the attention in F32, its results rounded. Those
 * are the bits of its body, which computes in F32 as well. Traffic: beside the attention's, operands and results once more, and once more
 * in F32.
 */
final class WidenedAttention {

  private WidenedAttention() {}

  /** Empty where there is no kernel for the same in F32. */
  static Optional<NativeKernel> support(Op.Composite op, List<TensorType> in, List<TensorType> out, Parts parts) {
    if (!isNarrow(in)) {
      return Optional.empty();
    }
    long wide = bytes(in) + bytes(out);
    return Attention.support(op, wide(in), parts).map(kernel -> new NativeKernel(true, false, aligned(kernel.workspaceBytes()) + wide));
  }

  static boolean isNarrow(List<TensorType> in) {
    return WidenedProduct.widens(in.getFirst().dtype()) && in.stream().allMatch(type -> type.dtype() == in.getFirst().dtype());
  }

  /** The workspace begins with that of the attention in F32. */
  static List<Instruction> instructions(Op.Composite op, Instruction.Call call, Parts parts) {
    Operand workspace = call.workspace().getFirst();
    List<TensorType> in = wide(call.inputs().stream().map(Operand::type).toList());
    long at = aligned(Attention.support(op, in, parts).orElseThrow().workspaceBytes());
    List<Operand> operands = new ArrayList<>();
    for (Operand operand : concat(call.inputs(), call.outputs())) {
      operands.add(new Operand(workspace.buffer(), DType.F32, at(at / Float.BYTES, operand.shape())));
      at += bytes(operand.type());
    }
    int inputs = in.size();
    List<Instruction> all = new ArrayList<>();
    for (int i = 0; i < inputs; i++) {
      all.add(cast(call.inputs().get(i), operands.get(i), call));
    }
    all.add(new Instruction.Call(op, operands.subList(0, inputs), operands.subList(inputs, operands.size()), call.workspace(), call.origin()));
    for (int i = 0; i < call.outputs().size(); i++) {
      all.add(cast(operands.get(inputs + i), call.outputs().get(i), call));
    }
    return all;
  }

  private static List<Operand> concat(List<Operand> first, List<Operand> second) {
    List<Operand> all = new ArrayList<>(first);
    all.addAll(second);
    return all;
  }

  private static Instruction cast(Operand from, Operand to, Instruction.Call call) {
    List<KernelExpression> values = List.of(new KernelExpression.Load(0, from.dtype(), from.layout()),
        new KernelExpression.Apply(new Op.Cast(to.dtype()), List.of(0), to.dtype()));
    var kernel = new GeneratedKernel(to.shape(), Axes.NONE, values, List.of(new GeneratedKernel.Result(1, to.layout())), List.of());
    return new Instruction.Compute(kernel, List.of(from), List.of(to), List.of(), List.of(call.origin()));
  }

  /** Dense from an element on. */
  private static Layout at(long first, Shape shape) {
    Layout line = Layout.dense(Shape.of(first + shape.elements()));
    return line.slice(List.of(new Op.Range(first, shape.elements(), 1))).reshape(shape).orElseThrow();
  }

  private static List<TensorType> wide(List<TensorType> types) {
    return types.stream().map(type -> new TensorType(DType.F32, type.shape())).toList();
  }

  /** Of tensors in F32. */
  private static long bytes(List<TensorType> types) {
    return types.stream().mapToLong(WidenedAttention::bytes).sum();
  }

  private static long bytes(TensorType type) {
    return aligned(type.elements() * Float.BYTES);
  }

  private static long aligned(long bytes) {
    return (bytes + Schedule.ALIGNMENT - 1) / Schedule.ALIGNMENT * Schedule.ALIGNMENT;
  }
}
