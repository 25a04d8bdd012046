package dev.chainrule.plan;

import dev.chainrule.schedule.BufferRef;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.Operand;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Puts neighbouring kernels that are independent of one another and of one kind, all checks or all commits, into one group. */
final class Grouping {

  private final List<Instruction> result = new ArrayList<>();
  private final List<Instruction.Compute> group = new ArrayList<>();
  private final Set<BufferRef> read = new HashSet<>();
  private final Set<BufferRef> written = new HashSet<>();

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
    if (!(instruction instanceof Instruction.Compute compute) || !compute.isCommit() && !isCheck(compute)) {
      close();
      result.add(instruction);
      return;
    }
    boolean independent = compute.outputs().stream().map(Operand::buffer).noneMatch(b -> read.contains(b) || written.contains(b))
        && compute.arguments().stream().map(Operand::buffer).noneMatch(written::contains);
    boolean alike = group.isEmpty() || group.getLast().isCommit() == compute.isCommit();
    if (!independent || !alike) {
      close();
    }
    group.add(compute);
    compute.arguments().forEach(o -> read.add(o.buffer()));
    compute.outputs().forEach(o -> written.add(o.buffer()));
  }

  private static boolean isCheck(Instruction.Compute compute) {
    return compute.outputs().isEmpty();
  }

  private void close() {
    if (group.size() == 1) {
      result.add(group.getFirst());
    } else if (!group.isEmpty()) {
      result.add(new Instruction.Group(group));
    }
    group.clear();
    read.clear();
    written.clear();
  }
}
