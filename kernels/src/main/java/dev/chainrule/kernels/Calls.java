package dev.chainrule.kernels;

import dev.chainrule.device.NativeKernel;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Philox;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.KernelExpression;
import dev.chainrule.schedule.Layout;
import dev.chainrule.schedule.Operand;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Which operations have a kernel written by hand, and the launches of each. */
final class Calls {

  private static final Optional<NativeKernel> STRIDED = Optional.of(new NativeKernel(true, false));
  private static final Optional<NativeKernel> DENSE = Optional.of(new NativeKernel(false, false));

  private Calls() {}

  static Optional<NativeKernel> support(Op op, List<TensorType> in, List<TensorType> out) {
    return switch (op) {
      case Op.Reduce _ -> STRIDED;
      case Op.Dot _ -> Optional.of(new NativeKernel(true, true, ProductCalls.workspaceBytes(op, in, out.getFirst())));
      case Op.ArgReduce _, Op.Cumulate _, Op.Pad _, Op.Gather _, Op.PhiloxBits _, Op.Overlap _ -> DENSE;
      // Rows and columns of the product are divided as numbers of 32 bits.
      case Op.Conv _, Op.ConvInputGradient _, Op.ConvWeightGradient _ ->
          Stream.concat(in.stream(), out.stream()).allMatch(type -> type.elements() <= Integer.MAX_VALUE)
              ? Optional.of(new NativeKernel(false, true, ProductCalls.workspaceBytes(op, in, out.getFirst()))) : Optional.empty();
      case Op.Sort _ -> Optional.of(new NativeKernel(false, false, LineCalls.sortBytes(in.getFirst())));
      case Op.ScatterAdd(int axis) -> Optional.of(new NativeKernel(false, false, IndexCalls.listBytes(axis, in)));
      case Op.Composite composite -> AttentionCalls.support(composite, in);
      case Op.Pointwise _, Op.Source _, Op.Reshape _, Op.Permute _, Op.Expand _, Op.Slice _, Op.Window _, Op.Concat _, Op.Result _,
          Op.Loop _, Op.While _, Op.Cond _, Op.Copy _, Op.Barrier _ -> Optional.empty();
    };
  }

  static void launch(Instruction.Call call, Launches to) {
    List<Operand> in = call.inputs();
    Operand out = call.outputs().getFirst();
    switch (call.op()) {
      case Op.Reduce reduce -> reduce(reduce, in.getFirst(), out, to);
      case Op.Dot _, Op.Conv _, Op.ConvInputGradient _, Op.ConvWeightGradient _ -> ProductCalls.launch(call, Optional.empty(), to);
      case Op.Gather(int axis) -> IndexCalls.gather(axis, in.get(0), in.get(1), out, to);
      case Op.ScatterAdd(int axis) -> IndexCalls.scatterAdd(axis, in, call.workspace().stream().findFirst(), out, to);
      case Op.ArgReduce arg -> LineCalls.argReduce(arg, in.getFirst(), out, to);
      case Op.Cumulate cumulate -> LineCalls.cumulate(cumulate, in.getFirst(), out, to);
      case Op.Sort sort -> {
        if (!call.workspace().isEmpty()) { // there are elements
          LineCalls.sort(sort, in.getFirst(), call.workspace().getFirst(), call.outputs(), to);
        }
      }
      case Op.Overlap overlap -> LineCalls.overlap(overlap, in.getFirst(), out, to);
      case Op.Pad pad -> pad(pad, in.get(0), in.get(1), out, to);
      case Op.PhiloxBits(var _, long stream) -> philox(stream, in, out, to);
      case Op.Composite composite -> AttentionCalls.launch(composite, call, to);
      case Op.Pointwise _, Op.Source _, Op.Reshape _, Op.Permute _, Op.Expand _, Op.Slice _, Op.Window _, Op.Concat _, Op.Result _,
          Op.Loop _, Op.While _, Op.Cond _, Op.Copy _, Op.Barrier _ ->
          throw new IllegalStateException("no kernel for " + call.op().label());
    }
  }

  /** Of nothing, or along no axes; or a kernel that the planner would not generate. */
  private static void reduce(Op.Reduce op, Operand x, Operand out, Launches to) {
    Shape domain = x.shape();
    if (domain.elements() == 0) {
      to.each(out.shape().elements(), Template.of("fill.cl").on(out.dtype())
          .with("value", ElementType.of(out.dtype()).neutral(op.fold())), List.of(out), out.shape().elements());
    } else if (op.axes().count() == 0) {
      var load = new KernelExpression.Load(0, x.dtype(), x.layout());
      to.generated(x.dtype() == out.dtype() ? GeneratedKernel.copy(load) : GeneratedKernel.of(
          List.of(load, new KernelExpression.Apply(new Op.Cast(out.dtype()), List.of(0), out.dtype())), domain), List.of(x), List.of(out));
    } else {
      var kernel = new GeneratedKernel(domain, op.axes(), List.of(new KernelExpression.Load(0, x.dtype(), x.layout()),
          new KernelExpression.Fold(op.fold(), 0, out.dtype())), List.of(new GeneratedKernel.Result(1, Layout.folded(domain, op.axes()))),
          List.of());
      to.generated(kernel, List.of(x), List.of(out));
    }
  }

  private static void pad(Op.Pad op, Operand x, Operand scalar, Operand out, Launches to) {
    int rank = out.shape().rank();
    long elements = out.shape().elements();
    long[] numbers = new long[2 + 3 * rank];
    numbers[0] = elements;
    numbers[1] = rank;
    for (int axis = 0; axis < rank; axis++) {
      numbers[2 + 3 * axis] = out.shape().dim(axis);
      numbers[3 + 3 * axis] = x.shape().dim(axis);
      numbers[4 + 3 * axis] = op.edges().get(axis).low();
    }
    to.each(elements, Template.of("pad.cl").moving(x.dtype()).counting(elements), List.of(x, scalar, out), numbers);
  }

  private static void philox(long stream, List<Operand> in, Operand out, Launches to) {
    long elements = out.shape().elements();
    to.each(Math.ceilDiv(elements, 4), Template.of("philox.cl"), List.of(in.get(0), in.get(1), in.get(2), out),
        elements, Philox.mix(stream));
  }

  /** Whether kernels of the operation compute in the type. */
  static boolean computes(Op op, DType dtype) {
    return switch (op) {
      case Op.Gather _, Op.Pad _ -> false;
      default -> dtype == DType.F64;
    };
  }
}
