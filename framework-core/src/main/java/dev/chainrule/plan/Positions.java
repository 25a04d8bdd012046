package dev.chainrule.plan;

import dev.chainrule.schedule.BufferRef;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.Operand;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A list of instructions that are replaced and removed while a pass goes through it, and at which positions each buffer is read and
 * written. What an instruction's bodies touch, it touches.
 */
final class Positions {

  private final List<@Nullable Instruction> instructions;
  private final Map<BufferRef, TreeSet<Integer>> readers = new HashMap<>();
  private final Map<BufferRef, TreeSet<Integer>> writers = new HashMap<>();

  /** Where the device's own kernels and loops stand: what lies between two of them is near to each other. */
  private final TreeSet<Integer> calls = new TreeSet<>();

  private final Set<BufferRef> lasting;

  /** @param lasting temporaries that are used outside the list */
  Positions(List<Instruction> instructions, Set<BufferRef> lasting) {
    this.instructions = new ArrayList<>(instructions);
    this.lasting = lasting;
    for (int i = 0; i < instructions.size(); i++) {
      enter(i, instructions.get(i));
    }
  }

  private void enter(int position, Instruction instruction) {
    if (!(instruction instanceof Instruction.Compute)) {
      calls.add(position);
    }
    for (Operand operand : instruction.reads()) {
      positions(readers, operand.buffer()).add(position);
    }
    for (Operand operand : instruction.writes()) {
      positions(writers, operand.buffer()).add(position);
    }
    instruction.bodies().forEach(body -> body.forEach(inner -> enter(position, inner)));
  }

  private static TreeSet<Integer> positions(Map<BufferRef, TreeSet<Integer>> all, BufferRef buffer) {
    return all.computeIfAbsent(buffer, _ -> new TreeSet<>());
  }

  int size() {
    return instructions.size();
  }

  @Nullable Instruction get(int position) {
    return instructions.get(position);
  }

  List<Instruction> instructions() {
    return instructions.stream().filter(Objects::nonNull).toList();
  }

  void remove(int position) {
    Instruction present = Objects.requireNonNull(instructions.set(position, null));
    Stream.of(present.reads(), present.writes()).flatMap(Collection::stream).map(Operand::buffer).forEach(buffer -> {
      positions(readers, buffer).remove(position);
      positions(writers, buffer).remove(position);
    });
  }

  void replace(int position, Instruction instruction) {
    remove(position);
    instructions.set(position, instruction);
    enter(position, instruction);
  }

  List<Integer> readers(BufferRef buffer) {
    return List.copyOf(positions(readers, buffer));
  }

  NavigableSet<Integer> readersBefore(BufferRef buffer, int position) {
    return positions(readers, buffer).headSet(position, false);
  }

  NavigableSet<Integer> writersBefore(BufferRef buffer, int position) {
    return positions(writers, buffer).headSet(position, false);
  }

  /** Which a loop's carry is not. */
  boolean isWrittenOnce(BufferRef buffer) {
    return positions(writers, buffer).size() == 1;
  }

  /** Whether somebody reads it, or may, beyond this list. */
  boolean isLasting(BufferRef buffer) {
    return !(buffer instanceof BufferRef.Temporary) || lasting.contains(buffer);
  }

  boolean isReadOnlyBy(BufferRef buffer, int position) {
    return !isLasting(buffer) && positions(readers, buffer).stream().allMatch(p -> p == position);
  }

  /** Whether an instruction could go from one position to the other and would read and leave the same. */
  boolean mayPass(int from, int to, List<Operand> reads, List<Operand> writes) {
    int low = Math.min(from, to);
    int high = Math.max(from, to);
    return reads.stream().noneMatch(o -> isBetween(positions(writers, o.buffer()), low, high))
        && writes.stream().noneMatch(o -> isBetween(positions(writers, o.buffer()), low, high)
            || isBetween(positions(readers, o.buffer()), low, high));
  }

  boolean callsBetween(int low, int high) {
    return isBetween(calls, low, high);
  }

  private static boolean isBetween(TreeSet<Integer> positions, int low, int high) {
    Integer next = positions.higher(low);
    return next != null && next < high;
  }
}
