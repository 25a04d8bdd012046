package dev.chainrule.plan;

import dev.chainrule.device.Device;
import dev.chainrule.device.NativeKernel;
import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.BufferRef;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.KernelExpression;
import dev.chainrule.schedule.Layout;
import dev.chainrule.schedule.Operand;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Has temporaries [samples, channels, spatial...] lie in memory with their channels last where convolutions like that, as far as nobody
 * minds: the device's kernels that touch them take them so, kernels without folds go through them in that order, and sums over all but
 * the channels are calls of a kernel that does. All else stays dense. Values do not change, nor does the order in which they are added.
 */
final class ChannelsLast {

  private final List<Instruction> instructions;
  private final Device device;
  private final Lowering.Buffers buffers;

  /** What the device has said, by identity. */
  private final Map<Instruction.Call, NativeKernel.ChannelsLast> liked = new IdentityHashMap<>();

  /** Temporaries that may lie so, by their dense shapes. */
  private final Map<BufferRef, Shape> candidates = new LinkedHashMap<>();

  /** Dense tensors' copies that lie so; only of what is written once. */
  private final Map<Operand, Operand> copies = new HashMap<>();
  private final Map<BufferRef, Integer> writes = new HashMap<>();

  private ChannelsLast(List<Instruction> instructions, Device device, Lowering.Buffers buffers) {
    this.instructions = instructions;
    this.device = device;
    this.buffers = buffers;
  }

  static List<Instruction> of(List<Instruction> instructions, Device device, Lowering.Buffers buffers) {
    var pass = new ChannelsLast(instructions, device, buffers);
    return pass.finds() ? pass.rearranged() : instructions;
  }

  // --- which ---------------------------------------------------------------------------------------------------------------------------

  /** Whether there are any. */
  private boolean finds() {
    if (instructions.stream().noneMatch(i -> i instanceof Instruction.Call call && isSeed(call))) {
      return false;
    }
    Set<BufferRef> others = new HashSet<>();
    instructions.forEach(instruction -> collect(instruction, others));
    candidates.keySet().removeAll(others);
    boolean changed = true;
    while (changed) {
      changed = false;
      for (Instruction instruction : instructions) {
        changed |= candidates.keySet().removeAll(minded(instruction));
      }
    }
    candidates.keySet().retainAll(reached());
    return !candidates.isEmpty();
  }

  /** A call that likes it whatever its other operands do. */
  private boolean isSeed(Instruction.Call call) {
    NativeKernel.ChannelsLast likes = likes(call);
    return !likes.together() && !likes.operands().isEmpty();
  }

  /** Dense temporaries of at least three axes become candidates, all others that are touched {@code others}. */
  private void collect(Instruction instruction, Set<BufferRef> others) {
    boolean simple = instruction instanceof Instruction.Call || instruction instanceof Instruction.Compute;
    operands(instruction).forEach(operand -> {
      Shape shape = operand.shape();
      boolean fits = simple && operand.buffer() instanceof BufferRef.Temporary && shape.rank() >= 3
          && operand.layout().equals(Layout.dense(shape)) && shape.equals(candidates.getOrDefault(operand.buffer(), shape));
      if (fits) {
        candidates.put(operand.buffer(), shape);
      } else {
        others.add(operand.buffer());
      }
    });
    instruction.bodies().forEach(body -> body.forEach(inner -> operands(inner).forEach(operand -> others.add(operand.buffer()))));
  }

  private static Stream<Operand> operands(Instruction instruction) {
    return Stream.concat(instruction.reads().stream(), instruction.writes().stream());
  }

  /** Candidates that the instruction minds, as the others are now. */
  private Set<BufferRef> minded(Instruction instruction) {
    Set<BufferRef> minded = new HashSet<>();
    switch (instruction) {
      case Instruction.Call call -> {
        List<Operand> all = operands(call).toList();
        NativeKernel.ChannelsLast likes = likes(call);
        boolean goes = !likes.together() || goesAlong(call, likes);
        for (int i = 0; i < all.size(); i++) {
          if (!goes || !likes.operands().contains(i)) {
            minded.add(all.get(i).buffer());
          }
        }
      }
      case Instruction.Compute compute -> {
        boolean goes = compute.kernel().folded().count() > 0 ? channelSum(compute).isPresent() : goesAlong(compute);
        if (!goes) {
          operands(compute).forEach(operand -> minded.add(operand.buffer()));
        }
      }
      default -> operands(instruction).forEach(operand -> minded.add(operand.buffer()));
    }
    return minded;
  }

  private NativeKernel.ChannelsLast likes(Instruction.Call call) {
    return liked.computeIfAbsent(call, this::asked);
  }

  private NativeKernel.ChannelsLast asked(Instruction.Call call) {
    return device.nativeKernel(call.op(), types(call.inputs()), types(call.outputs())).map(NativeKernel::channelsLast)
        .orElse(NativeKernel.ChannelsLast.NONE);
  }

  private static List<TensorType> types(List<Operand> operands) {
    return operands.stream().map(Operand::type).toList();
  }

  /** If all of its largest operands do; the smaller ones can be copied. */
  private boolean goesAlong(Instruction.Call call, NativeKernel.ChannelsLast likes) {
    List<Operand> all = operands(call).toList();
    long largest = likes.operands().stream().mapToLong(i -> all.get(i).shape().elements()).max().orElse(0);
    return likes.operands().stream().map(all::get)
        .allMatch(operand -> operand.shape().elements() < largest || candidates.containsKey(operand.buffer()));
  }

  /** If all that it does not repeat does. */
  private boolean goesAlong(Instruction.Compute compute) {
    Shape domain = compute.kernel().domain();
    return domain.rank() >= 3 && !compute.isCommit() && operands(compute).allMatch(operand -> candidates.containsKey(operand.buffer())
        ? operand.shape().equals(domain)
        : Fusion.bytes(operand) < domain.elements() * operand.dtype().bytes());
  }

  /** A sum over all axes but the channels' as the device's own operation, if it has a kernel that takes channels last. */
  private Optional<Instruction.Call> channelSum(Instruction.Compute compute) {
    List<KernelExpression> values = compute.kernel().values();
    Shape domain = compute.kernel().domain();
    Axes folded = compute.kernel().folded();
    if (values.size() != 2 || !(values.get(1) instanceof KernelExpression.Fold(var fold, int argument, var dtype)) || fold != Op.Fold.SUM
        || argument != 0 || compute.arguments().size() != 1 || compute.outputs().size() != 1 || !compute.checks().isEmpty()
        || domain.rank() < 3 || folded.count() != domain.rank() - 1 || folded.contains(1)) {
      return Optional.empty();
    }
    Operand x = compute.arguments().getFirst();
    Operand sum = Operand.dense(compute.outputs().getFirst().buffer(), new TensorType(dtype, Shape.of(domain.dim(1))));
    var call = new Instruction.Call(new Op.Reduce(Op.Fold.SUM, folded), List.of(x), List.of(sum), List.of(), compute.origin());
    return likes(call).operands().contains(0) ? Optional.of(call) : Optional.empty();
  }

  /** What is connected with operands of calls that like it: others would gain nothing. */
  private Set<BufferRef> reached() {
    Set<BufferRef> reached = new HashSet<>();
    for (Instruction instruction : instructions) {
      if (instruction instanceof Instruction.Call call && isSeed(call)) {
        operands(call).map(Operand::buffer).filter(candidates::containsKey).forEach(reached::add);
      }
    }
    boolean grown = true;
    while (grown) {
      grown = false;
      for (Instruction instruction : instructions) {
        List<BufferRef> own = operands(instruction).map(Operand::buffer).filter(candidates::containsKey).toList();
        if (own.stream().anyMatch(reached::contains)) {
          grown |= reached.addAll(own);
        }
      }
    }
    return reached;
  }

  // --- the instructions anew -----------------------------------------------------------------------------------------------------------

  private List<Instruction> rearranged() {
    List<Instruction> result = new ArrayList<>();
    count(instructions);
    for (Instruction instruction : instructions) {
      int first = result.size();
      if (operands(instruction).noneMatch(operand -> candidates.containsKey(operand.buffer()))) {
        result.add(instruction);
      } else {
        switch (instruction) {
          case Instruction.Call call -> rearrange(call, result);
          case Instruction.Compute sum when sum.kernel().folded().count() > 0 -> rearrange(channelSum(sum).orElseThrow(), result);
          case Instruction.Compute compute -> result.add(Domains.rearranged(compute, channelsLast(compute.kernel().domain().rank())));
          default -> throw new IllegalStateException(instruction + " minds channels that come last");
        }
      }
      buffers.replace(instruction, result.get(first));
    }
    return result;
  }

  private void count(List<Instruction> all) {
    for (Instruction instruction : all) {
      instruction.writes().forEach(operand -> writes.merge(operand.buffer(), 1, Integer::sum));
      instruction.bodies().forEach(this::count);
    }
  }

  private void rearrange(Instruction.Call call, List<Instruction> result) {
    NativeKernel.ChannelsLast likes = likes(call);
    List<Operand> inputs = new ArrayList<>();
    List<Operand> outputs = new ArrayList<>();
    List<Instruction> behind = new ArrayList<>();
    for (int i = 0; i < call.inputs().size(); i++) {
      Operand input = call.inputs().get(i);
      boolean copied = likes.together() && likes.operands().contains(i) && !candidates.containsKey(input.buffer());
      inputs.add(copied ? copy(input, call, result) : placed(input));
    }
    for (int i = 0; i < call.outputs().size(); i++) {
      Operand output = call.outputs().get(i);
      if (likes.together() && !candidates.containsKey(output.buffer())) {
        Operand own = lastIn(buffers.temporary(output.type()));
        keep(output, own);
        behind.add(Lowering.copy(own, output, call.origin()));
        outputs.add(own);
      } else {
        outputs.add(placed(output));
      }
    }
    List<Operand> workspace = call.workspace();
    long bytes = device.nativeKernel(call.op(), types(inputs), types(outputs)).map(NativeKernel::workspaceBytes).orElse(0L);
    if (workspace.isEmpty() && bytes > 0) { // of a sum that was none of the device's so far
      workspace = List.of(buffers.temporary(TensorType.of(DType.U8, bytes)));
    }
    result.add(new Instruction.Call(call.op(), inputs, outputs, workspace, call.origin()));
    result.addAll(behind);
  }

  private Operand copy(Operand dense, Instruction.Call call, List<Instruction> result) {
    Operand known = copies.get(dense);
    if (known != null) {
      return known;
    }
    Operand own = lastIn(buffers.temporary(dense.type()));
    Axes order = channelsLast(dense.shape().rank());
    result.add(Lowering.copy(dense.with(dense.layout().permute(order)), own.with(own.layout().permute(order)), call.origin()));
    keep(dense, own);
    return own;
  }

  private void keep(Operand dense, Operand copy) {
    if (writes.getOrDefault(dense.buffer(), 0) <= 1) {
      copies.put(dense, copy);
    }
  }

  private Operand placed(Operand operand) {
    return candidates.containsKey(operand.buffer()) ? lastIn(operand) : operand;
  }

  /** A dense operand's buffer with the channels last. */
  private static Operand lastIn(Operand dense) {
    Axes order = channelsLast(dense.shape().rank());
    return dense.with(Layout.dense(dense.shape().permute(order)).permute(order.inverse()));
  }

  private static Axes channelsLast(int rank) {
    return Axes.of(IntStream.range(0, rank).map(i -> i == 0 ? 0 : i == rank - 1 ? 1 : i + 1).toArray());
  }
}
