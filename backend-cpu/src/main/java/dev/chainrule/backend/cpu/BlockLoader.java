package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;
import dev.chainrule.schedule.Layout;

/**
 * Brings blocks of a strided tensor, in row-major order of its shape, into registers. A contiguous tensor is one bulk copy a block, a
 * broadcast or strided one a copy, a fill or a gather for each piece of a row. Traffic: what is read, once; registers stay in cache.
 */
final class BlockLoader {

  private final DType dtype;
  private final Strides strides;
  private final long elementBytes;

  BlockLoader(Layout layout, DType dtype) {
    this.dtype = dtype;
    this.strides = Strides.of(layout);
    this.elementBytes = dtype.bytes();
  }

  /** Every element is the same one. */
  boolean isUniform() {
    return strides.isUniform();
  }

  /** Elements {@code start} to {@code start + n - 1} into {@code register}, an array of the dtype's {@link RegisterKind}. */
  void load(long base, long start, int n, Registers registers, Object register) {
    switch (dtype) {
      case F32 -> walk(base, start, n, (float[]) register, Rows::floats);
      case F64 -> walk(base, start, n, (double[]) register, Rows::doubles);
      case I32 -> walk(base, start, n, (int[]) register, Rows::ints);
      case I64 -> walk(base, start, n, (long[]) register, Rows::longs);
      case F16 -> {
        walk(base, start, n, registers.shorts, Rows::shorts);
        halvesToFloats((float[]) register, registers.shorts, n);
      }
      case BF16 -> {
        walk(base, start, n, registers.shorts, Rows::shorts);
        brainsToFloats((float[]) register, registers.shorts, n);
      }
      case U8, BOOL -> {
        walk(base, start, n, registers.bytes, Rows::bytes);
        bytesToInts((int[]) register, registers.bytes, n);
      }
    }
  }

  private <A> void walk(long base, long start, int n, A to, Rows.Reader<A> reader) {
    long length = strides.rowLength();
    long step = strides.rowStride();
    long row = start / length;
    long column = start - row * length;
    int at = 0;
    while (at < n) {
      int count = (int) Math.min(length - column, n - at);
      reader.read(base + (strides.rowOffset(row) + column * step) * elementBytes, step * elementBytes, to, at, count);
      at += count;
      column = 0;
      row++;
    }
  }

  private static void halvesToFloats(float[] to, short[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Float.float16ToFloat(x[i]);
    }
  }

  private static void brainsToFloats(float[] to, short[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Float.intBitsToFloat(x[i] << 16);
    }
  }

  private static void bytesToInts(int[] to, byte[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] & 0xff;
    }
  }
}
