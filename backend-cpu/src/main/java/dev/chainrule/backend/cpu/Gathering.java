package dev.chainrule.backend.cpu;

import dev.chainrule.schedule.Operand;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Rows picked by index: x[outer, places, row] to [outer, indices, row]. A row is one bulk copy, or a single element. Traffic: the
 * picked rows and the indices once.
 */
final class Gathering implements RangeKernel {

  private final Indices indices;
  private final Place input;
  private final Place output;
  private final long outer;
  private final long places;
  private final long rowBytes;

  private Gathering(int axis, Operand x, Indices indices, Operand out, Bases bases) {
    int rank = x.shape().rank();
    this.places = x.shape().dim(axis);
    this.indices = indices;
    this.input = bases.place(x.buffer()).plus(x.layout().offset() * x.dtype().bytes());
    this.output = bases.place(out.buffer());
    this.outer = x.shape().slice(0, axis).elements();
    this.rowBytes = x.shape().slice(axis + 1, rank).elements() * x.dtype().bytes();
  }

  /** Both {@code x} and the result are dense. */
  static Kernel kernel(int axis, Operand x, Operand indices, Operand out, Bases bases, Parts parts) {
    var read = new Indices(indices, x.shape().dim(axis), bases);
    return Sequence.of(parts.loop(read), parts.loop(new Gathering(axis, x, read, out, bases)));
  }

  /** None without places: every index faults then, there is no element 0 to read, and the result is never looked at. */
  @Override
  public long items() {
    return places == 0 ? 0 : outer * indices.values().length;
  }

  @Override
  public long itemWork() {
    return Math.max(rowBytes / 8, 4);
  }

  @Override
  public void range(Frame frame, Registers registers, long first, long end) {
    long[] rows = indices.values();
    long from = input.address(frame);
    long to = output.address(frame);
    for (long item = first; item < end; item++) {
      copy(from + (item / rows.length * places + rows[(int) (item % rows.length)]) * rowBytes, to + item * rowBytes);
    }
  }

  private void copy(long from, long to) {
    if (rowBytes == Integer.BYTES) {
      OffHeap.MEMORY.set(ValueLayout.JAVA_INT_UNALIGNED, to, OffHeap.MEMORY.get(ValueLayout.JAVA_INT_UNALIGNED, from));
    } else {
      MemorySegment.copy(OffHeap.MEMORY, from, OffHeap.MEMORY, to, rowBytes);
    }
  }
}
