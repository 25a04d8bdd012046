package dev.chainrule.backend.cpu;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Memory that kernels need while they run. A device keeps what was given back, as long as there are executables that may want it again:
 * blocks only grow, so that sooner or later each is large enough for every kernel.
 */
final class Scratch {

  private final ArrayDeque<CpuMemory> idle = new ArrayDeque<>();
  private int users;

  /** At least {@code bytes} bytes, for {@link #giveBack}. */
  CpuMemory take(long bytes) {
    CpuMemory block = pop();
    if (block != null && block.bytes() >= bytes) {
      return block;
    }
    if (block != null) {
      block.free();
    }
    return CpuMemory.allocate(bytes);
  }

  private synchronized @Nullable CpuMemory pop() {
    return idle.poll();
  }

  synchronized void giveBack(CpuMemory block) {
    idle.push(block);
  }

  /** An executable is there that may take some. */
  synchronized void enter() {
    users++;
  }

  /** An executable is closed; the last one frees all. */
  synchronized void leave() {
    if (--users == 0) {
      idle.forEach(CpuMemory::free);
      idle.clear();
    }
  }
}
