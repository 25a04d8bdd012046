package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;
import dev.chainrule.schedule.Instruction;
import java.util.List;

/**
 * A kernel expression as a list of loops over registers, run block by block: load, compute, store, a block of each. Traffic: every
 * operand once from memory, the result once to it; what is between stays in first-level cache, which is why a block is short. What is
 * the same for all elements is computed once for each part of the domain, not for each block.
 */
final class BlockProgram implements Kernel {

  private final BlockStep[] prologue;
  private final BlockStep[] body;
  private final RegisterKind resultKind;
  private final int result;
  private final DType dtype;
  private final Place output;
  private final long elements;

  BlockProgram(List<BlockStep> prologue, List<BlockStep> body, int result, DType dtype, Place output, long elements) {
    this.prologue = prologue.toArray(BlockStep[]::new);
    this.body = body.toArray(BlockStep[]::new);
    this.resultKind = RegisterKind.of(dtype);
    this.result = result;
    this.dtype = dtype;
    this.output = output;
    this.elements = elements;
  }

  static Kernel of(Instruction.Compute compute, Bases bases) {
    return new BlockProgramBuilder(compute, bases).build();
  }

  @Override
  public void run(Frame frame) {
    long blocks = (elements + Registers.BLOCK - 1) / Registers.BLOCK;
    long blockWork = Math.min(elements, Registers.BLOCK) * (body.length + 1L);
    frame.parts().forEach(blocks, blockWork, (registers, from, to) -> blocks(frame, registers, from, to));
  }

  private void blocks(Frame frame, Registers registers, long from, long to) {
    int first = (int) Math.min(Registers.BLOCK, elements);
    for (BlockStep step : prologue) {
      step.run(frame, registers, 0, first);
    }
    long address = output.address(frame);
    Object register = registers.array(resultKind, result);
    for (long block = from; block < to; block++) {
      long at = block * Registers.BLOCK;
      int n = (int) Math.min(Registers.BLOCK, elements - at);
      for (BlockStep step : body) {
        step.run(frame, registers, at, n);
      }
      BlockStorer.store(dtype, register, n, address + at * dtype.bytes(), registers);
    }
  }
}
