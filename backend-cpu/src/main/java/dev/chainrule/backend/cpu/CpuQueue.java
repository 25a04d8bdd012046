package dev.chainrule.backend.cpu;

import dev.chainrule.device.Executable;
import dev.chainrule.device.Fault;
import dev.chainrule.device.Memory;
import dev.chainrule.device.Queue;
import java.lang.foreign.MemorySegment;

/** Does everything at once, on the calling thread and the device's workers. */
final class CpuQueue implements Queue {

  private static final Completion WELL = () -> Fault.NONE;

  @Override
  public void upload(MemorySegment source, Memory target) {
    checkFits(source.byteSize(), target.bytes());
    MemorySegment.copy(source, 0, OffHeap.MEMORY, CpuMemory.of(target).address(), source.byteSize());
  }

  @Override
  public void download(Memory source, MemorySegment target) {
    checkFits(target.byteSize(), source.bytes());
    MemorySegment.copy(OffHeap.MEMORY, CpuMemory.of(source).address(), target, 0, target.byteSize());
  }

  private static void checkFits(long wanted, long available) {
    if (wanted > available) {
      throw new IllegalArgumentException("[cpu] a copy of " + wanted + " bytes exceeds a memory of " + available);
    }
  }

  @Override
  public Completion run(Executable executable, Bindings bindings) {
    if (!(executable instanceof CpuExecutable linked)) {
      throw new IllegalArgumentException("[cpu] expected an executable of this device, got " + executable);
    }
    Fault fault = linked.run(bindings);
    return fault.occurred() ? () -> fault : WELL;
  }
}
