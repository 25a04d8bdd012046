package dev.chainrule.backend.cpu;

/** One loop of a {@link BlockProgram} over registers. */
@FunctionalInterface
interface BlockStep {
  /** Handles elements {@code at} to {@code at + n - 1} of the kernel's domain. */
  void run(Frame frame, Registers registers, long at, int n);
}
