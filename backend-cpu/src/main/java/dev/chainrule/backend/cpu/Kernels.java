package dev.chainrule.backend.cpu;

import dev.chainrule.device.NativeKernel;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.Operand;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Which operations have a kernel of their own, and the kernel of each instruction. */
final class Kernels {

  private static final Optional<NativeKernel> STRIDED = Optional.of(new NativeKernel(true, false));
  private static final Optional<NativeKernel> DENSE = Optional.of(new NativeKernel(false, false));

  private static final Place NOWHERE = new Place(0, 0);

  private final Bases bases;
  private final CpuDevice.Machine machine;
  private final VectorSwitch vectors;

  Kernels(Bases bases, CpuDevice.Machine machine, VectorSwitch vectors) {
    this.bases = bases;
    this.vectors = vectors;
    this.machine = machine;
  }

  static Optional<NativeKernel> support(Op op, List<TensorType> in, List<TensorType> out, CpuDevice.Machine machine) {
    return switch (op) {
      case Op.Reduce reduce -> ChannelSums.support(reduce, in.getFirst()).or(() -> STRIDED);
      case Op.ArgReduce _, Op.Cumulate _, Op.ScatterAdd _, Op.Sort _, Op.Pad _ -> STRIDED;
      case Op.Gather _, Op.PhiloxBits _, Op.Overlap _ -> DENSE;
      case Op.Dot _ -> Optional.of(new NativeKernel(true, true, MatrixProduct.workspaceBytes(in, out.getFirst(), machine.natives())));
      case Op.Conv _, Op.ConvInputGradient _, Op.ConvWeightGradient _ ->
          Optional.of(Convolution.support(op, in, out.getFirst(), machine));
      case Op.Composite composite when Attention.isNamed(composite) -> Attention.support(composite, in, machine.parts())
          .or(() -> WidenedAttention.support(composite, in, out, machine.parts()));
      case Op.Composite composite -> MaxPooling.support(composite, in);
      case Op.Pointwise _, Op.Source _, Op.Reshape _, Op.Permute _, Op.Expand _, Op.Slice _, Op.Window _, Op.Concat _, Op.Result _,
          Op.Loop _, Op.While _, Op.Cond _, Op.Copy _, Op.Barrier _ -> Optional.empty();
    };
  }

  Kernel link(Instruction instruction) {
    return switch (instruction) {
      case Instruction.Compute compute -> generated().link(List.of(compute));
      case Instruction.Group(var kernels) -> generated().link(kernels);
      case Instruction.Call call -> call(call, null);
      case Instruction.WithEpilogue both -> withEpilogue(both);
      case Instruction.Loop loop -> LoopRows.of(loop, bases.schedule())
          .filter(rows -> SharedRepetition.isBetter(rows, machine.workers().threads()))
          .<Kernel>map(this::sharedRepetition).orElseGet(() -> repetition(loop));
      case Instruction.While(var condition, Operand holds, var body, _) ->
          repeatWhile(new Flag(holds, bases), linked(condition), linked(body));
      case Instruction.Cond(Operand predicate, var then, var otherwise, _) ->
          choice(new Flag(predicate, bases), linked(then), linked(otherwise));
    };
  }

  /** Kernels that compute floats take the other along; what they widen and narrow, and the others, leave it for later. */
  private Kernel withEpilogue(Instruction.WithEpilogue both) {
    Instruction.Call call = both.call();
    TensorType result = both.result().type();
    boolean goesAlong = switch (call.op()) {
      case Op.Dot _ -> MatrixProduct.takesAlong(types(call.inputs()), result, machine.natives());
      case Op.Conv _, Op.ConvInputGradient _, Op.ConvWeightGradient _ ->
          Convolution.takesAlong(call.op(), types(call.inputs()), result, machine);
      default -> result.dtype() == DType.F32;
    };
    return goesAlong ? call(call, generated().epilogue(both.epilogue()))
        : linked(List.of(call, both.epilogue()));
  }

  private GeneratedKernels generated() {
    return new GeneratedKernels(bases, machine.parts(), vectors);
  }

  private Kernel linked(List<Instruction> instructions) {
    return Sequence.of(instructions.stream().map(this::link).toList());
  }

  private Repetition repetition(Instruction.Loop loop) {
    return new Repetition(loop, linked(loop.body()), bases);
  }

  /** As many rows for each thread. */
  private Kernel sharedRepetition(LoopRows rows) {
    int threads = machine.workers().threads();
    List<Repetition> shares = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      Instruction.Loop own = rows.range(rows.count() * i / threads, rows.count() * (i + 1) / threads);
      shares.add(new Kernels(bases, machine.alone().get(i), vectors).repetition(own));
    }
    return new SharedRepetition(shares, bases.count(), machine.workers());
  }

  private static Kernel choice(Flag predicate, Kernel then, Kernel otherwise) {
    return frame -> (predicate.isSet(frame) ? then : otherwise).run(frame);
  }

  private static Kernel repeatWhile(Flag holds, Kernel condition, Kernel body) {
    return frame -> {
      condition.run(frame);
      while (holds.isSet(frame) && !frame.faults().occurred()) { // what it looks at may be wrong for ever
        body.run(frame);
        condition.run(frame);
      }
    };
  }

  private Kernel shared(RangeKernel kernel) {
    return machine.parts().loop(kernel);
  }

  /** Kernels write there without looking. */
  private Place workspace(Instruction.Call call) {
    long needed = support(call.op(), types(call.inputs()), types(call.outputs()), machine).map(NativeKernel::workspaceBytes).orElse(0L);
    long given = call.workspace().stream().mapToLong(operand -> operand.type().bytes()).sum();
    if (given < needed) {
      throw new IllegalStateException("[cpu] " + call.op().label() + " needs a workspace of " + needed + " bytes and has " + given);
    }
    return needed == 0 ? NOWHERE : bases.place(call.workspace().getFirst().buffer());
  }

  private static List<TensorType> types(List<Operand> operands) {
    return operands.stream().map(Operand::type).toList();
  }

  private Kernel call(Instruction.Call call, @Nullable Epilogue epilogue) {
    List<Operand> in = call.inputs();
    Operand result = call.outputs().getFirst();
    Place workspace = workspace(call);
    return switch (call.op()) {
      case Op.Reduce _ when ChannelSums.takes(in.get(0), call.workspace()) ->
          ChannelSums.of(in.get(0), result, workspace, bases, machine.parts());
      case Op.Reduce reduce -> generated().reduction(reduce, in.get(0), result);
      case Op.ArgReduce arg -> shared(new ArgReduction(arg, in.get(0), result, bases));
      case Op.Cumulate cumulate -> shared(new Cumulation(cumulate, in.get(0), result, bases));
      case Op.Sort sort -> shared(new Sorting(sort, in.get(0), result, call.outputs().get(1), bases));
      case Op.Pad pad -> Assembling.pad(pad, in.get(0), in.get(1), result, bases, machine.parts());
      case Op.Overlap overlap -> shared(new OverlapAddition(overlap, in.get(0), result, bases));
      case Op.Dot _ -> MatrixProduct.of(in.get(0), in.get(1), result, workspace, epilogue, bases, machine);
      case Op.Gather(int axis) -> Gathering.kernel(axis, in.get(0), in.get(1), result, bases, machine.parts());
      case Op.ScatterAdd(int axis) ->
          ScatterAddition.kernel(axis, in.get(0), in.get(1), in.get(2), result, bases, machine.parts());
      case Op.PhiloxBits(_, long stream) ->
          shared(new PhiloxKernel(stream, in.get(0), in.get(1), in.get(2), result, bases));
      case Op.Conv conv -> Convolution.forward(conv, in.get(0), in.get(1), result, workspace, epilogue, bases, machine);
      case Op.ConvInputGradient conv -> Convolution.inputGradient(conv, in.get(0), in.get(1), result, workspace, epilogue, bases, machine);
      case Op.ConvWeightGradient conv ->
          Convolution.weightGradient(conv, in.get(0), in.get(1), result, workspace, bases, machine);
      case Op.Composite composite when Attention.isNamed(composite) && WidenedAttention.isNarrow(types(in)) ->
          linked(WidenedAttention.instructions(composite, call, machine.parts()));
      case Op.Composite composite when Attention.isNamed(composite) ->
          shared(Attention.of(composite, in, call.outputs(), workspace, bases, machine, vectors));
      case Op.Composite composite when !in.get(0).layout().isContiguous() ->
          shared(ChannelPooling.of(composite, in, result, epilogue, generated()));
      case Op.Composite composite -> shared(MaxPooling.of(composite, in, result, workspace, epilogue, bases));
      case Op.Pointwise _, Op.Source _, Op.Reshape _, Op.Permute _, Op.Expand _, Op.Slice _, Op.Window _, Op.Concat _, Op.Result _,
          Op.Loop _, Op.While _, Op.Cond _, Op.Copy _, Op.Barrier _ ->
          throw new IllegalStateException("[cpu] no kernel for " + call.op().label());
    };
  }
}
