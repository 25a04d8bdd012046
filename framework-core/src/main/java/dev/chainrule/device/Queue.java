package dev.chainrule.device;

import java.lang.foreign.MemorySegment;
import java.util.List;

/** Executes in order what it is given; may be asynchronous. */
public interface Queue {

  /** Copies all of {@code source} to the start of {@code target}; the source may be reused on return. */
  void upload(MemorySegment source, Memory target);

  /** Copies the start of {@code source} over all of {@code target}, after everything queued before. */
  void download(Memory source, MemorySegment target);

  /** Runs an executable. */
  Completion run(Executable executable, Bindings bindings);

  /**
   * The memory behind a schedule's buffers.
   *
   * @param arena at least the schedule's arena bytes
   * @param parameters the Java numbers, {@link dev.chainrule.schedule.Schedule#PARAMETER_BYTES} apart; may be reused on return
   */
  record Bindings(Memory arena, List<Memory> inputs, List<Memory> states, List<Memory> outputs, MemorySegment parameters) {}

  /** A run on its way. */
  interface Completion {

    /** Waits, and tells whether the run faulted; a faulted run has committed nothing. */
    Fault await();
  }
}
