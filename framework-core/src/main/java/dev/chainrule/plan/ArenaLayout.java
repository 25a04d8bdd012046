package dev.chainrule.plan;

import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.Operand;
import dev.chainrule.schedule.Schedule;
import java.util.ArrayList;
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
    Lives lives = Lives.of(instructions, sizes.size());
    Long[] offsets = new Long[sizes.size()];
    List<Placed> placed = new ArrayList<>();
    List<Integer> order = new ArrayList<>();
    for (int id = 0; id < sizes.size(); id++) {
      order.add(id);
    }
    order.sort(Comparator.comparing((Integer id) -> -sizes.get(id)).thenComparing(lives::first));
    long arena = 0;
    for (int id : order) {
      if (lives.last(id) < 0) {
        offsets[id] = 0L; // nobody uses it any more
        continue;
      }
      long size = aligned(sizes.get(id));
      long offset = lowestGap(placed, lives.first(id), lives.last(id), size);
      int at = 0;
      while (at < placed.size() && placed.get(at).start < offset) {
        at++;
      }
      placed.add(at, new Placed(offset, offset + size, lives.first(id), lives.last(id)));
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
