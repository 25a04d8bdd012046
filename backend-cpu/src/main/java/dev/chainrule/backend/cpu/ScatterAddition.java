package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.schedule.Operand;
import java.util.Arrays;

/**
 * Adds updates[outer, indices, row] to the rows of x[outer, places, row] that the indices name. The indices are sorted by place first
 * (counting, so their order within a place stays); then each row of the result is made by one thread: x's row, plus its updates in index
 * order, in a wide register, rounded once. No two threads write one row and the bits don't depend on how many there are. Traffic: x, the
 * result and the updates once.
 */
final class ScatterAddition implements RangeKernel {

  private final Indices indices;
  private final DType dtype;
  private final RegisterKind kind;
  private final Folds.Accumulate add;
  private final Place input;
  private final Place updates;
  private final Place output;
  private final BlockLoader inputLoader;
  private final BlockLoader updateLoader;
  private final long outer;
  private final int places;
  private final long rowLength;
  private final int count;

  /** Where each place's updates begin in {@link #order}. */
  private final int[] starts;

  /** Numbers of the updates, sorted by place. */
  private final int[] order;

  private ScatterAddition(int axis, Operand x, Indices indices, Operand updates, Operand out, Bases bases) {
    int rank = x.shape().rank();
    this.places = Math.toIntExact(x.shape().dim(axis));
    this.indices = indices;
    this.dtype = x.dtype();
    this.kind = RegisterKind.of(dtype);
    this.add = Folds.loop(Op.Fold.SUM, kind);
    this.input = bases.place(x.buffer());
    this.updates = bases.place(updates.buffer());
    this.output = bases.place(out.buffer());
    this.inputLoader = new BlockLoader(x.layout(), dtype);
    this.updateLoader = new BlockLoader(updates.layout(), dtype);
    this.outer = x.shape().slice(0, axis).elements();
    this.rowLength = x.shape().slice(axis + 1, rank).elements();
    this.count = indices.values().length;
    this.starts = new int[places + 1];
    this.order = new int[count];
  }

  static Kernel kernel(int axis, Operand x, Operand indices, Operand updates, Operand out, Bases bases, Parts parts) {
    var read = new Indices(indices, x.shape().dim(axis), bases);
    var addition = new ScatterAddition(axis, x, read, updates, out, bases);
    return Sequence.of(parts.loop(read), _ -> addition.sortByPlace(), parts.loop(addition));
  }

  @Override
  public long items() {
    return outer * places;
  }

  @Override
  public long itemWork() {
    return rowLength * (1 + count / Math.max(places, 1)) + 30;
  }

  @Override
  public void range(Frame frame, Registers registers, long first, long end) {
    for (long item = first; item < end; item++) {
      for (long column = 0; column < rowLength; column += Registers.BLOCK) {
        piece(frame, registers, item / places, (int) (item % places), column, (int) Math.min(Registers.BLOCK, rowLength - column));
      }
    }
  }

  private void sortByPlace() {
    long[] rows = indices.values();
    Arrays.fill(starts, 0);
    if (places == 0) {
      return;
    }
    for (int i = 0; i < count; i++) {
      starts[(int) rows[i]]++;
    }
    int end = 0;
    for (int place = 0; place <= places; place++) {
      end += starts[place];
      starts[place] = end;
    }
    for (int i = count - 1; i >= 0; i--) {
      order[--starts[(int) rows[i]]] = i;
    }
  }

  private void piece(Frame frame, Registers registers, long o, int place, long column, int n) {
    Object sum = registers.array(kind, 0);
    Object update = registers.array(kind, 1);
    long at = (o * places + place) * rowLength + column;
    inputLoader.load(input.address(frame), at, n, registers, sum);
    for (int i = starts[place]; i < starts[place + 1]; i++) {
      updateLoader.load(updates.address(frame), (o * count + order[i]) * rowLength + column, n, registers, update);
      add.apply(sum, update, n);
    }
    BlockStorer.store(dtype, sum, n, output.address(frame) + at * dtype.bytes(), registers);
  }
}
