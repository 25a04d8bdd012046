package dev.chainrule.device;

import java.lang.foreign.MemorySegment;
import java.util.List;

/** Executes in order what it is given; may be asynchronous. */
public interface Queue {

  /** Copies all of {@code source} to the start of {@code target}; the source may be reused on return. */
  void upload(MemorySegment source, Memory target);

  /**
   * Whether an input that comes from the host first arrives in memory of its own, so that it can come while the run before still reads the
   * last one. Then {@link #stage} brings inputs, and each has two memories.
   */
  default boolean stagesInputs() {
    return false;
  }

  /**
   * Copies all of {@code source} to the start of {@code staging} as soon as what was staged there before has left it, and from there to
   * {@code target}, in order with runs and other copies; the source may be reused on return.
   *
   * @param staging that nothing but this method has used
   */
  default void stage(MemorySegment source, Memory staging, Memory target) {
    upload(source, target);
  }

  /** Copies the start of {@code source} over all of {@code target}, after everything queued before. */
  void download(Memory source, MemorySegment target);

  /** Begins to copy the start of {@code source} to the host, after everything queued before. */
  default Fetched fetch(Memory source, long bytes) {
    return target -> download(source, target.asSlice(0, bytes));
  }

  /** A copy to the host on its way. */
  @FunctionalInterface
  interface Fetched {

    /** Waits, and gives what was copied; to be called once. */
    void into(MemorySegment target);
  }

  /** Runs an executable. */
  Completion run(Executable executable, Bindings bindings);

  /**
   * Whether what is run after a run that faulted commits nothing until {@link #clearFault}. Then the host may queue the next run before it
   * knows how the last one ended; else it waits for each.
   */
  default boolean keepsFaults() {
    return false;
  }

  /** Has runs commit again after a fault; called when all that was queued has ended. */
  default void clearFault() {}

  /**
   * The memory behind a schedule's buffers.
   *
   * @param arena at least the schedule's arena bytes
   * @param parameters the Java numbers, {@link dev.chainrule.schedule.Schedule#PARAMETER_BYTES} apart; may be reused on return
   */
  record Bindings(Memory arena, List<Memory> inputs, List<Memory> states, List<Memory> outputs, MemorySegment parameters) {}

  /** A run on its way. */
  interface Completion {

    /**
     * Waits, and tells whether the run faulted; a faulted run has committed nothing. To be called once. Where faults are kept, a run after
     * one that faulted tells of that one's fault.
     */
    Fault await();
  }
}
