package dev.chainrule.backend.opencl;

/** The table of memories that a run binds: each a memory of the device's and where in it, in bytes, what is meant begins. */
final class BoundMemories {

  private final OpenClMemory[] memories;
  private final long[] offsets;

  BoundMemories(int count) {
    this.memories = new OpenClMemory[count];
    this.offsets = new long[count];
  }

  void bind(int base, OpenClMemory memory, long offset) {
    memories[base] = memory;
    offsets[base] = offset;
  }

  OpenClMemory memory(int base) {
    return memories[base];
  }

  long offset(int base) {
    return offsets[base];
  }
}
