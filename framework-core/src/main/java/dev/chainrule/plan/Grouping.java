package dev.chainrule.plan;

import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.KernelExpression;
import dev.chainrule.schedule.Operand;
import java.util.ArrayList;
import java.util.List;

/**
 * Puts neighbouring kernels that are independent of one another and of one kind into one group: checks, commits, or copies, such as those
 * of what is concatenated.
 */
final class Grouping {

  private enum Kind { CHECK, COMMIT, COPY, OTHER }

  private final List<Instruction> result = new ArrayList<>();
  private final List<Instruction.Compute> group = new ArrayList<>();

  private Grouping() {}

  static List<Instruction> of(List<Instruction> instructions) {
    var grouping = new Grouping();
    for (Instruction instruction : instructions) {
      grouping.take(instruction);
    }
    grouping.close();
    return List.copyOf(grouping.result);
  }

  private void take(Instruction instruction) {
    if (!(instruction instanceof Instruction.Compute compute) || kind(compute) == Kind.OTHER) {
      close();
      result.add(instruction);
      return;
    }
    if (!group.isEmpty() && kind(group.getLast()) != kind(compute) || !group.stream().allMatch(other -> areIndependent(other, compute))) {
      close();
    }
    group.add(compute);
  }

  private static Kind kind(Instruction.Compute compute) {
    if (compute.isCommit()) {
      return Kind.COMMIT;
    }
    if (compute.outputs().isEmpty()) {
      return Kind.CHECK;
    }
    return compute.kernel().values().stream().allMatch(KernelExpression.Load.class::isInstance) ? Kind.COPY : Kind.OTHER;
  }

  private static boolean areIndependent(Instruction.Compute a, Instruction.Compute b) {
    return areApart(a.outputs(), b.arguments()) && areApart(a.arguments(), b.outputs()) && areApart(a.outputs(), b.outputs());
  }

  private static boolean areApart(List<Operand> some, List<Operand> others) {
    return some.stream().allMatch(a -> others.stream().noneMatch(b -> a.buffer().equals(b.buffer())
        && (a.dtype() != b.dtype() || !a.layout().isApartFrom(b.layout()))));
  }

  private void close() {
    if (group.size() == 1) {
      result.add(group.getFirst());
    } else if (!group.isEmpty()) {
      result.add(new Instruction.Group(group));
    }
    group.clear();
  }
}
