package dev.chainrule.plan;

import dev.chainrule.device.Device;
import dev.chainrule.graph.Op;
import dev.chainrule.schedule.BufferRef;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.KernelExpression;
import dev.chainrule.schedule.Operand;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * Joins the kernels of a list of instructions. First what is cheap is computed anew by each that reads it; then each kernel is joined
 * with those before it whose results it reads, and with those that read the same, wherever {@link KernelMerge} can make one of the two
 * and one of them can move to the other's place without passing an instruction that minds. Those without folds come first, since they can
 * go along with calls ({@link Epilogues}).
 */
final class Fusion {

  /** Operations in one kernel at most: what keeps the values of a block in the first-level cache. */
  static final int LARGEST_KERNEL = 96;

  private static final int MOST_OPERANDS = 24;

  /** Operations that are computed again by each reader rather than stored, unless one of them is costly; of single numbers many. */
  private static final int CHEAP = 2;

  private static final int CHEAP_NUMBER = 24;

  /** Of those that are computed again at most so many in one kernel. */
  private static final int MOST_REPEATED = 6;

  /** Bytes that nobody need spare. */
  private static final long SMALL = 64;

  private final Device device;
  private final Positions at;

  /** Where no kernel may be moved across: barriers, by the positions of the instructions behind them. */
  private final TreeSet<Integer> fences;

  /** Operations that each kernel computes although others do as well. */
  private final Map<Integer, Long> repeated = new HashMap<>();

  private Fusion(Positions at, Device device, TreeSet<Integer> fences) {
    this.at = at;
    this.device = device;
    this.fences = fences;
  }

  /** @param behindBarriers the instructions, by identity, before which nothing that comes later may go, nor behind them what comes before */
  static List<Instruction> of(List<Instruction> instructions, Device device, Set<Instruction> behindBarriers) {
    return of(instructions, device, behindBarriers, References.of(instructions));
  }

  private static List<Instruction> of(List<Instruction> instructions, Device device, Set<Instruction> behindBarriers, References all) {
    var fences = new TreeSet<Integer>();
    List<Instruction> withFusedBodies = new ArrayList<>();
    for (Instruction instruction : instructions) {
      if (behindBarriers.contains(instruction)) {
        fences.add(withFusedBodies.size());
      }
      withFusedBodies.add(instruction.withBodies(body -> of(body, device, behindBarriers, all)));
    }
    var at = new Positions(withFusedBodies, all.outside(instructions));
    var fusion = new Fusion(at, device, fences);
    fusion.inlineCheap();
    fusion.join(false);
    var epilogues = new Epilogues(at, device, fusion::isFencedOff, fusion::isFeasible);
    epilogues.attach();
    fusion.join(true);
    epilogues.attachChecks();
    return Grouping.of(at.instructions());
  }

  // --- what is cheap -------------------------------------------------------------------------------------------------------------------

  private void inlineCheap() {
    for (int i = at.size() - 1; i >= 0; i--) {
      if (at.get(i) instanceof Instruction.Compute compute && isCheap(compute) && at.isWrittenOnce(compute.outputs().getFirst().buffer())) {
        inline(i, compute);
      }
    }
  }

  private boolean isCheap(Instruction.Compute compute) {
    if (folds(compute) || compute.outputs().size() != 1 || !compute.checks().isEmpty()
        || KernelMerge.mayFault(compute) || at.isLasting(compute.outputs().getFirst().buffer())) {
      return false;
    }
    long operations = operations(compute);
    boolean costly = compute.kernel().values().stream().anyMatch(value -> value instanceof KernelExpression.Apply apply && isCostly(apply.op()));
    boolean number = compute.kernel().domain().elements() == 1;
    long reads = compute.arguments().stream().filter(a -> bytes(a) > a.dtype().bytes()).mapToLong(Fusion::bytes).sum();
    return number ? operations <= CHEAP_NUMBER
        : operations <= CHEAP && !costly && reads <= bytes(compute.outputs().getFirst());
  }

  private static boolean isCostly(Op.Pointwise op) {
    return switch (op) {
      case Op.Exp _, Op.Expm1 _, Op.Log _, Op.Log1p _, Op.Sin _, Op.Cos _, Op.Tan _, Op.Tanh _, Op.Erf _, Op.Pow _, Op.Mod _, Op.IDiv _,
          Op.Div _, Op.Sqrt _, Op.Rsqrt _ -> true;
      default -> false;
    };
  }

  /** All readers or none: as long as one is left the result must be stored anyway. */
  private void inline(int position, Instruction.Compute cheap) {
    Operand result = cheap.outputs().getFirst();
    List<Integer> readers = at.readers(result.buffer());
    long cost = cheap.kernel().domain().elements() == 1 ? 0 : operations(cheap);
    List<Instruction.Compute> merged = new ArrayList<>();
    for (int reader : readers) {
      Optional<Instruction.Compute> one = at.get(reader) instanceof Instruction.Compute compute
          && at.mayPass(position, reader, cheap.arguments(), List.of()) && !isFencedOff(position, reader)
          && repeated.getOrDefault(reader, 0L) + cost <= MOST_REPEATED
          ? KernelMerge.inlined(cheap, compute).filter(this::isFeasible) : Optional.empty();
      if (one.isEmpty()) {
        return;
      }
      merged.add(one.get());
    }
    for (int i = 0; i < readers.size(); i++) {
      at.replace(readers.get(i), merged.get(i));
      repeated.merge(readers.get(i), cost, Long::sum);
    }
    at.remove(position);
  }

  // --- kernels one after the other -------------------------------------------------------------------------------------------------------

  /** @param folding whether kernels with folds may be joined with others, which keeps these from going along with calls */
  private void join(boolean folding) {
    for (int i = 0; i < at.size(); i++) {
      int here = i;
      while (here >= 0 && at.get(here) instanceof Instruction.Compute compute && (folding || !folds(compute))) {
        here = joinedWithOneBefore(here, compute, folding);
      }
    }
  }

  private static boolean folds(Instruction.Compute compute) {
    return compute.kernel().folded().count() > 0;
  }

  /** The position of the joined kernel, or -1. */
  private int joinedWithOneBefore(int position, Instruction.Compute compute, boolean folding) {
    Set<Integer> candidates = new TreeSet<>(Comparator.reverseOrder());
    compute.arguments().forEach(a -> candidates.addAll(at.writersBefore(a.buffer(), position)));
    Predicate<Integer> isJoined = other -> at.get(other) instanceof Instruction.Compute first && (folding || !folds(first));
    for (int candidate : candidates.stream().filter(isJoined).toList()) {
      int joined = joined(candidate, position, compute, true);
      if (joined >= 0) {
        return joined;
      }
    }
    Set<Integer> siblings = new TreeSet<>(Comparator.reverseOrder());
    compute.arguments().stream().filter(a -> bytes(a) > SMALL).forEach(a -> siblings.addAll(at.readersBefore(a.buffer(), position)));
    siblings.removeAll(candidates);
    for (int sibling : siblings.stream().filter(isJoined).toList()) {
      if (!at.callsBetween(sibling, position)) {
        int joined = joined(sibling, position, compute, false);
        if (joined >= 0) {
          return joined;
        }
      }
    }
    return -1;
  }

  private int joined(int earlier, int later, Instruction.Compute second, boolean produces) {
    if (!(at.get(earlier) instanceof Instruction.Compute first) || isFencedOff(earlier, later) || first.isCommit() && !second.isCommit()
        || !first.checks().isEmpty() || !second.checks().isEmpty()) { // checks come before all commits, and so stay apart
      return -1;
    }
    boolean down = at.mayPass(earlier, later, first.arguments(), first.outputs());
    boolean up = !second.isCommit() && at.mayPass(later, earlier, second.arguments(), second.outputs());
    if (!down && !up) {
      return -1;
    }
    Optional<Instruction.Compute> both = KernelMerge.of(first, second);
    if (both.isEmpty()) {
      return -1;
    }
    Instruction.Compute merged = KernelMerge.without(both.get(), buffer -> at.isReadOnlyBy(buffer, later) && writes(first, buffer));
    boolean saves = merged.outputs().size() < both.get().outputs().size();
    // Far from one another: what both read or one keeps would take memory all the way between them.
    boolean near = !at.callsBetween(earlier, later);
    boolean shrinks = folds(first);
    if (!near && (!produces || !saves || shrinks && !up) || !isFeasible(merged)) {
      return -1;
    }
    int to = down && (near || !shrinks) ? later : up ? earlier : -1;
    if (to < 0) {
      return -1;
    }
    at.remove(to == later ? earlier : later);
    at.replace(to, merged);
    return to;
  }

  private static boolean writes(Instruction.Compute compute, BufferRef buffer) {
    return compute.outputs().stream().anyMatch(o -> o.buffer().equals(buffer));
  }

  private boolean isFeasible(Instruction.Compute compute) {
    return operations(compute) <= LARGEST_KERNEL && compute.arguments().size() + compute.outputs().size() <= MOST_OPERANDS
        && device.generates(compute.kernel());
  }

  private static long operations(Instruction.Compute compute) {
    return compute.kernel().values().stream().filter(v -> !(v instanceof KernelExpression.Load)).count();
  }

  /** What lies behind an operand: a repeated element counts once. */
  static long bytes(Operand operand) {
    long elements = 1;
    for (int axis = 0; axis < operand.shape().rank(); axis++) {
      elements *= operand.layout().stride(axis) == 0 ? 1 : operand.shape().dim(axis);
    }
    return elements * operand.dtype().bytes();
  }

  private boolean isFencedOff(int earlier, int later) {
    Integer fence = fences.higher(earlier);
    return fence != null && fence <= later;
  }
}
