package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;
import dev.chainrule.schedule.Layout;

/**
 * Writes blocks of a strided tensor, in row-major order of its shape, from registers, rounded to its type. A contiguous tensor is one bulk
 * copy a block, any other a copy or a scatter for each piece of a row.
 */
final class BlockStorer {

  private final DType dtype;
  private final Strides strides;
  private final long elementBytes;

  BlockStorer(Layout layout, DType dtype) {
    this.dtype = dtype;
    this.strides = Strides.of(layout);
    this.elementBytes = dtype.bytes();
  }

  /** Elements {@code start} to {@code start + n - 1} from {@code register}, an array of the dtype's {@link RegisterKind}. */
  void store(long base, long start, int n, Registers registers, Object register) {
    switch (dtype) {
      case F32 -> walk(base, start, n, (float[]) register, Rows::write);
      case F64 -> walk(base, start, n, (double[]) register, Rows::write);
      case I32 -> walk(base, start, n, (int[]) register, Rows::write);
      case I64 -> walk(base, start, n, (long[]) register, Rows::write);
      case F16 -> {
        floatsToHalves(registers.shorts, (float[]) register, n);
        walk(base, start, n, registers.shorts, Rows::write);
      }
      case BF16 -> {
        floatsToBrains(registers.shorts, (float[]) register, n);
        walk(base, start, n, registers.shorts, Rows::write);
      }
      case U8, BOOL -> {
        intsToBytes(registers.bytes, (int[]) register, n);
        walk(base, start, n, registers.bytes, Rows::write);
      }
    }
  }

  private <A> void walk(long base, long start, int n, A from, Rows.Writer<A> writer) {
    long length = strides.rowLength();
    long step = strides.rowStride();
    long row = start / length;
    long column = start - row * length;
    int at = 0;
    while (at < n) {
      int count = (int) Math.min(length - column, n - at);
      writer.write(base + (strides.rowOffset(row) + column * step) * elementBytes, step * elementBytes, from, at, count);
      at += count;
      column = 0;
      row++;
    }
  }

  /** The first {@code n} elements of {@code register}, an array of the dtype's {@link RegisterKind}, to neighbours at {@code address}. */
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
