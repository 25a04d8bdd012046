package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.schedule.Operand;

/**
 * Running sums and products, in double or long, rounded at each element. Along an inner axis whole rows of up to a block are added to a
 * row of totals; along the last axis a line is scanned by one thread. Traffic: input and result once.
 */
final class Cumulation implements RangeKernel {

  private final Op.Fold fold;
  private final boolean reverse;
  private final WideLoader loader;
  private final DType dtype;
  private final RegisterKind wide;
  private final Loops.Conversion<Object, Object> narrow;
  private final Folds.Accumulate accumulate;
  private final Object identities;
  private final Place output;
  private final long outer;
  private final long length;
  private final long inner;

  /** Pieces of a row. */
  private final long columns;

  Cumulation(Op.Cumulate op, Operand in, Operand out, Bases bases) {
    this.fold = op.fold();
    this.reverse = op.reverse();
    this.dtype = in.dtype();
    this.loader = new WideLoader(bases.place(in.buffer()), in.layout(), dtype);
    this.wide = WideLoader.wide(dtype);
    this.narrow = Conversions.between(wide == RegisterKind.DOUBLE ? DType.F64 : DType.I64, dtype);
    this.accumulate = Folds.loop(fold, wide);
    this.identities = Folds.identities(fold, wide == RegisterKind.DOUBLE ? DType.F64 : DType.I64, Registers.BLOCK);
    this.output = bases.place(out.buffer());
    Shape shape = in.shape();
    this.outer = shape.slice(0, op.axis()).elements();
    this.length = shape.dim(op.axis());
    this.inner = shape.slice(op.axis() + 1, shape.rank()).elements();
    this.columns = (inner + Registers.BLOCK - 1) / Registers.BLOCK;
  }

  @Override
  public long items() {
    return outer * columns;
  }

  @Override
  public long itemWork() {
    return inner == 1 ? length * 2 : length * Math.min(inner, Registers.BLOCK);
  }

  @Override
  public void range(Frame frame, Registers registers, long first, long end) {
    for (long item = first; item < end; item++) {
      if (inner == 1) {
        line(frame, registers, item);
      } else {
        rows(frame, registers, item / columns, item % columns * Registers.BLOCK);
      }
    }
  }

  private void rows(Frame frame, Registers registers, long o, long column) {
    int n = (int) Math.min(Registers.BLOCK, inner - column);
    Object totals = registers.array(wide, WideLoader.REGISTER + 1);
    System.arraycopy(identities, 0, totals, 0, n);
    for (long k = 0; k < length; k++) {
      long at = (o * length + (reverse ? length - 1 - k : k)) * inner + column;
      loader.load(frame, at, n, registers);
      accumulate.apply(totals, registers.array(wide, WideLoader.REGISTER), n);
      store(frame, registers, totals, at, n);
    }
  }

  private void line(Frame frame, Registers registers, long line) {
    double[] reals = registers.doubles(WideLoader.REGISTER);
    long[] integers = registers.longs(WideLoader.REGISTER);
    double real = fold == Op.Fold.SUM ? 0 : 1;
    long integer = (long) real;
    for (long done = 0; done < length; done += Registers.BLOCK) {
      int n = (int) Math.min(Registers.BLOCK, length - done);
      long at = line * length + (reverse ? length - done - n : done);
      loader.load(frame, at, n, registers);
      if (wide == RegisterKind.DOUBLE) {
        real = scan(reals, n, real);
        store(frame, registers, reals, at, n);
      } else {
        integer = scan(integers, n, integer);
        store(frame, registers, integers, at, n);
      }
    }
  }

  private double scan(double[] x, int n, double total) {
    for (int i = 0; i < n; i++) {
      int at = reverse ? n - 1 - i : i;
      total = fold == Op.Fold.SUM ? total + x[at] : total * x[at];
      x[at] = total;
    }
    return total;
  }

  private long scan(long[] x, int n, long total) {
    for (int i = 0; i < n; i++) {
      int at = reverse ? n - 1 - i : i;
      total = fold == Op.Fold.SUM ? total + x[at] : total * x[at];
      x[at] = total;
    }
    return total;
  }

  private void store(Frame frame, Registers registers, Object from, long at, int n) {
    Object narrowed = registers.array(RegisterKind.of(dtype), 0);
    narrow.apply(narrowed, from, n);
    BlockStorer.store(dtype, narrowed, n, output.address(frame) + at * dtype.bytes(), registers);
  }
}
