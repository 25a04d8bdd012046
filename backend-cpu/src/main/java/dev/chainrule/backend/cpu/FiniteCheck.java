package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;

/** Looks in a register for what is NaN or infinite. Of several checks of a kernel the first that fails is reported, wherever. */
final class FiniteCheck {

  private FiniteCheck() {}

  /** @param number of the check among those of its instruction */
  static BlockStep step(DType dtype, int register, int number) {
    return RegisterKind.of(dtype) == RegisterKind.FLOAT
        ? (frame, registers, _, n) -> report(isFinite(registers.floats(register), n), frame, number)
        : (frame, registers, _, n) -> report(isFinite(registers.doubles(register), n), frame, number);
  }

  private static void report(boolean finite, Frame frame, int number) {
    if (!finite) {
      frame.faults().report(number, number);
    }
  }

  private static boolean isFinite(float[] x, int n) {
    int bad = 0;
    for (int i = 0; i < n; i++) {
      bad |= Math.abs(x[i]) <= Float.MAX_VALUE ? 0 : 1;
    }
    return bad == 0;
  }

  private static boolean isFinite(double[] x, int n) {
    int bad = 0;
    for (int i = 0; i < n; i++) {
      bad |= Math.abs(x[i]) <= Double.MAX_VALUE ? 0 : 1;
    }
    return bad == 0;
  }
}
