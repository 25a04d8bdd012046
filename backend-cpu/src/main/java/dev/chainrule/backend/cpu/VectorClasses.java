package dev.chainrule.backend.cpu;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The generated loops of a device by their programs: layers of one kind, and plans that differ in sizes only, share one. The most recent
 * ones are kept; a class lives on while a plan uses it.
 */
final class VectorClasses {

  /** Loops that are kept; a large model's training step has about a hundred. */
  static final int CAPACITY = 512;

  private final Map<VectorProgram, WarmUp> loops = new LinkedHashMap<>(16, 0.75f, true) {
    @Override
    protected boolean removeEldestEntry(Map.Entry<VectorProgram, WarmUp> eldest) {
      return size() > CAPACITY;
    }
  };

  private long written;

  /** The program's loop, written when it is asked for first, which takes some milliseconds. */
  synchronized WarmUp loop(VectorProgram program) {
    return loops.computeIfAbsent(program, p -> new WarmUp(p, () -> write(p)));
  }

  private synchronized VectorLoop write(VectorProgram program) {
    written++;
    return VectorLoopWriter.define(program);
  }

  synchronized int size() {
    return loops.size();
  }

  /** Classes that were written since the device was opened. */
  synchronized long written() {
    return written;
  }
}
