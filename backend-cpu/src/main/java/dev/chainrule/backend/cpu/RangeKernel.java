package dev.chainrule.backend.cpu;

/** A kernel that is one loop over items that do not depend on one another. */
interface RangeKernel {

  long items();

  /** What an item costs, in elementary operations of about a nanosecond or less. */
  long itemWork();

  /** Does the items from {@code from} to {@code to}, excluded, with registers that nobody else uses meanwhile. */
  void range(Frame frame, Registers registers, long from, long to);
}
