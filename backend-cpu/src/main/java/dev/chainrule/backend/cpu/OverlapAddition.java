package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.schedule.Operand;

/**
 * Adds windows [outer, count, inner, size] back into [outer, length, inner]. Each element of the result collects what its windows hold of
 * it, in the order of their elements, in double or long. Traffic: the windows once, with a stride of a window; the result once.
 */
final class OverlapAddition implements RangeKernel {

  private final Op.Overlap op;
  private final DType dtype;
  private final Place input;
  private final Place output;
  private final long outer;
  private final long count;
  private final long inner;
  private final Pool<Holding> holdings;

  /** {@code in} is dense. */
  OverlapAddition(Op.Overlap op, Operand in, Operand out, Bases bases) {
    this.op = op;
    this.dtype = in.dtype();
    this.input = bases.place(in.buffer()).plus(in.layout().offset() * dtype.bytes());
    this.output = bases.place(out.buffer());
    this.outer = in.shape().slice(0, op.axis()).elements();
    this.count = in.shape().dim(op.axis());
    this.inner = in.shape().slice(op.axis() + 1, in.shape().rank() - 1).elements();
    int most = Math.toIntExact(Math.min(op.size(), count));
    this.holdings = new Pool<>(() -> new Holding(most));
  }

  @Override
  public long items() {
    return outer * op.length();
  }

  @Override
  public long itemWork() {
    return inner * 8;
  }

  @Override
  public void range(Frame frame, Registers registers, long first, long end) {
    Holding holding = holdings.take();
    try {
      for (long row = first; row < end; row++) {
        holding.find(row % op.length());
        row(frame, row, holding);
      }
    } finally {
      holdings.giveBack(holding);
    }
  }

  /** The windows that hold an element, and where in them it lies, by place. */
  private final class Holding {
    private final long[] windows;
    private final long[] places;
    private int found;

    Holding(int most) {
      this.windows = new long[most];
      this.places = new long[most];
    }

    /** Goes through the windows around the element or through their places, whichever are fewer. */
    void find(long element) {
      found = 0;
      long last = Math.min(count - 1, element / op.stride());
      long first = Math.max(0, Math.ceilDiv(element - (op.size() - 1) * op.dilation(), op.stride()));
      if (last - first < op.size()) {
        for (long window = last; window >= first; window--) {
          add(window, element - window * op.stride());
        }
      } else {
        for (long place = 0; place < op.size(); place++) {
          long start = element - place * op.dilation();
          if (start >= 0 && start % op.stride() == 0 && start / op.stride() < count) {
            add(start / op.stride(), place * op.dilation());
          }
        }
      }
    }

    private void add(long window, long distance) {
      if (distance % op.dilation() == 0) {
        windows[found] = window;
        places[found++] = distance / op.dilation();
      }
    }
  }

  private void row(Frame frame, long row, Holding holding) {
    int width = dtype.bytes();
    long from = input.address(frame);
    long to = output.address(frame) + row * inner * width;
    long o = row / op.length();
    for (long i = 0; i < inner; i++) {
      double real = 0;
      long integer = 0;
      for (int k = 0; k < holding.found; k++) {
        long at = from + (((o * count + holding.windows[k]) * inner + i) * op.size() + holding.places[k]) * width;
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
