package dev.chainrule.plan;

import dev.chainrule.schedule.BufferRef;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.Operand;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** How often instructions and those in their bodies name each buffer. */
final class References {

  private final Map<BufferRef, Integer> counts = new HashMap<>();

  private References() {}

  static References of(List<Instruction> instructions) {
    var references = new References();
    references.count(instructions);
    return references;
  }

  private void count(List<Instruction> instructions) {
    for (Instruction instruction : instructions) {
      for (Operand operand : instruction.reads()) {
        counts.merge(operand.buffer(), 1, Integer::sum);
      }
      for (Operand operand : instruction.writes()) {
        counts.merge(operand.buffer(), 1, Integer::sum);
      }
      instruction.bodies().forEach(this::count);
    }
  }

  boolean isNamed(BufferRef buffer) {
    return counts.containsKey(buffer);
  }

  /** What a part of these instructions names and others name too. */
  Set<BufferRef> outside(List<Instruction> part) {
    Set<BufferRef> outside = new HashSet<>();
    of(part).counts.forEach((buffer, count) -> {
      if (counts.getOrDefault(buffer, 0) > count) {
        outside.add(buffer);
      }
    });
    return outside;
  }
}
