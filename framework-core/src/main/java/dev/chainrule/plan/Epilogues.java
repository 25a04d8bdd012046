package dev.chainrule.plan;

import dev.chainrule.device.Device;
import dev.chainrule.device.NativeKernel;
import dev.chainrule.graph.Axes;
import dev.chainrule.graph.Shape;
import dev.chainrule.schedule.BufferRef;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.KernelExpression;
import dev.chainrule.schedule.Layout;
import dev.chainrule.schedule.Operand;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Has the device's own kernels take along generated ones that go through their results element by element: bias, activation and residual
 * of a product, a gradient's mask. What only the generated kernel reads is then never stored: the call leaves it where the kernel writes.
 * Checks go along with whatever computes what they look at.
 */
final class Epilogues {

  private final Positions at;
  private final Device device;
  private final Barriers barriers;
  private final Predicate<Instruction.Compute> isFeasible;

  /** Tells whether nothing may come from the later position to the earlier. */
  interface Barriers {
    boolean isBetween(int earlier, int later);
  }

  Epilogues(Positions at, Device device, Barriers barriers, Predicate<Instruction.Compute> isFeasible) {
    this.at = at;
    this.device = device;
    this.barriers = barriers;
    this.isFeasible = isFeasible;
  }

  /** For each call the first kernel that can go along. */
  void attach() {
    for (int i = 0; i < at.size(); i++) {
      if (at.get(i) instanceof Instruction.Call call) {
        for (int reader : at.readers(call.outputs().getFirst().buffer())) {
          if (at.get(reader) instanceof Instruction.Compute kernel && !isCheck(kernel) && pays(call, kernel, reader)
              && moved(reader, kernel, i, along(call, kernel, reader))) {
            break;
          }
        }
      }
    }
  }

  /** All checks that can. */
  void attachChecks() {
    for (int i = 0; i < at.size(); i++) {
      if (at.get(i) instanceof Instruction.Compute check && isCheck(check)) {
        Set<Integer> producers = new TreeSet<>(Comparator.reverseOrder());
        for (Operand argument : check.arguments()) {
          producers.addAll(at.writersBefore(argument.buffer(), i));
        }
        for (int producer : producers) {
          if (moved(i, check, producer, withCheck(at.get(producer), check, i))) {
            break;
          }
        }
      }
    }
  }

  private static boolean isCheck(Instruction.Compute kernel) {
    return kernel.outputs().isEmpty();
  }

  private boolean moved(int from, Instruction.Compute kernel, int to, Optional<? extends Instruction> both) {
    if (from < to || both.isEmpty() || barriers.isBetween(to, from) || !at.mayPass(from, to, kernel.arguments(), kernel.outputs())) {
      return false;
    }
    at.remove(from);
    at.replace(to, both.get());
    return true;
  }

  private Optional<? extends Instruction> withCheck(
      @Nullable Instruction producer, Instruction.Compute check, int position) {
    return switch (producer) {
      case Instruction.Call call -> along(call, check, position);
      case Instruction.WithEpilogue(var call, var epilogue) -> merged(epilogue, check)
          .flatMap(both -> inOrder(call, both)).map(both -> new Instruction.WithEpilogue(call, both));
      case Instruction.Compute compute when !compute.isCommit() -> merged(compute, check);
      case null, default -> Optional.empty();
    };
  }

  private Optional<Instruction.Compute> merged(Instruction.Compute first, Instruction.Compute check) {
    return KernelMerge.mayFault(first) ? Optional.empty() : KernelMerge.of(first, check).filter(isFeasible);
  }

  // --- a call and a kernel ---------------------------------------------------------------------------------------------------------------

  private Optional<Instruction.WithEpilogue> along(Instruction.Call call, Instruction.Compute kernel, int position) {
    boolean onlyCopies = !isCheck(kernel) && kernel.kernel().values().stream().allMatch(KernelExpression.Load.class::isInstance);
    if (kernel.isCommit() || onlyCopies || KernelMerge.mayFault(kernel) || !at.isWrittenOnce(call.outputs().getFirst().buffer())
        || !takesKernels(call)) {
      return Optional.empty();
    }
    boolean overwrites = kernel.outputs().stream().anyMatch(o -> call.inputs().stream().anyMatch(in -> in.buffer().equals(o.buffer())));
    return overwrites ? Optional.empty() : inOrder(call, kernel).map(ordered -> inPlace(call, ordered, position));
  }

  /** Whether no more is stored than the call's result: what the kernel could hand on to others within one kernel, it must store. */
  private boolean pays(Instruction.Call call, Instruction.Compute kernel, int position) {
    long handedOn = kernel.outputs().stream().filter(o -> isHandedOn(o.buffer(), kernel, position)).mapToLong(Fusion::bytes).sum();
    return handedOn <= Fusion.bytes(call.outputs().getFirst());
  }

  private boolean isHandedOn(BufferRef buffer, Instruction.Compute kernel, int position) {
    return !at.isLasting(buffer) && at.readers(buffer).stream().allMatch(reader -> at.get(reader) instanceof Instruction.Compute next
        && !at.callsBetween(position, reader) && KernelMerge.of(kernel, next).isPresent());
  }

  private boolean takesKernels(Instruction.Call call) {
    return call.outputs().size() == 1 && device.nativeKernel(call.op(), call.inputs().stream().map(Operand::type).toList(),
        call.outputs().stream().map(Operand::type).toList()).filter(NativeKernel::epilogue).isPresent();
  }

  /** The kernel over its domain's axes in an order in which the call's result follows without gaps. */
  private static Optional<Instruction.Compute> inOrder(Instruction.Call call, Instruction.Compute kernel) {
    Operand result = call.outputs().getFirst();
    List<Operand> loaded = kernel.arguments().stream().filter(a -> a.buffer().equals(result.buffer())).toList();
    if (kernel.kernel().folded().count() > 0 || loaded.size() != 1 || loaded.getFirst().dtype() != result.dtype()
        || kernel.kernel().domain().elements() != result.shape().elements() || result.shape().elements() == 0) {
      return Optional.empty();
    }
    Layout layout = loaded.getFirst().layout();
    Axes order = Axes.of(IntStream.range(0, layout.shape().rank()).boxed()
        .sorted(Comparator.comparing(axis -> -layout.stride(axis))).mapToInt(axis -> axis).toArray());
    Shape domain = kernel.kernel().domain();
    if (layout.equals(Layout.dense(domain))) {
      return Optional.of(kernel);
    }
    return layout.permute(order).equals(Layout.dense(domain.permute(order))) ? Optional.of(Domains.permuted(kernel, order)) : Optional.empty();
  }

  /** The call's result, if nobody else wants it, lies where the kernel leaves one of its own. */
  private Instruction.WithEpilogue inPlace(Instruction.Call call, Instruction.Compute kernel, int position) {
    Operand result = call.outputs().getFirst();
    Layout dense = Layout.dense(kernel.kernel().domain());
    Optional<BufferRef> place = kernel.outputs().stream()
        .filter(o -> o.dtype() == result.dtype() && o.layout().equals(dense)).map(Operand::buffer)
        .filter(buffer -> buffer instanceof BufferRef.Temporary || buffer instanceof BufferRef.Output)
        .filter(buffer -> kernel.arguments().stream().noneMatch(a -> a.buffer().equals(buffer)))
        .filter(buffer -> kernel.outputs().stream().filter(o -> o.buffer().equals(buffer)).count() == 1).findFirst();
    if (place.isEmpty() || !at.isReadOnlyBy(result.buffer(), position)) {
      return new Instruction.WithEpilogue(call, kernel);
    }
    List<Operand> arguments = kernel.arguments().stream()
        .map(a -> a.buffer().equals(result.buffer()) ? new Operand(place.get(), a.dtype(), a.layout()) : a).toList();
    return new Instruction.WithEpilogue(
        new Instruction.Call(call.op(), call.inputs(), List.of(new Operand(place.get(), result.dtype(), result.layout())),
            call.workspace(), call.origin()),
        new Instruction.Compute(kernel.kernel(), arguments, kernel.outputs(), kernel.checks(), kernel.origins()));
  }
}
