package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;
import dev.chainrule.schedule.Layout;
import dev.chainrule.schedule.Operand;

/** A product of 16-bit floats: both operands as dense F32, their product in F32, rounded at the end. */
final class WidenedProduct implements Kernel {

  private final Operand x;
  private final Operand y;
  private final Operand out;
  private final Bases bases;
  private final Product product;

  /** The F32 product of operands at these places. */
  interface Product {
    Kernel at(Place x, Place y, Place out);
  }

  WidenedProduct(Operand x, Operand y, Operand out, Bases bases, Product product) {
    this.x = x;
    this.y = y;
    this.out = out;
    this.bases = bases;
    this.product = product;
  }

  @Override
  public void run(Frame frame) {
    long xBytes = x.shape().elements() * Float.BYTES;
    long yBytes = y.shape().elements() * Float.BYTES;
    CpuMemory memory = CpuMemory.allocate(xBytes + yBytes + out.shape().elements() * Float.BYTES);
    try {
      Frame wide = new Frame(1, frame.parts());
      wide.bind(0, memory.address());
      widen(frame, x, memory.address());
      widen(frame, y, memory.address() + xBytes);
      product.at(new Place(0, 0), new Place(0, xBytes), new Place(0, xBytes + yBytes)).run(wide);
      narrow(frame, memory.address() + xBytes + yBytes);
    } finally {
      memory.free();
    }
  }

  private void widen(Frame frame, Operand operand, long to) {
    var loader = new BlockLoader(operand.layout(), operand.dtype());
    long from = bases.place(operand.buffer()).address(frame);
    blocks(frame, operand.shape().elements(), (registers, at, n) -> {
      loader.load(from, at, n, registers, registers.floats(0));
      BlockStorer.store(DType.F32, registers.floats(0), n, to + at * Float.BYTES, registers);
    });
  }

  private void narrow(Frame frame, long from) {
    var loader = new BlockLoader(Layout.dense(out.shape()), DType.F32);
    long to = bases.place(out.buffer()).address(frame);
    blocks(frame, out.shape().elements(), (registers, at, n) -> {
      loader.load(from, at, n, registers, registers.floats(0));
      BlockStorer.store(out.dtype(), registers.floats(0), n, to + at * out.dtype().bytes(), registers);
    });
  }

  private interface Block {
    void run(Registers registers, long at, int n);
  }

  private static void blocks(Frame frame, long elements, Block body) {
    frame.parts().forEach((elements + Registers.BLOCK - 1) / Registers.BLOCK, Registers.BLOCK, (registers, first, end) -> {
      for (long block = first; block < end; block++) {
        long at = block * Registers.BLOCK;
        body.run(registers, at, (int) Math.min(Registers.BLOCK, elements - at));
      }
    });
  }
}
