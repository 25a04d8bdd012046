package dev.chainrule.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Origin;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.BufferRef;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.Operand;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ArenaLayoutTest {

  private static Operand temporary(int id, long bytes) {
    return Operand.dense(new BufferRef.Temporary(id), TensorType.of(DType.U8, bytes));
  }

  private static Instruction call(List<Operand> inputs, List<Operand> outputs) {
    return new Instruction.Call(new Op.Concat(0), inputs, outputs, Origin.NONE);
  }

  /**
   * Plays the instructions on an arena of bytes: each write leaves the writer's name in all its bytes, each read must find the name of
   * the last writer in all of them.
   */
  private static void play(List<Instruction> instructions, List<Long> sizes, ArenaLayout layout) {
    int[] owner = new int[Math.toIntExact(layout.bytes())];
    Map<Integer, Integer> writers = new HashMap<>();
    int name = 0;
    for (Instruction instruction : instructions) {
      List<Operand> writes = instruction.writes();
      for (Operand write : writes) {
        int id = ((BufferRef.Temporary) write.buffer()).id();
        name++;
        writers.put(id, name);
        for (int i = 0; i < sizes.get(id); i++) {
          owner[Math.toIntExact(layout.offsets().get(id)) + i] = name;
        }
      }
      // After the writes: an instruction must not write where it still reads.
      for (Operand read : instruction.reads()) {
        if (read.buffer() instanceof BufferRef.Temporary(int id)) {
          for (int i = 0; i < sizes.get(id); i++) {
            if (owner[Math.toIntExact(layout.offsets().get(id)) + i] != writers.get(id)) {
              throw new AssertionError("temporary " + id + " was overwritten before " + instruction);
            }
          }
        }
      }
      for (Operand write : writes) {
        int id = ((BufferRef.Temporary) write.buffer()).id();
        for (int i = 0; i < sizes.get(id); i++) {
          if (owner[Math.toIntExact(layout.offsets().get(id)) + i] != writers.get(id)) {
            throw new AssertionError("two results of " + instruction + " overlap");
          }
        }
      }
    }
  }

  @Test
  void livesThatOverlapShareNoByte() {
    var random = new SplittableRandom(3);
    long sum = 0;
    long arenas = 0;
    for (int round = 0; round < 400; round++) {
      List<Instruction> instructions = new ArrayList<>();
      List<Long> sizes = new ArrayList<>();
      int count = 1 + random.nextInt(40);
      for (int i = 0; i < count; i++) {
        List<Operand> reads = new ArrayList<>();
        for (int r = random.nextInt(4); r > 0 && !sizes.isEmpty(); r--) {
          int id = Math.max(0, sizes.size() - 1 - random.nextInt(random.nextInt(10) == 0 ? sizes.size() : 6));
          reads.add(temporary(id, sizes.get(id)));
        }
        List<Operand> writes = new ArrayList<>();
        for (int w = random.nextInt(10) == 0 ? 2 : 1; w > 0; w--) {
          sizes.add(random.nextInt(8) == 0 ? 0L : random.nextLong(1, random.nextBoolean() ? 100 : 2000));
          writes.add(temporary(sizes.size() - 1, sizes.getLast()));
        }
        instructions.add(call(reads, writes));
      }
      ArenaLayout layout = ArenaLayout.of(instructions, sizes);
      play(instructions, sizes, layout);
      for (int id = 0; id < sizes.size(); id++) {
        assertEquals(0, layout.offsets().get(id) % 64, "aligned to a cache line");
        assertTrue(layout.offsets().get(id) + sizes.get(id) <= layout.bytes());
      }
      sum += sizes.stream().mapToLong(Long::longValue).sum();
      arenas += layout.bytes();
    }
    assertTrue(arenas < sum / 2, "memory is used again: " + arenas + " of " + sum);
  }

  /** The instructions as they are run when each loop goes round three times; a carry is read and written again in each. */
  private static List<Instruction> unrolled(List<Instruction> instructions) {
    List<Instruction> flat = new ArrayList<>();
    for (Instruction instruction : instructions) {
      if (instruction instanceof Instruction.Loop loop) {
        for (int i = 0; i < 3; i++) {
          flat.add(call(List.of(), List.of(loop.number())));
          flat.addAll(unrolled(loop.body()));
        }
      } else {
        flat.add(instruction);
      }
    }
    return flat;
  }

  @Test
  void whatALoopReadsStaysForAllItsRepetitions() {
    var random = new SplittableRandom(4);
    for (int round = 0; round < 400; round++) {
      List<Long> sizes = new ArrayList<>();
      List<Instruction> instructions = block(random, sizes, new ArrayList<>(), 0);
      play(unrolled(instructions), sizes, ArenaLayout.of(instructions, sizes));
    }
  }

  /** Instructions that read what was written before them, here and around, and loops with carries among them. */
  private static List<Instruction> block(SplittableRandom random, List<Long> sizes, List<Operand> known, int depth) {
    List<Instruction> block = new ArrayList<>();
    List<Operand> visible = new ArrayList<>(known);
    for (int i = random.nextInt(1, 8); i > 0; i--) {
      List<Operand> reads = new ArrayList<>();
      for (int r = random.nextInt(3); r > 0 && !visible.isEmpty(); r--) {
        reads.add(visible.get(random.nextInt(visible.size())));
      }
      Operand written = fresh(random, sizes);
      block.add(call(reads, List.of(written)));
      visible.add(written);
      if (depth < 3 && random.nextInt(3) == 0) {
        Operand carry = fresh(random, sizes);
        Operand number = fresh(random, sizes);
        block.add(call(List.of(), List.of(carry)));
        visible.add(carry);
        List<Operand> inside = new ArrayList<>(visible);
        inside.add(number);
        List<Instruction> body = block(random, sizes, inside, depth + 1);
        Operand next = fresh(random, sizes);
        body.add(call(List.of(carry, number), List.of(next)));
        body.add(call(List.of(next), List.of(carry)));
        block.add(new Instruction.Loop(3, number, List.of(), List.of(), body, Origin.NONE));
      }
    }
    return block;
  }

  private static Operand fresh(SplittableRandom random, List<Long> sizes) {
    sizes.add(random.nextLong(1, 500));
    return temporary(sizes.size() - 1, sizes.getLast());
  }

  @Test
  void theCheckOfThisTestFindsOverlaps() {
    List<Instruction> instructions = List.of(
        call(List.of(), List.of(temporary(0, 100))), call(List.of(), List.of(temporary(1, 100))),
        call(List.of(temporary(0, 100), temporary(1, 100)), List.of(temporary(2, 10))));
    List<Long> sizes = List.of(100L, 100L, 10L);
    assertThrows(AssertionError.class, () -> play(instructions, sizes, new ArenaLayout(List.of(0L, 64L, 256L), 512)));
    assertThrows(AssertionError.class, () -> play(instructions, sizes, new ArenaLayout(List.of(0L, 128L, 64L), 512)), "in place");
    play(instructions, sizes, new ArenaLayout(List.of(0L, 128L, 256L), 512));
  }

  @Test
  void aChainNeedsTwoPlacesHoweverLongItIs() {
    for (int length : new int[] {3, 30, 300}) {
      List<Instruction> instructions = new ArrayList<>();
      List<Long> sizes = new ArrayList<>();
      for (int i = 0; i < length; i++) {
        sizes.add(1000L);
        instructions.add(call(i == 0 ? List.of() : List.of(temporary(i - 1, 1000)), List.of(temporary(i, 1000))));
      }
      assertEquals(2 * 1024, ArenaLayout.of(instructions, sizes).bytes());
    }
  }

  @Test
  void nothingNeedsNothing() {
    assertEquals(0, ArenaLayout.of(List.of(), List.of()).bytes());
  }
}
