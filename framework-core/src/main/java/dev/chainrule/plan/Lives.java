package dev.chainrule.plan;

import dev.chainrule.schedule.BufferRef;
import dev.chainrule.schedule.Instruction;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** Between which instructions each temporary is in use; those in bodies are numbered in between those around them. */
final class Lives {

  private final int[] first;
  private final int[] last;
  private final List<Span> bodies = new ArrayList<>();
  private int position;

  /** From an instruction with bodies to the end of the last. */
  private record Span(int begin, int end) {}

  private Lives(int temporaries) {
    first = new int[temporaries];
    last = new int[temporaries];
    Arrays.fill(first, Integer.MAX_VALUE);
    Arrays.fill(last, -1);
  }

  static Lives of(List<Instruction> instructions, int temporaries) {
    var lives = new Lives(temporaries);
    lives.follow(instructions);
    lives.keepThroughoutBodies();
    return lives;
  }

  /** The number of the first instruction that uses the temporary; beyond all numbers if none does. */
  int first(int temporary) {
    return first[temporary];
  }

  /** The number of the last instruction that uses the temporary; -1 if none does. */
  int last(int temporary) {
    return last[temporary];
  }

  /** How many numbers there are. */
  int positions() {
    return position;
  }

  private void follow(List<Instruction> instructions) {
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
  private void keepThroughoutBodies() {
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
