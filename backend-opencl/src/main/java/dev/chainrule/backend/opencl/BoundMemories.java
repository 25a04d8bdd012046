package dev.chainrule.backend.opencl;

/** The table of memories that a run binds: each a buffer and where in it, in bytes, the memory begins. */
final class BoundMemories {

  private final long[] buffers;
  private final long[] offsets;

  BoundMemories(int count) {
    this.buffers = new long[count];
    this.offsets = new long[count];
  }

  void bind(int base, long buffer, long offset) {
    buffers[base] = buffer;
    offsets[base] = offset;
  }

  long buffer(int base) {
    return buffers[base];
  }

  long offset(int base) {
    return offsets[base];
  }
}
