package dev.chainrule.backend.cpu;

import dev.chainrule.schedule.Layout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * Copies elements, bit by bit, from one layout to another of the same shape. Where both sides have neighbours a row is one bulk copy; a
 * transposition goes by square tiles, so that each cache line of the source is used up while it is there. Traffic: every element read
 * and written once.
 */
final class StridedCopy implements RangeKernel {

  private static final int TILE = 32;

  /** Elements of a row that one part copies at least. */
  private static final long PIECE = 16_384;

  private final Place fromPlace;
  private final Place toPlace;
  private final int width;
  private final long[] dims;
  private final long[] source;
  private final long[] target;
  private final long sourceOffset;
  private final long targetOffset;
  private final int tiledAxis;

  /** Offsets and strides become bytes: {@code width} for each element. */
  StridedCopy(Place fromPlace, Layout from, Place toPlace, Layout to, int width) {
    this.fromPlace = fromPlace;
    this.toPlace = toPlace;
    this.width = width;
    int rank = from.shape().rank();
    long[] d = new long[rank];
    long[] s = new long[rank];
    long[] t = new long[rank];
    int kept = 0;
    for (int axis = 0; axis < rank; axis++) {
      long dim = from.shape().dim(axis);
      long in = from.stride(axis) * width;
      long out = to.stride(axis) * width;
      if (dim == 1) {
        continue;
      }
      if (kept > 0 && s[kept - 1] == in * dim && t[kept - 1] == out * dim) {
        kept--;
        dim *= d[kept];
      }
      d[kept] = dim;
      s[kept] = in;
      t[kept] = out;
      kept++;
    }
    this.dims = Arrays.copyOf(d, Math.max(kept, 1));
    this.source = Arrays.copyOf(s, Math.max(kept, 1));
    this.target = Arrays.copyOf(t, Math.max(kept, 1));
    if (kept == 0) {
      dims[0] = 1;
    }
    this.sourceOffset = from.offset() * width;
    this.targetOffset = to.offset() * width;
    this.tiledAxis = tiledAxis();
  }

  /** The axis along which the source has neighbours when the last one is another, else -1. */
  private int tiledAxis() {
    int last = dims.length - 1;
    for (int axis = 0; axis < last; axis++) {
      if (source[axis] == width && source[last] != width && source[last] != 0) {
        return axis;
      }
    }
    return -1;
  }

  @Override
  public long items() {
    if (tiledAxis >= 0) {
      return dims[tiledAxis] == 0 ? 0 : rows() / dims[tiledAxis] * tiles();
    }
    return rows() * pieces();
  }

  @Override
  public long itemWork() {
    long length = dims[dims.length - 1];
    return tiledAxis >= 0 ? TILE * length : Math.min(length, PIECE);
  }

  private long rows() {
    long rows = 1;
    for (int axis = 0; axis < dims.length - 1; axis++) {
      rows *= dims[axis];
    }
    return rows;
  }

  private long tiles() {
    return (dims[tiledAxis] + TILE - 1) / TILE;
  }

  private long pieces() {
    return (dims[dims.length - 1] + PIECE - 1) / PIECE;
  }

  @Override
  public void range(Frame frame, Registers registers, long first, long end) {
    long from = fromPlace.address(frame);
    long to = toPlace.address(frame);
    if (tiledAxis < 0 && pieces() == 1) {
      rows(first, end, from, to);
      return;
    }
    for (long item = first; item < end; item++) {
      if (tiledAxis >= 0) {
        tiles(item / tiles(), item % tiles() * TILE, from, to);
      } else {
        piece(item / pieces(), item % pieces() * PIECE, from, to);
      }
    }
  }

  /** Whole rows: where one begins is found out anew only where the last axis but one begins. */
  private void rows(long first, long end, long from, long to) {
    int last = dims.length - 1;
    long together = last == 0 ? 1 : dims[last - 1];
    for (long row = first; row < end;) {
      long n = Math.min(together - row % together, end - row);
      long in = from + sourceOffset + offset(source, row, -1);
      long out = to + targetOffset + offset(target, row, -1);
      for (long i = 0; i < n; i++) {
        row(in + (last == 0 ? 0 : i * source[last - 1]), out + (last == 0 ? 0 : i * target[last - 1]), dims[last]);
      }
      row += n;
    }
  }

  private void piece(long row, long column, long from, long to) {
    row(
        from + offset(source, row, -1) + sourceOffset + column * source[dims.length - 1],
        to + offset(target, row, -1) + targetOffset + column * target[dims.length - 1],
        Math.min(PIECE, dims[dims.length - 1] - column));
  }

  /** Where a row begins: its number counts over all axes but the last and {@code without}. */
  private long offset(long[] strides, long row, int without) {
    long at = 0;
    for (int axis = dims.length - 2; axis >= 0; axis--) {
      if (axis != without) {
        at += row % dims[axis] * strides[axis];
        row /= dims[axis];
      }
    }
    return at;
  }

  /** The tiles of one plane whose first coordinate along the tiled axis is {@code start}. */
  private void tiles(long plane, long start, long from, long to) {
    int last = dims.length - 1;
    long in = from + sourceOffset + offset(source, plane, tiledAxis);
    long out = to + targetOffset + offset(target, plane, tiledAxis);
    long end = Math.min(start + TILE, dims[tiledAxis]);
    for (long column = 0; column < dims[last]; column += TILE) {
      long n = Math.min(TILE, dims[last] - column);
      for (long i = start; i < end; i++) {
        row(in + i * source[tiledAxis] + column * source[last], out + i * target[tiledAxis] + column * target[last], n);
      }
    }
  }

  private void row(long from, long to, long n) {
    long in = source[dims.length - 1];
    long out = target[dims.length - 1];
    if (in == width && out == width) {
      MemorySegment.copy(OffHeap.MEMORY, from, OffHeap.MEMORY, to, n * width);
      return;
    }
    switch (width) {
      case 1 -> bytes(from, in, to, out, n);
      case 2 -> shorts(from, in, to, out, n);
      case 4 -> ints(from, in, to, out, n);
      default -> longs(from, in, to, out, n);
    }
  }

  private static void bytes(long from, long in, long to, long out, long n) {
    for (long i = 0; i < n; i++) {
      OffHeap.MEMORY.set(ValueLayout.JAVA_BYTE, to + i * out, OffHeap.MEMORY.get(ValueLayout.JAVA_BYTE, from + i * in));
    }
  }

  private static void shorts(long from, long in, long to, long out, long n) {
    for (long i = 0; i < n; i++) {
      OffHeap.MEMORY.set(ValueLayout.JAVA_SHORT_UNALIGNED, to + i * out,
          OffHeap.MEMORY.get(ValueLayout.JAVA_SHORT_UNALIGNED, from + i * in));
    }
  }

  private static void ints(long from, long in, long to, long out, long n) {
    for (long i = 0; i < n; i++) {
      OffHeap.MEMORY.set(ValueLayout.JAVA_INT_UNALIGNED, to + i * out, OffHeap.MEMORY.get(ValueLayout.JAVA_INT_UNALIGNED, from + i * in));
    }
  }

  private static void longs(long from, long in, long to, long out, long n) {
    for (long i = 0; i < n; i++) {
      OffHeap.MEMORY.set(ValueLayout.JAVA_LONG_UNALIGNED, to + i * out,
          OffHeap.MEMORY.get(ValueLayout.JAVA_LONG_UNALIGNED, from + i * in));
    }
  }
}
