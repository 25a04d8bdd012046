package dev.chainrule.plan;

import dev.chainrule.schedule.BufferRef;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.Operand;
import dev.chainrule.schedule.Schedule;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

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
    var lives = new Lives(sizes.size());
    lives.follow(instructions);
    lives.keepThroughoutBodies();
    int[] first = lives.first;
    int[] last = lives.last;
    Long[] offsets = new Long[sizes.size()];
    List<Placed> placed = new ArrayList<>();
    List<Integer> order = new ArrayList<>();
    for (int id = 0; id < sizes.size(); id++) {
      order.add(id);
    }
    order.sort(Comparator.comparing((Integer id) -> -sizes.get(id)).thenComparing(id -> first[id]));
    long arena = 0;
    for (int id : order) {
      if (last[id] < 0) {
        offsets[id] = 0L; // nobody uses it any more
        continue;
      }
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

  /** Between which instructions each temporary is in use; those in bodies are numbered in between those around them. */
  private static final class Lives {
    private final int[] first;
    private final int[] last;
    private final List<Span> bodies = new ArrayList<>();
    private int position;

    /** From an instruction with bodies to the end of the last. */
    private record Span(int begin, int end) {}

    Lives(int temporaries) {
      first = new int[temporaries];
      last = new int[temporaries];
      Arrays.fill(first, Integer.MAX_VALUE);
      Arrays.fill(last, -1);
    }

    void follow(List<Instruction> instructions) {
      for (Instruction instruction : instructions) {
        int begin = position;
        touch(instruction);
        if (!instruction.bodies().isEmpty()) {
          instruction.bodies().forEach(this::follow);
          touch(instruction);
          bodies.add(new Span(begin, position - 1));
        }
      }
    }

    private void touch(Instruction instruction) {
      Stream.concat(instruction.reads().stream(), instruction.writes().stream()).forEach(operand -> {
        if (operand.buffer() instanceof BufferRef.Temporary(int id)) {
          first[id] = Math.min(first[id], position);
          last[id] = position;
        }
      });
      position++;
    }

    /** What is used both inside a body and outside is in use from the begin of its first repetition to the end of its last. */
    void keepThroughoutBodies() {
      for (Span body : bodies) { // inner ones come first
        for (int id = 0; id < first.length; id++) {
          boolean beginsInside = first[id] > body.begin && first[id] < body.end;
          boolean endsInside = last[id] > body.begin && last[id] < body.end;
          if (endsInside && !beginsInside) {
            last[id] = body.end;
          } else if (beginsInside && last[id] >= body.end) {
            first[id] = body.begin;
          }
        }
      }
    }
  }
}
