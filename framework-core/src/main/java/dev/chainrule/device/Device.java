package dev.chainrule.device;

import dev.chainrule.graph.Op;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.Schedule;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/** An open device: memory, and schedules made executable. Callers hold one lock per device; implementations need none. */
public interface Device extends AutoCloseable {

  /** What it is called and has; the same as long as it is open. */
  DeviceInfo info();

  /** The device's own kernel for an operation on these types; empty: the planner decomposes it or reports that it cannot. */
  Optional<NativeKernel> nativeKernel(Op op, List<TensorType> inputs, List<TensorType> outputs);

  /** Whether the device can generate this kernel; the planner makes kernels of one operation each where it cannot. */
  boolean generates(GeneratedKernel kernel);

  /**
   * What users can do about an operation that the device has no kernel for and can generate none for; shown with the error.
   *
   * @param types of its inputs, then of its results
   */
  default String remedy(Op op, List<TensorType> types) {
    return "";
  }

  /**
   * Memory of its own, zeroed or not, aligned to {@link Schedule#ALIGNMENT}.
   *
   * @throws dev.chainrule.DeviceOutOfMemoryException when the device has no more
   */
  Memory allocate(long bytes);

  /**
   * Memory that somebody else owns, to be read in place by runs; empty where the device cannot see it.
   *
   * @param memory native, at any address; freeing the result leaves it alone
   */
  default Optional<Memory> borrow(MemorySegment memory) {
    return Optional.empty();
  }

  /** The device's memory as the host sees it, in place; empty where the host cannot see it. */
  default Optional<MemorySegment> seenByHost(Memory memory) {
    return Optional.empty();
  }

  /** Makes a schedule ready to run; all sizes are known by now. */
  Executable link(Schedule schedule);

  /** What finds the fastest of its kernels' variants; empty where there is nothing to choose. */
  default Optional<Tuner> tuner() {
    return Optional.empty();
  }

  /** Copies and runs, in order. */
  Queue queue();

  /** From opening to {@link #close}, which ends it. */
  Lifetime lifetime();

  /** Gives back all that is kept on the device, then the device itself; tensors and variables that lie on it are lost. */
  @Override
  default void close() {
    lifetime().end();
  }
}
