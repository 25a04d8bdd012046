package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;
import java.util.Arrays;

/** Looks in a register for what is NaN or infinite. Of several checks of a kernel the first that fails is reported, wherever. */
final class FiniteCheck {

  /** The bits of an infinity; those of NaNs are larger, if their signs are left out. */
  private static final int INFINITY = Float.floatToRawIntBits(Float.POSITIVE_INFINITY);

  private FiniteCheck() {}

  /** @param number of the check among those of its instruction */
  static BlockStep step(DType dtype, int register, int number) {
    return RegisterKind.of(dtype) == RegisterKind.FLOAT
        ? (frame, registers, _, n) -> report(isFinite(registers.floats(register), n), frame, number)
        : (frame, registers, _, n) -> report(isFinite(registers.doubles(register), n), frame, number);
  }

  /** Before a generated loop looks at magnitudes, as bits: {@code largest} holds the largest of each lane. */
  static void begin(int[] largest, int lanes) {
    Arrays.fill(largest, 0, lanes, 0);
  }

  /** Behind the loop. */
  static void end(int[] largest, int lanes, Frame frame, int number) {
    boolean finite = true;
    for (int lane = 0; lane < lanes; lane++) {
      finite &= largest[lane] < INFINITY;
    }
    report(finite, frame, number);
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
