package dev.chainrule.backend.cpu;

import dev.chainrule.schedule.Operand;

/** Faults at the first element that is NaN or infinite. Traffic: the operand once. */
final class FiniteCheck implements Kernel {

  private final Place place;
  private final BlockLoader loader;
  private final RegisterKind kind;
  private final long elements;
  private final int check;

  FiniteCheck(Operand operand, int check, Bases bases) {
    this.check = check;
    this.place = bases.place(operand.buffer());
    this.loader = new BlockLoader(operand.layout(), operand.dtype());
    this.kind = RegisterKind.of(operand.dtype());
    this.elements = operand.shape().elements();
  }

  @Override
  public void run(Frame frame) {
    if (kind == RegisterKind.INT || kind == RegisterKind.LONG) {
      return;
    }
    frame.parts().forEach((elements + Registers.BLOCK - 1) / Registers.BLOCK, Registers.BLOCK, (registers, first, end) -> {
      for (long block = first; block < end; block++) {
        long at = block * Registers.BLOCK;
        int n = (int) Math.min(Registers.BLOCK, elements - at);
        Object register = registers.array(kind, 0);
        loader.load(place.address(frame), at, n, registers, register);
        int bad = kind == RegisterKind.FLOAT ? notFinite((float[]) register, n) : notFinite((double[]) register, n);
        if (bad < n) {
          frame.faults().report(at + bad, check);
        }
      }
    });
  }

  private static int notFinite(float[] x, int n) {
    int i = 0;
    while (i < n && Math.abs(x[i]) <= Float.MAX_VALUE) {
      i++;
    }
    return i;
  }

  private static int notFinite(double[] x, int n) {
    int i = 0;
    while (i < n && Math.abs(x[i]) <= Double.MAX_VALUE) {
      i++;
    }
    return i;
  }
}
