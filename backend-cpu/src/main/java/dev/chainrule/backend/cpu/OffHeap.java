package dev.chainrule.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Raw off-heap memory for kernels: the whole address space as one segment, read and written at absolute addresses.
 *
 * <p>A kernel that receives segments as arguments loses up to eight times its speed as soon as another caller passes
 * another kind of segment through the same library code. A constant has one kind that the compiler knows, and no
 * bounds or liveness to check in the inner loop. Both are therefore the duty of whoever turns a segment into an
 * address: check the range once, and keep the segment reachable until the kernel is done.
 */
final class OffHeap {
  static final MemorySegment MEMORY = wholeAddressSpace();
  static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
  static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED;

  private OffHeap() {}

  static float floatAt(long address) {
    return MEMORY.get(FLOAT, address);
  }

  static int intAt(long address) {
    return MEMORY.get(ValueLayout.JAVA_INT_UNALIGNED, address);
  }

  /** Sets bytes to zero. Filling a slice of the segment would make a slice. */
  static void clear(long address, long bytes) {
    long words = bytes - bytes % Long.BYTES;
    for (long at = 0; at < words; at += Long.BYTES) {
      MEMORY.set(ValueLayout.JAVA_LONG_UNALIGNED, address + at, 0);
    }
    for (long at = words; at < bytes; at++) {
      MEMORY.set(ValueLayout.JAVA_BYTE, address + at, (byte) 0);
    }
  }

  @SuppressWarnings("restricted") // the one place where bounds are given up
  private static MemorySegment wholeAddressSpace() {
    return MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
  }
}
