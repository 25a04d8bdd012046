package dev.chainrule.backend.cuda;

import dev.chainrule.device.Memory;
import java.util.OptionalLong;

/** A piece of device memory, lent by a {@link MemoryCache}. */
final class CudaMemory implements Memory {

  private final MemoryCache owner;
  private final MemoryCache.Block block;
  private final long bytes;
  private OptionalLong event = OptionalLong.empty();
  private Runnable eventsEnd = () -> {};
  private boolean freed;

  CudaMemory(MemoryCache owner, MemoryCache.Block block, long bytes) {
    this.owner = owner;
    this.block = block;
    this.bytes = bytes;
  }

  static CudaMemory of(Memory memory) {
    if (memory instanceof CudaMemory own) {
      return own;
    }
    throw new IllegalArgumentException("[cuda] expected memory of this device, got " + memory);
  }

  /** On the device. */
  long address() {
    if (freed) {
      throw new IllegalStateException("[cuda] memory was used after it was freed");
    }
    return block.address();
  }

  /** The event that was given to it, such as when it may be written again. */
  OptionalLong event() {
    return event;
  }

  /**
   * Gives it an event.
   *
   * @param end of the event, when the memory is freed
   */
  void keep(long own, Runnable end) {
    event = OptionalLong.of(own);
    eventsEnd = end;
  }

  @Override
  public long bytes() {
    return bytes;
  }

  @Override
  public void free() {
    if (freed) {
      throw new IllegalStateException("[cuda] memory was freed twice");
    }
    freed = true;
    eventsEnd.run();
    owner.giveBack(block);
  }
}
