package dev.chainrule.plan;

import dev.chainrule.schedule.Instruction;

/** A run met something its semantics forbid and committed nothing. Turned into a message for users by {@link Replay}. */
public final class FaultedRun extends RuntimeException {

  private final transient Instruction instruction;
  private final int check;
  private final long detail;

  FaultedRun(Instruction instruction, int check, long detail) {
    super("faulted at " + instruction + " (" + detail + ")");
    this.instruction = instruction;
    this.check = check;
    this.detail = detail;
  }

  Instruction instruction() {
    return instruction;
  }

  /** The number of the graph's check that failed, -1 when it was an instruction of another kind. */
  int check() {
    return check;
  }

  long detail() {
    return detail;
  }
}
