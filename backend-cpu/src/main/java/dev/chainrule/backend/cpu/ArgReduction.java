package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.schedule.Layout;
import dev.chainrule.schedule.Operand;

/**
 * Positions of extrema along an axis. Lines along the axis are loaded a block at a time, several short ones or a piece of a long one,
 * widened to double or long and scanned. Traffic: the input once; along an inner axis it is read with strides.
 */
final class ArgReduction implements RangeKernel {

  private final boolean largest;
  private final WideLoader loader;
  private final boolean real;
  private final Place output;
  private final long lines;
  private final long length;

  /** Short lines that are scanned as one block. */
  private final long together;

  ArgReduction(Op.ArgReduce op, Operand in, Operand out, Bases bases) {
    this.largest = op.fold() == Op.Fold.MAX;
    Layout layout = Views.axisLast(in.layout(), op.axis());
    this.loader = new WideLoader(bases.place(in.buffer()), layout, in.dtype());
    this.real = in.dtype().isFloating();
    this.output = bases.place(out.buffer());
    this.lines = out.shape().elements();
    this.length = in.shape().dim(op.axis());
    this.together = Math.max(1, Registers.BLOCK / Math.max(1, length));
  }

  @Override
  public long items() {
    return (lines + together - 1) / together;
  }

  @Override
  public long itemWork() {
    return Math.max(length, Registers.BLOCK);
  }

  @Override
  public void range(Frame frame, Registers registers, long first, long end) {
    int[] positions = registers.ints(1);
    for (long group = first; group < end; group++) {
      long line = group * together;
      int count = (int) Math.min(together, lines - line);
      if (length <= Registers.BLOCK) {
        loader.load(frame, line * length, (int) (count * length), registers);
        for (int i = 0; i < count; i++) {
          positions[i] = best(registers, (int) (i * length), (int) length) - (int) (i * length);
        }
      } else {
        positions[0] = (int) bestOfLine(frame, registers, line);
      }
      BlockStorer.store(DType.I32, positions, count, output.address(frame) + line * Integer.BYTES, registers);
    }
  }

  /** The winner so far is kept in front of the next piece. */
  private long bestOfLine(Frame frame, Registers registers, long line) {
    double[] reals = registers.doubles(WideLoader.REGISTER);
    long[] integers = registers.longs(WideLoader.REGISTER);
    long best = 0;
    double real0 = 0;
    long integer0 = 0;
    for (long at = 0; at < length; at += Registers.BLOCK) {
      int n = (int) Math.min(Registers.BLOCK, length - at);
      loader.load(frame, line * length + at, n, registers);
      int i = best(registers, 0, n);
      boolean wins = at == 0 || (real ? beats(reals[i], real0) : beats(integers[i], integer0));
      if (wins) {
        best = at + i;
        real0 = reals[i];
        integer0 = integers[i];
      }
    }
    return best;
  }

  private int best(Registers registers, int from, int n) {
    return real ? best(registers.doubles(WideLoader.REGISTER), from, n) : best(registers.longs(WideLoader.REGISTER), from, n);
  }

  private int best(double[] x, int from, int n) {
    int best = from;
    for (int i = from + 1; i < from + n; i++) {
      if (beats(x[i], x[best])) {
        best = i;
      }
    }
    return best;
  }

  private int best(long[] x, int from, int n) {
    int best = from;
    for (int i = from + 1; i < from + n; i++) {
      if (beats(x[i], x[best])) {
        best = i;
      }
    }
    return best;
  }

  /** Never an equal; a NaN always, but over a NaN. */
  private boolean beats(double candidate, double best) {
    if (Double.isNaN(candidate) || Double.isNaN(best)) {
      return !Double.isNaN(best);
    }
    return largest ? candidate > best : candidate < best;
  }

  private boolean beats(long candidate, long best) {
    return largest ? candidate > best : candidate < best;
  }
}
