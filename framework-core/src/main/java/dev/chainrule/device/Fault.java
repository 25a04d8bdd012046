package dev.chainrule.device;

/**
 * The content of a plan's fault word after a run.
 *
 * @param instruction number of the first instruction that faulted, -1 for none
 * @param detail the offending index, or which of the kernel's checks has found a value that is not finite
 */
public record Fault(int instruction, long detail) {

  /** A run that went well. */
  public static final Fault NONE = new Fault(-1, 0);

  /** Whether an instruction faulted. */
  public boolean occurred() {
    return instruction >= 0;
  }
}
