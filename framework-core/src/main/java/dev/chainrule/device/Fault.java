package dev.chainrule.device;

/**
 * The content of a plan's fault word after a run.
 *
 * @param instruction number of the first instruction that faulted, -1 for none
 * @param detail the offending index, or which of the kernel's checks has found a value that is not finite
 */
public record Fault(int instruction, long detail) {

  public static final Fault NONE = new Fault(-1, 0);

  public boolean occurred() {
    return instruction >= 0;
  }
}
