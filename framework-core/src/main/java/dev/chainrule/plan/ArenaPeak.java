package dev.chainrule.plan;

import dev.chainrule.schedule.BufferRef;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.Schedule;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/** Who holds how much of the arena at the moment when most of it is in use. */
final class ArenaPeak {

  private final Schedule schedule;

  /** The module path of whoever wrote a temporary first. */
  private final Map<Integer, String> makers = new HashMap<>();

  private ArenaPeak(Schedule schedule) {
    this.schedule = schedule;
  }

  /** Bytes by module path, the most first; temporaries made outside modules are under the empty path. */
  static SequencedMap<String, Long> byPath(Schedule schedule) {
    var peak = new ArenaPeak(schedule);
    peak.findMakers(schedule.instructions());
    int temporaries = schedule.temporaryBytes().size();
    Lives lives = Lives.of(schedule.instructions(), temporaries);
    long[] inUse = new long[lives.positions() + 1];
    for (int id = 0; id < temporaries; id++) {
      for (int at = lives.first(id); at <= lives.last(id); at++) {
        inUse[at] += schedule.temporaryBytes().get(id);
      }
    }
    int fullest = 0;
    for (int at = 0; at < inUse.length; at++) {
      fullest = inUse[at] > inUse[fullest] ? at : fullest;
    }
    return peak.holders(lives, fullest);
  }

  private void findMakers(List<Instruction> instructions) {
    for (Instruction instruction : instructions) {
      instruction.writes().forEach(operand -> {
        if (operand.buffer() instanceof BufferRef.Temporary(int id)) {
          makers.putIfAbsent(id, instruction.origin().path());
        }
      });
      instruction.bodies().forEach(this::findMakers);
    }
  }

  private SequencedMap<String, Long> holders(Lives lives, int position) {
    Map<String, Long> bytes = new HashMap<>();
    for (int id = 0; id < schedule.temporaryBytes().size(); id++) {
      if (lives.first(id) <= position && position <= lives.last(id)) {
        bytes.merge(makers.getOrDefault(id, ""), schedule.temporaryBytes().get(id), Long::sum);
      }
    }
    SequencedMap<String, Long> sorted = new LinkedHashMap<>();
    bytes.entrySet().stream()
        .sorted(Map.Entry.<String, Long>comparingByValue(Comparator.reverseOrder()).thenComparing(Map.Entry.comparingByKey()))
        .forEach(e -> sorted.put(e.getKey(), e.getValue()));
    return sorted;
  }
}
