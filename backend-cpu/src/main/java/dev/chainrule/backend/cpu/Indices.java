package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;
import dev.chainrule.schedule.Operand;

/** Indices that are data: read, checked against the length of the axis that they point into, and made harmless. */
final class Indices implements RangeKernel {

  private final DType dtype;
  private final Place place;
  private final BlockLoader loader;
  private final long places;
  private final long[] values;

  Indices(Operand operand, long places, Bases bases) {
    this.dtype = operand.dtype();
    this.place = bases.place(operand.buffer());
    this.loader = new BlockLoader(operand.layout(), dtype);
    this.places = places;
    this.values = new long[Math.toIntExact(operand.shape().elements())];
  }

  /** All indices in row-major order, as the last run has read them; one outside the axis faults and is replaced by 0. */
  long[] values() {
    return values;
  }

  @Override
  public long items() {
    return (values.length + Registers.BLOCK - 1L) / Registers.BLOCK;
  }

  @Override
  public long itemWork() {
    return Registers.BLOCK;
  }

  @Override
  public void range(Frame frame, Registers registers, long first, long end) {
    for (int at = (int) first * Registers.BLOCK; at < Math.min(values.length, end * Registers.BLOCK); at += Registers.BLOCK) {
      block(frame, registers, at, Math.min(Registers.BLOCK, values.length - at));
    }
  }

  private void block(Frame frame, Registers registers, int at, int n) {
    long[] block = registers.longs(0);
    if (dtype == DType.I64) {
      loader.load(place.address(frame), at, n, registers, block);
    } else {
      loader.load(place.address(frame), at, n, registers, registers.ints(0));
      Conversions.between(dtype, DType.I64).apply(block, registers.ints(0), n);
    }
    for (int i = 0; i < n; i++) {
      boolean inside = block[i] >= 0 && block[i] < places;
      if (!inside) {
        frame.faults().report(at + i, block[i]);
      }
      values[at + i] = inside ? block[i] : 0;
    }
  }
}
