package dev.chainrule.backend.cpu;

import dev.chainrule.schedule.BufferRef;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.Operand;
import java.lang.foreign.ValueLayout;
import java.util.stream.Stream;

/** A loop of fixed length: before each repetition it sets the number and moves the slices on by one. */
final class Repetition implements Kernel {

  private final long length;
  private final Place number;
  private final Moving[] slices;
  private final Kernel body;

  /** The entry of the table of addresses that a slice has, where the first part begins, and the way to the next part. */
  private record Moving(int base, Place first, long step) {}

  Repetition(Instruction.Loop loop, Kernel body, Bases bases) {
    this.length = loop.length();
    this.number = bases.place(loop.number().buffer());
    this.slices = Stream.concat(loop.inputs().stream(), loop.outputs().stream())
        .map(slice -> moving(slice.buffer(), slice.whole(), bases)).toArray(Moving[]::new);
    this.body = body;
  }

  private static Moving moving(BufferRef.Slice part, Operand whole, Bases bases) {
    long bytes = whole.dtype().bytes();
    return new Moving(bases.place(part).base(), bases.place(whole.buffer()).plus(whole.layout().offset() * bytes),
        whole.layout().stride(0) * bytes);
  }

  @Override
  public void run(Frame frame) {
    for (long i = 0; i < length; i++) {
      OffHeap.MEMORY.set(ValueLayout.JAVA_LONG_UNALIGNED, number.address(frame), i);
      for (Moving slice : slices) {
        frame.bind(slice.base, slice.first.address(frame) + i * slice.step);
      }
      body.run(frame);
    }
  }
}
