package dev.chainrule.backend.cpu;

import dev.chainrule.device.Fault;

/**
 * The first fault of a run: that of the first instruction that has one, there that of the smallest element position. So it does not
 * depend on the order in which threads come across faults.
 */
final class FaultWord {

  private int instruction;
  private int faulted;
  private long position;
  private long detail;

  synchronized void clear() {
    faulted = -1;
  }

  /** Later reports are about this instruction. */
  synchronized void enter(int number) {
    instruction = number;
  }

  synchronized void report(long where, long what) {
    if (faulted < 0 || (faulted == instruction && where < position)) {
      faulted = instruction;
      position = where;
      detail = what;
    }
  }

  synchronized boolean occurred() {
    return faulted >= 0;
  }

  synchronized Fault toFault() {
    return faulted < 0 ? Fault.NONE : new Fault(faulted, detail);
  }
}
