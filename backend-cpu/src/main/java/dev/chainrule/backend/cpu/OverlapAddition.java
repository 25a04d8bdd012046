package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.schedule.Operand;

/**
 * Adds windows [outer, count, inner, size] back into [outer, length, inner]. Each element of the result collects what its windows hold of
 * it, in the order of their elements, in double or long. Traffic: the windows once, with a stride of a window; the result once.
 */
final class OverlapAddition implements Kernel {

  private final Op.Overlap op;
  private final DType dtype;
  private final Place input;
  private final Place output;
  private final long outer;
  private final long count;
  private final long inner;

  /** {@code in} is dense. */
  OverlapAddition(Op.Overlap op, Operand in, Operand out, Bases bases) {
    this.op = op;
    this.dtype = in.dtype();
    this.input = bases.place(in.buffer()).plus(in.layout().offset() * dtype.bytes());
    this.output = bases.place(out.buffer());
    this.outer = in.shape().slice(0, op.axis()).elements();
    this.count = in.shape().dim(op.axis());
    this.inner = in.shape().slice(op.axis() + 1, in.shape().rank() - 1).elements();
  }

  @Override
  public void run(Frame frame) {
    frame.parts().forEach(outer * op.length(), inner * 8, (_, first, end) -> {
      // The windows that hold the element, and where in them it lies.
      long[] windows = new long[Math.toIntExact(op.size())];
      long[] places = new long[Math.toIntExact(op.size())];
      for (long row = first; row < end; row++) {
        int found = 0;
        for (long place = 0; place < op.size(); place++) {
          long start = row % op.length() - place * op.dilation();
          if (start >= 0 && start % op.stride() == 0 && start / op.stride() < count) {
            windows[found] = start / op.stride();
            places[found++] = place;
          }
        }
        row(frame, row, windows, places, found);
      }
    });
  }

  private void row(Frame frame, long row, long[] windows, long[] places, int found) {
    int width = dtype.bytes();
    long from = input.address(frame);
    long to = output.address(frame) + row * inner * width;
    long o = row / op.length();
    for (long i = 0; i < inner; i++) {
      double real = 0;
      long integer = 0;
      for (int k = 0; k < found; k++) {
        long at = from + (((o * count + windows[k]) * inner + i) * op.size() + places[k]) * width;
        if (dtype.isFloating()) {
          real += Elements.real(dtype, at);
        } else {
          integer += Elements.integer(dtype, at);
        }
      }
      if (dtype.isFloating()) {
        Elements.put(dtype, to + i * width, real);
      } else {
        Elements.put(dtype, to + i * width, integer);
      }
    }
  }
}
