package dev.chainrule.backend.cpu;

/** Memory outside the heap for one call at a time, kept for the next and made larger when one needs more. */
final class NativeScratch {

  private CpuMemory memory = CpuMemory.allocate(0);

  /** The address of at least so many bytes; what was there before may be gone. */
  long atLeast(long bytes) {
    if (memory.bytes() < bytes) {
      CpuMemory larger = CpuMemory.allocate(bytes);
      memory.free();
      memory = larger;
    }
    return memory.address();
  }
}
