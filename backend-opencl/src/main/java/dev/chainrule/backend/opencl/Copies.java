package dev.chainrule.backend.opencl;

import dev.chainrule.kernels.PinnedMemory;
import java.lang.foreign.MemorySegment;

/**
 * What is copied between the host and the device, in the order of its queue. Host data goes through page-locked slots, used in turns: from
 * there the device copies by itself, while the host fills the next slot, or traces the next run.
 */
final class Copies {

  private static final int SLOTS = 2;
  private static final long SLOT_BYTES = 4L << 20;

  /** No copy is on its way. */
  private static final long IDLE = 0;

  private final OpenClLibrary library;
  private final long commands;
  private final MemorySegment[] slots = new MemorySegment[SLOTS];

  /** The events of the copies from and to the slots. */
  private final long[] done = new long[SLOTS];

  private int next;

  Copies(OpenClLibrary library, long commands, PinnedMemory pinned) {
    this.library = library;
    this.commands = commands;
    for (int i = 0; i < SLOTS; i++) {
      slots[i] = pinned.take(SLOT_BYTES).memory();
    }
  }

  /** Copies host data to the device; on return the data may be changed. */
  void upload(MemorySegment source, OpenClMemory target) {
    for (long at = 0; at < source.byteSize(); at += SLOT_BYTES) {
      long bytes = Math.min(SLOT_BYTES, source.byteSize() - at);
      int slot = next();
      MemorySegment.copy(source, at, slots[slot], 0, bytes);
      done[slot] = library.write(commands, target.handle(), at, bytes, slots[slot]);
      library.flush(commands);
    }
  }

  /** Copies from the device, after all that has been enqueued; two pieces at a time, so that the host copies one while the other comes. */
  void download(OpenClMemory source, MemorySegment target) {
    long begun = 0;
    int coming = next;
    for (long at = 0; at < target.byteSize(); at += SLOT_BYTES) {
      while (begun < target.byteSize() && begun < at + SLOTS * SLOT_BYTES) {
        int slot = next();
        done[slot] = library.read(commands, source.handle(), begun, Math.min(SLOT_BYTES, target.byteSize() - begun), slots[slot]);
        library.flush(commands);
        begun += SLOT_BYTES;
      }
      await(coming);
      MemorySegment.copy(slots[coming], 0, target, at, Math.min(SLOT_BYTES, target.byteSize() - at));
      coming = (coming + 1) % SLOTS;
    }
  }

  /** A slot from which and to which nothing is copied any more. */
  private int next() {
    int slot = next;
    next = (next + 1) % SLOTS;
    await(slot);
    return slot;
  }

  /** Waits for all copies. */
  void close() {
    for (int slot = 0; slot < SLOTS; slot++) {
      await(slot);
    }
  }

  private void await(int slot) {
    long event = done[slot];
    if (event != IDLE) {
      done[slot] = IDLE;
      library.await(event);
    }
  }
}
