package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;

/** Writes registers to dense memory, rounded to its type: one bulk copy a block. */
final class BlockStorer {

  private BlockStorer() {}

  /** The first {@code n} elements of {@code register}, an array of the dtype's {@link RegisterKind}, to {@code address}. */
  static void store(DType dtype, Object register, int n, long address, Registers registers) {
    switch (dtype) {
      case F32 -> Rows.write((float[]) register, address, n);
      case F64 -> Rows.write((double[]) register, address, n);
      case I32 -> Rows.write((int[]) register, address, n);
      case I64 -> Rows.write((long[]) register, address, n);
      case F16 -> {
        floatsToHalves(registers.shorts, (float[]) register, n);
        Rows.write(registers.shorts, address, n);
      }
      case BF16 -> {
        floatsToBrains(registers.shorts, (float[]) register, n);
        Rows.write(registers.shorts, address, n);
      }
      case U8, BOOL -> {
        intsToBytes(registers.bytes, (int[]) register, n);
        Rows.write(registers.bytes, address, n);
      }
    }
  }

  private static void floatsToHalves(short[] to, float[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Float.floatToFloat16(x[i]);
    }
  }

  private static void floatsToBrains(short[] to, float[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = (short) Conversions.brainBits(x[i]);
    }
  }

  private static void intsToBytes(byte[] to, int[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = (byte) x[i];
    }
  }
}
