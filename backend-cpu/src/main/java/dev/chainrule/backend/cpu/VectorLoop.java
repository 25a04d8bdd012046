package dev.chainrule.backend.cpu;

/** A {@link VectorProgram} as code; generated classes implement it. */
interface VectorLoop {

  /**
   * Runs over {@code n} elements, a multiple of the vectors' length.
   *
   * @param addresses where the program's streams begin
   * @param at the first element in registers
   */
  void run(Registers registers, long[] addresses, int at, int n);
}
