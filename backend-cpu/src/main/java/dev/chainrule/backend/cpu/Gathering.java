package dev.chainrule.backend.cpu;

import dev.chainrule.schedule.Operand;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Rows picked by index: x[outer, places, row] to [outer, indices, row]. A row is one bulk copy, or a single element. Traffic: the
 * picked rows and the indices once.
 */
final class Gathering implements Kernel {

  private final Indices indices;
  private final Place input;
  private final Place output;
  private final long outer;
  private final long places;
  private final long rowBytes;

  /** Both {@code x} and the result are dense. */
  Gathering(int axis, Operand x, Operand indices, Operand out, Bases bases) {
    int rank = x.shape().rank();
    this.places = x.shape().dim(axis);
    this.indices = new Indices(indices, places, bases);
    this.input = bases.place(x.buffer()).plus(x.layout().offset() * x.dtype().bytes());
    this.output = bases.place(out.buffer());
    this.outer = x.shape().slice(0, axis).elements();
    this.rowBytes = x.shape().slice(axis + 1, rank).elements() * x.dtype().bytes();
  }

  @Override
  public void run(Frame frame) {
    long[] rows = indices.read(frame);
    long from = input.address(frame);
    long to = output.address(frame);
    if (places == 0) {
      // Every index faults and there is no element 0 to read; the result is never looked at.
      return;
    }
    frame.parts().forEach(outer * rows.length, Math.max(rowBytes / 8, 4), (_, first, end) -> {
      for (long item = first; item < end; item++) {
        copy(from + (item / rows.length * places + rows[(int) (item % rows.length)]) * rowBytes, to + item * rowBytes);
      }
    });
  }

  private void copy(long from, long to) {
    if (rowBytes == Integer.BYTES) {
      OffHeap.MEMORY.set(ValueLayout.JAVA_INT_UNALIGNED, to, OffHeap.MEMORY.get(ValueLayout.JAVA_INT_UNALIGNED, from));
    } else {
      MemorySegment.copy(OffHeap.MEMORY, from, OffHeap.MEMORY, to, rowBytes);
    }
  }
}
