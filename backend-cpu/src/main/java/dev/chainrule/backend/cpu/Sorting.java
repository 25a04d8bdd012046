package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.schedule.Layout;
import dev.chainrule.schedule.Operand;
import java.lang.foreign.MemorySegment;

/**
 * Sorts lines along an axis. Each element becomes a long whose order is the wanted one (equal numbers get equal longs, NaN the largest);
 * positions are merged by these keys, which keeps equals in their order; at the end the elements are moved, bit by bit. Traffic: the
 * input twice, the results once; the merges stay in cache for lines of up to some ten thousand.
 */
final class Sorting implements RangeKernel {

  private final boolean descending;
  private final WideLoader loader;
  private final DType dtype;
  private final Strides lines;
  private final Place input;
  private final Place values;
  private final Place positions;
  private final long count;
  private final int length;
  private final long inner;
  private final long stride;
  private final Pool<Line> scratches;

  /** The keys of a line, and its positions in two orders. */
  private record Line(long[] keys, int[] order, int[] spare) {}

  Sorting(Op.Sort op, Operand in, Operand values, Operand positions, Bases bases) {
    this.descending = op.descending();
    this.dtype = in.dtype();
    Layout layout = Views.axisLast(in.layout(), op.axis());
    this.input = bases.place(in.buffer());
    this.loader = new WideLoader(input, layout, dtype);
    this.lines = Strides.rows(layout);
    this.values = bases.place(values.buffer());
    this.positions = bases.place(positions.buffer());
    Shape shape = in.shape();
    this.length = Math.toIntExact(shape.dim(op.axis()));
    this.count = length == 0 ? 0 : shape.elements() / length;
    this.inner = shape.slice(op.axis() + 1, shape.rank()).elements();
    this.stride = in.layout().stride(op.axis());
    this.scratches = new Pool<>(() -> new Line(new long[length], new int[length], new int[length]));
  }

  @Override
  public long items() {
    return count;
  }

  @Override
  public long itemWork() {
    return length * 4L * (Integer.SIZE - Integer.numberOfLeadingZeros(length));
  }

  @Override
  public void range(Frame frame, Registers registers, long first, long end) {
    Line scratch = scratches.take();
    try {
      for (long line = first; line < end; line++) {
        readKeys(frame, registers, line, scratch.keys);
        write(frame, line, sorted(scratch.keys, scratch.order, scratch.spare));
      }
    } finally {
      scratches.giveBack(scratch);
    }
  }

  private void readKeys(Frame frame, Registers registers, long line, long[] keys) {
    for (int at = 0; at < length; at += Registers.BLOCK) {
      int n = Math.min(Registers.BLOCK, length - at);
      loader.load(frame, line * length + at, n, registers);
      if (dtype.isFloating()) {
        keysOf(registers.doubles(WideLoader.REGISTER), keys, at, n);
      } else {
        keysOf(registers.longs(WideLoader.REGISTER), keys, at, n);
      }
    }
  }

  private void keysOf(double[] x, long[] keys, int at, int n) {
    for (int i = 0; i < n; i++) {
      long bits = Double.doubleToRawLongBits(x[i] + 0.0); // -0 becomes 0: they are equal
      long ascending = bits ^ ((bits >> 63) & Long.MAX_VALUE);
      keys[at + i] = Double.isNaN(x[i]) ? Long.MAX_VALUE : descending ? ~ascending : ascending;
    }
  }

  private void keysOf(long[] x, long[] keys, int at, int n) {
    for (int i = 0; i < n; i++) {
      keys[at + i] = descending ? ~x[i] : x[i];
    }
  }

  /** Bottom-up merge sort of positions; gives the array that holds the result. */
  private static int[] sorted(long[] keys, int[] order, int[] spare) {
    int n = keys.length;
    for (int i = 0; i < n; i++) {
      order[i] = i;
    }
    int[] from = order;
    int[] to = spare;
    for (long width = 1; width < n; width *= 2) {
      for (long low = 0; low < n; low += 2 * width) {
        merge(keys, from, to, (int) low, (int) Math.min(low + width, n), (int) Math.min(low + 2 * width, n));
      }
      int[] merged = to;
      to = from;
      from = merged;
    }
    return from;
  }

  private static void merge(long[] keys, int[] from, int[] to, int low, int middle, int high) {
    int left = low;
    int right = middle;
    for (int i = low; i < high; i++) {
      boolean takeLeft = left < middle && (right == high || keys[from[left]] <= keys[from[right]]);
      to[i] = takeLeft ? from[left++] : from[right++];
    }
  }

  private void write(Frame frame, long line, int[] order) {
    int width = dtype.bytes();
    long from = input.address(frame) + lines.rowOffset(line) * width;
    long first = line / inner * length * inner + line % inner;
    for (int k = 0; k < length; k++) {
      long at = first + k * inner;
      MemorySegment.copy(OffHeap.MEMORY, from + order[k] * stride * width, OffHeap.MEMORY, values.address(frame) + at * width, width);
      Elements.put(DType.I32, positions.address(frame) + at * Integer.BYTES, order[k]);
    }
  }
}
