package dev.chainrule.plan;

import dev.chainrule.schedule.BufferRef;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.Operand;
import dev.chainrule.schedule.Schedule;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Gives each temporary its place in the arena: two may share bytes when no instruction falls into both lives, that is between the
 * first write and the last read. Large ones choose first, each the lowest gap that fits.
 *
 * @param offsets byte offset of each temporary
 * @param bytes size of the arena
 */
record ArenaLayout(List<Long> offsets, long bytes) {

  private record Placed(long start, long end, int first, int last) {}

  static ArenaLayout of(List<Instruction> instructions, List<Long> sizes) {
    int[] first = new int[sizes.size()];
    int[] last = new int[sizes.size()];
    Arrays.fill(first, Integer.MAX_VALUE);
    for (int i = 0; i < instructions.size(); i++) {
      List<Operand> touched = new ArrayList<>(instructions.get(i).reads());
      touched.addAll(instructions.get(i).writes());
      for (Operand operand : touched) {
        if (operand.buffer() instanceof BufferRef.Temporary(int id)) {
          first[id] = Math.min(first[id], i);
          last[id] = i;
        }
      }
    }
    Long[] offsets = new Long[sizes.size()];
    List<Placed> placed = new ArrayList<>();
    List<Integer> order = new ArrayList<>();
    for (int id = 0; id < sizes.size(); id++) {
      order.add(id);
    }
    order.sort(Comparator.comparing((Integer id) -> -sizes.get(id)).thenComparing(id -> first[id]));
    long arena = 0;
    for (int id : order) {
      long size = aligned(sizes.get(id));
      long offset = lowestGap(placed, first[id], last[id], size);
      int at = 0;
      while (at < placed.size() && placed.get(at).start < offset) {
        at++;
      }
      placed.add(at, new Placed(offset, offset + size, first[id], last[id]));
      offsets[id] = offset;
      arena = Math.max(arena, offset + size);
    }
    return new ArenaLayout(List.of(offsets), arena);
  }

  /** {@code placed} is sorted by start. */
  private static long lowestGap(List<Placed> placed, int first, int last, long size) {
    long offset = 0;
    for (Placed p : placed) {
      if (p.last < first || p.first > last) {
        continue;
      }
      if (offset + size <= p.start) {
        return offset;
      }
      offset = Math.max(offset, p.end);
    }
    return offset;
  }

  private static long aligned(long bytes) {
    return Math.max(1, (bytes + Schedule.ALIGNMENT - 1) / Schedule.ALIGNMENT) * Schedule.ALIGNMENT;
  }
}
