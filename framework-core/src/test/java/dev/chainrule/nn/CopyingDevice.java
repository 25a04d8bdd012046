package dev.chainrule.nn;

import dev.chainrule.device.Device;
import dev.chainrule.device.DeviceInfo;
import dev.chainrule.device.Executable;
import dev.chainrule.device.Fault;
import dev.chainrule.device.Memory;
import dev.chainrule.device.NativeKernel;
import dev.chainrule.device.Queue;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.BufferRef;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.KernelExpression;
import dev.chainrule.schedule.Schedule;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/** Enough of a device to give variables new values: it copies inputs to outputs, and fails at anything else. */
final class CopyingDevice implements Device, Queue {

  private record Block(MemorySegment segment) implements Memory {
    @Override
    public long bytes() {
      return segment.byteSize();
    }

    @Override
    public void free() {}
  }

  private record Copies(Schedule schedule) implements Executable {
    @Override
    public void close() {}
  }

  @Override
  public DeviceInfo info() {
    return new DeviceInfo("copying", 0, "copies inputs to outputs", 1 << 24);
  }

  @Override
  public Optional<NativeKernel> nativeKernel(Op op, List<TensorType> inputs) {
    return Optional.empty();
  }

  @Override
  public boolean generates(KernelExpression expression) {
    return true;
  }

  @Override
  public Memory allocate(long bytes) {
    return new Block(MemorySegment.ofArray(new byte[Math.toIntExact(bytes)]));
  }

  @Override
  public Executable link(Schedule schedule) {
    return new Copies(schedule);
  }

  @Override
  public Queue queue() {
    return this;
  }

  @Override
  public void upload(MemorySegment source, Memory target) {
    copy(source, segment(target), source.byteSize());
  }

  @Override
  public void download(Memory source, MemorySegment target) {
    copy(segment(source), target, target.byteSize());
  }

  @Override
  public Completion run(Executable executable, Bindings bindings) {
    for (Instruction instruction : ((Copies) executable).schedule().instructions()) {
      if (instruction instanceof Instruction.Compute c
          && c.expression() instanceof KernelExpression.Load
          && c.arguments().getFirst().buffer() instanceof BufferRef.Input(int from)
          && c.output().buffer() instanceof BufferRef.Output(int to)) {
        copy(segment(bindings.inputs().get(from)), segment(bindings.outputs().get(to)), c.output().type().bytes());
      } else {
        throw new AssertionError("not a copy: " + instruction);
      }
    }
    return () -> Fault.NONE;
  }

  private static void copy(MemorySegment from, MemorySegment to, long bytes) {
    MemorySegment.copy(from, 0, to, 0, bytes);
  }

  private static MemorySegment segment(Memory memory) {
    return ((Block) memory).segment();
  }

  @Override
  public void close() {}
}
