package dev.chainrule.backend.cpu;

/** A part of a loop over a range. */
@FunctionalInterface
interface RangeTask {
  /** Does the items from {@code from} to {@code to}, excluded, with registers that no other part uses meanwhile. */
  void run(Registers registers, long from, long to);
}
