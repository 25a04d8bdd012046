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
final class StridedCopy {

  private static final int TILE = 32;

  /** Elements of a row that one part copies at least. */
  private static final long PIECE = 16_384;

  private final int width;
  private final long[] dims;
  private final long[] source;
  private final long[] target;
  private final long sourceOffset;
  private final long targetOffset;
  private final int tiledAxis;

  /** Offsets and strides become bytes: {@code width} for each element. */
  StridedCopy(Layout from, Layout to, int width) {
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

  static Kernel kernel(Place from, Layout fromLayout, Place to, Layout toLayout, int width) {
    var copy = new StridedCopy(fromLayout, toLayout, width);
    return frame -> copy.run(frame.parts(), from.address(frame), to.address(frame));
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

  void run(Parts parts, long from, long to) {
    long rows = 1;
    for (int axis = 0; axis < dims.length - 1; axis++) {
      rows *= dims[axis];
    }
    long length = dims[dims.length - 1];
    if (tiledAxis >= 0) {
      long tiles = (dims[tiledAxis] + TILE - 1) / TILE;
      long planes = dims[tiledAxis] == 0 ? 0 : rows / dims[tiledAxis];
      parts.forEach(planes * tiles, TILE * length, (_, first, end) -> {
        for (long item = first; item < end; item++) {
          tiles(item / tiles, item % tiles * TILE, from, to);
        }
      });
      return;
    }
    long pieces = (length + PIECE - 1) / PIECE;
    parts.forEach(rows * pieces, Math.min(length, PIECE), (_, first, end) -> {
      for (long item = first; item < end; item++) {
        long column = item % pieces * PIECE;
        long row = item / pieces;
        row(
            from + offset(source, row, -1) + sourceOffset + column * source[dims.length - 1],
            to + offset(target, row, -1) + targetOffset + column * target[dims.length - 1],
            Math.min(PIECE, length - column));
      }
    });
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
