package dev.chainrule.kernels;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.chainrule.device.Fault;
import java.lang.foreign.MemorySegment;

/** What kernels write at the start of the frame when they meet a fault: the number of the instruction from 1, then the smallest detail. */
public final class FaultWord {

  /** Its size. */
  public static final long BYTES = 2L * Integer.BYTES;

  /** The first half while nothing has faulted. */
  public static final int NO_INSTRUCTION = 0;
  /** The second half while nothing has faulted: no detail is larger. */
  public static final int NO_DETAIL = -1;

  private FaultWord() {}

  /** What the word says, after it was copied to the host. */
  public static Fault read(MemorySegment word) {
    int instruction = word.get(JAVA_INT, 0);
    return instruction == NO_INSTRUCTION ? Fault.NONE
        : new Fault(instruction - 1, Integer.toUnsignedLong(word.get(JAVA_INT, Integer.BYTES)));
  }
}
