package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import java.lang.foreign.MemorySegment;

/**
 * The channels of one sample as a matrix [taps, positions]: what each place of the kernel sees at each position of the result, zeros
 * outside the input ("im2col"); and back, adding up. Rows of the innermost axis are bulk copies where the stride is 1. Traffic: the
 * channels as often as the kernel has places, from cache unless a channel is large; the matrix once.
 */
final class Unfolding {

  private final ConvolutionSizes sizes;
  private final DType dtype;
  private final int width;
  private final long[] in;
  private final long[] out;
  private final long[] kernel;
  private final Row unfolding = this::unfoldRow;
  private final Row folding;

  /** Of F32 or F64. */
  Unfolding(ConvolutionSizes sizes, DType dtype) {
    this.sizes = sizes;
    this.dtype = dtype;
    this.width = dtype.bytes();
    this.in = sizes.in();
    this.out = sizes.out();
    this.kernel = sizes.kernel();
    this.folding = dtype == DType.F32 ? Unfolding::foldFloats : Unfolding::foldDoubles;
  }
  /** Fills the matrix from a sample's channels; both are addresses. */
  void unfold(long channels, long matrix) {
    walk(channels, matrix, unfolding);
  }

  /** Adds the matrix into a sample's channels; both are addresses. */
  void fold(long matrix, long channels) {
    walk(channels, matrix, folding);
  }

  /** A piece of the matrix along the last axis and where it lies in the input, if not all in the border. */
  private interface Row {
    /**
     * @param from address of the input's row, 0 if that lies in the border
     * @param first input coordinate of the first of {@code n} elements
     */
    void at(long from, long first, long step, long length, long to, long n);
  }

  private void walk(long channels, long matrix, Row row) {
    int rank = in.length;
    long inElements = product(in);
    long taps = product(kernel);
    long rows = product(out) / Math.max(1, rank == 0 ? 1 : out[rank - 1]);
    long n = rank == 0 ? 1 : out[rank - 1];
    long to = matrix;
    for (long channel = 0; channel < sizes.groupChannels(); channel++) {
      for (long tap = 0; tap < taps; tap++) {
        for (long r = 0; r < rows; r++) {
          long offset = rank == 0 ? 0 : outerOffset(tap, r);
          long from = offset < 0 ? 0 : channels + (channel * inElements + offset) * width;
          if (rank == 0) {
            row.at(from, 0, 1, 1, to, 1);
          } else {
            Op.Spatial last = sizes.axes().get(rank - 1);
            row.at(from, tap % kernel[rank - 1] * last.dilation() - last.low(), last.stride(), in[rank - 1], to, n);
          }
          to += n * width;
        }
      }
    }
  }

  /** Where in a channel the row lies that a tap sees from a row of positions; -1 in the border. */
  private long outerOffset(long tap, long row) {
    int last = in.length - 1;
    long offset = 0;
    long step = in[last];
    long places = tap / kernel[last];
    for (int axis = last - 1; axis >= 0; axis--) {
      Op.Spatial s = sizes.axes().get(axis);
      long at = row % out[axis] * s.stride() + places % kernel[axis] * s.dilation() - s.low();
      if (at < 0 || at >= in[axis]) {
        return -1;
      }
      offset += at * step;
      step *= in[axis];
      row /= out[axis];
      places /= kernel[axis];
    }
    return offset;
  }

  private static long product(long[] dims) {
    long product = 1;
    for (long dim : dims) {
      product *= dim;
    }
    return product;
  }

  /** The first of n elements whose coordinate first + i * step is not below 0. */
  private static long begin(long first, long step, long n) {
    return first >= 0 ? 0 : Math.min(n, (-first + step - 1) / step);
  }

  /** One behind the last of n elements whose coordinate is below {@code length}. */
  private static long end(long first, long step, long length, long n) {
    return first >= length ? 0 : Math.min(n, (length - first + step - 1) / step);
  }

  private void unfoldRow(long from, long first, long step, long length, long to, long n) {
    if (from == 0) {
      zero(to, n);
      return;
    }
    long begin = begin(first, step, n);
    long end = Math.max(begin, end(first, step, length, n));
    zero(to, begin);
    if (step == 1) {
      MemorySegment.copy(OffHeap.MEMORY, from + (first + begin) * width, OffHeap.MEMORY, to + begin * width, (end - begin) * width);
    } else if (dtype == DType.F32) {
      for (long i = begin; i < end; i++) {
        OffHeap.MEMORY.set(OffHeap.FLOAT, to + i * Float.BYTES, OffHeap.MEMORY.get(OffHeap.FLOAT, from + (first + i * step) * Float.BYTES));
      }
    } else {
      for (long i = begin; i < end; i++) {
        OffHeap.MEMORY.set(OffHeap.DOUBLE, to + i * Double.BYTES,
            OffHeap.MEMORY.get(OffHeap.DOUBLE, from + (first + i * step) * Double.BYTES));
      }
    }
    zero(to + end * width, n - end);
  }

  private void zero(long address, long n) {
    for (long i = 0; i < n * width; i += Float.BYTES) {
      OffHeap.MEMORY.set(OffHeap.FLOAT, address + i, 0);
    }
  }

  private static void foldFloats(long from, long first, long step, long length, long to, long n) {
    if (from == 0) {
      return;
    }
    for (long i = begin(first, step, n); i < end(first, step, length, n); i++) {
      long at = from + (first + i * step) * Float.BYTES;
      OffHeap.MEMORY.set(OffHeap.FLOAT, at,
          OffHeap.MEMORY.get(OffHeap.FLOAT, at) + OffHeap.MEMORY.get(OffHeap.FLOAT, to + i * Float.BYTES));
    }
  }

  private static void foldDoubles(long from, long first, long step, long length, long to, long n) {
    if (from == 0) {
      return;
    }
    for (long i = begin(first, step, n); i < end(first, step, length, n); i++) {
      long at = from + (first + i * step) * Double.BYTES;
      OffHeap.MEMORY.set(OffHeap.DOUBLE, at,
          OffHeap.MEMORY.get(OffHeap.DOUBLE, at) + OffHeap.MEMORY.get(OffHeap.DOUBLE, to + i * Double.BYTES));
    }
  }
}
