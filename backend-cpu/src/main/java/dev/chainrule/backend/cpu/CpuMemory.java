package dev.chainrule.backend.cpu;

import dev.chainrule.DeviceOutOfMemoryException;
import dev.chainrule.device.Memory;
import dev.chainrule.schedule.Schedule;
import java.lang.foreign.MemorySegment;

/** Memory outside the Java heap: the device's own, aligned to a cache line, or somebody else's. */
final class CpuMemory implements Memory {

  private final long block;
  private final long address;
  private final long bytes;
  private boolean freed;

  private CpuMemory(long block, long address, long bytes) {
    this.block = block;
    this.address = address;
    this.bytes = bytes;
  }

  static CpuMemory allocate(long bytes) {
    long block = bytes < 0 || bytes > Long.MAX_VALUE - Schedule.ALIGNMENT ? 0 : LibC.malloc(bytes + Schedule.ALIGNMENT);
    if (block == 0) {
      throw new DeviceOutOfMemoryException("cpu:0", "the operating system has no %,d bytes left".formatted(bytes),
          "Use a smaller batch, let go of tensors you no longer need, or close other programs.");
    }
    return new CpuMemory(block, (block + Schedule.ALIGNMENT - 1) & -Schedule.ALIGNMENT, bytes);
  }

  /** Memory that stays where it is and somebody else's. */
  static CpuMemory borrowed(MemorySegment memory) {
    return new CpuMemory(0, memory.address(), memory.byteSize());
  }

  static CpuMemory of(Memory memory) {
    if (memory instanceof CpuMemory own) {
      return own;
    }
    throw new IllegalArgumentException("[cpu] expected memory of this device, got " + memory);
  }

  /** Where the first byte lies. */
  long address() {
    if (freed) {
      throw new IllegalStateException("[cpu] memory is used after it was freed");
    }
    return address;
  }

  @Override
  public long bytes() {
    return bytes;
  }

  @Override
  public synchronized void free() {
    if (!freed) {
      freed = true;
      LibC.free(block); // of what is borrowed there is no block, and nothing to free
    }
  }
}
