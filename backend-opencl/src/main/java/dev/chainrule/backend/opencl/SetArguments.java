package dev.chainrule.backend.opencl;

import java.util.Arrays;

/**
 * What the arguments of a kernel are set to. Memories count by themselves, not by their handles: drivers give the handle of one that was
 * freed to another, and may look up where it lies when an argument is set.
 */
final class SetArguments {

  private final OpenClMemory[] memories;
  private final long[] offsets;

  SetArguments(int count) {
    this.memories = new OpenClMemory[count];
    this.offsets = new long[count];
    Arrays.fill(offsets, Long.MIN_VALUE);
  }

  /** Notes an argument, and tells whether it was another so far. */
  boolean changes(int number, OpenClMemory memory) {
    boolean changes = memories[number] != memory;
    memories[number] = memory;
    return changes;
  }

  /** Notes where in an argument's memory it begins, and tells whether that was elsewhere so far. */
  boolean changes(int number, long offset) {
    boolean changes = offsets[number] != offset;
    offsets[number] = offset;
    return changes;
  }
}
