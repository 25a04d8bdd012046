package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.Layout;
import dev.chainrule.schedule.Operand;
import dev.chainrule.schedule.Schedule;
import java.util.List;

/**
 * A product of 16-bit floats: both operands as dense F32, their product in F32, rounded at the end. The product sees a frame of its own,
 * whose only base is the scratch memory. Traffic: beside the product's, operands and result once more, and once more in F32.
 */
final class WidenedProduct implements Kernel {

  private final Frame wide = new Frame(1);
  private final Place workspace;
  private final Kernel widening;
  private final Kernel product;
  private final Kernel narrowing;

  /** The F32 product of operands at these places, with its own workspace. */
  interface Product {
    Kernel at(Place x, Place y, Place out, Place workspace);
  }

  WidenedProduct(Operand x, Operand y, Operand out, Place workspace, Bases bases, CpuDevice.Machine machine, Product product) {
    Place a = new Place(0, 0);
    Place b = a.plus(wideBytes(x.type()));
    Place c = b.plus(wideBytes(y.type()));
    this.workspace = workspace;
    this.widening = Sequence.of(machine.parts().loop(new Widening(x, bases, a)), machine.parts().loop(new Widening(y, bases, b)));
    this.product = product.at(a, b, c, c.plus(wideBytes(out.type())));
    this.narrowing = machine.parts().loop(new Narrowing(c, out, bases));
  }

  @Override
  public void run(Frame frame) {
    wide.bind(0, workspace.address(frame));
    widening.run(frame);
    product.run(wide);
    narrowing.run(frame);
  }

  /** The types that products are computed of in F32. */
  static boolean widens(DType dtype) {
    return dtype == DType.F16 || dtype == DType.BF16;
  }

  /** What it needs beside its operands, without the product's own workspace. */
  static long workspaceBytes(List<TensorType> inputs, TensorType out) {
    return wideBytes(inputs.get(0)) + wideBytes(inputs.get(1)) + wideBytes(out);
  }

  private static long wideBytes(TensorType type) {
    return (type.elements() * Float.BYTES + Schedule.ALIGNMENT - 1) / Schedule.ALIGNMENT * Schedule.ALIGNMENT;
  }

  /** Blocks of a tensor, converted by way of a register. */
  private abstract static class Conversion implements RangeKernel {
    private final long elements;
    private final BlockLoader loader;
    private final DType to;

    Conversion(long elements, BlockLoader loader, DType to) {
      this.elements = elements;
      this.loader = loader;
      this.to = to;
    }

    abstract long source(Frame frame);

    abstract long target(Frame frame);

    @Override
    public long items() {
      return (elements + Registers.BLOCK - 1) / Registers.BLOCK;
    }

    @Override
    public long itemWork() {
      return Registers.BLOCK;
    }

    @Override
    public void range(Frame frame, Registers registers, long first, long end) {
      float[] block = registers.floats(0);
      for (long item = first; item < end; item++) {
        long at = item * Registers.BLOCK;
        int n = (int) Math.min(Registers.BLOCK, elements - at);
        loader.load(source(frame), at, n, registers, block);
        BlockStorer.store(to, block, n, target(frame) + at * to.bytes(), registers);
      }
    }
  }

  private final class Widening extends Conversion {
    private final Place from;
    private final Place to;

    Widening(Operand operand, Bases bases, Place to) {
      super(operand.shape().elements(), new BlockLoader(operand.layout(), operand.dtype()), DType.F32);
      this.from = bases.place(operand.buffer());
      this.to = to;
    }

    @Override
    long source(Frame frame) {
      return from.address(frame);
    }

    @Override
    long target(Frame frame) {
      return to.address(wide);
    }
  }

  private final class Narrowing extends Conversion {
    private final Place from;
    private final Place to;

    Narrowing(Place from, Operand out, Bases bases) {
      super(out.shape().elements(), new BlockLoader(Layout.dense(out.shape()), DType.F32), out.dtype());
      this.from = from;
      this.to = bases.place(out.buffer());
    }

    @Override
    long source(Frame frame) {
      return from.address(wide);
    }

    @Override
    long target(Frame frame) {
      return to.address(frame);
    }
  }
}
