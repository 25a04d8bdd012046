package dev.chainrule.backend.cuda;

import java.lang.foreign.MemorySegment;

/** Host memory as the context's thread sees it. */
final class HostData {

  private HostData() {}

  /** Memory that the driver gave. */
  @SuppressWarnings("restricted") // its address comes from the driver, with that size
  static MemorySegment at(long address, long bytes) {
    return MemorySegment.ofAddress(address).reinterpret(bytes);
  }

  /** Page-locked memory, until the context ends; on its thread. */
  static MemorySegment pinned(Context context, long bytes) {
    DriverSetup.HostMemory memory = context.taking(() -> context.setup().cuMemHostAlloc(bytes));
    context.atEnd(() -> context.setup().cuMemFreeHost(memory));
    return at(memory.address(), bytes);
  }

  /** A caller's memory, which may be of its thread alone; good while the caller waits. */
  static MemorySegment of(MemorySegment callers) {
    return callers.isNative() ? at(callers.address(), callers.byteSize()) : callers;
  }
}
