package dev.chainrule.backend.cpu;

/** The generated loops of a kernel's phases, used as soon as all are there: one may find in registers what only another leaves there. */
final class LoopSet {

  private int missing;

  /** There is one more loop to come. */
  void expect() {
    missing++;
  }

  void arrived() {
    missing--;
  }

  boolean isComplete() {
    return missing == 0;
  }
}
