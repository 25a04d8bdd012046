package dev.chainrule.backend.cpu;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;

/** Gives out the numbers of registers while a kernel is compiled. */
final class RegisterFile {

  private final Map<RegisterKind, PriorityQueue<Integer>> free = new EnumMap<>(RegisterKind.class);
  private final Map<RegisterKind, Integer> used = new EnumMap<>(RegisterKind.class);

  RegisterFile() {
    for (RegisterKind kind : RegisterKind.values()) {
      free.put(kind, new PriorityQueue<>());
      used.put(kind, 0);
    }
  }

  /** The first of {@code n} registers that nobody else ever gets. */
  int reserve(RegisterKind kind, int n) {
    return Objects.requireNonNull(used.merge(kind, n, Integer::sum)) - n;
  }

  /** A register until it is {@linkplain #release released}. */
  int take(RegisterKind kind) {
    Integer recycled = Objects.requireNonNull(free.get(kind)).poll();
    return recycled != null ? recycled : reserve(kind, 1);
  }

  void release(RegisterKind kind, int register) {
    Objects.requireNonNull(free.get(kind)).add(register);
  }
}
