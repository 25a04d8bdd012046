package dev.chainrule.backend.opencl;

import dev.chainrule.kernels.PinnedMemory;
import dev.chainrule.kernels.PinnedRing;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What is copied between the host and the device, in the order of its queue. Host data goes through page-locked memory, piece by piece:
 * from there the device copies by itself, while the host fills the next piece, or traces the next run.
 */
final class Copies {

  private final OpenClLibrary library;
  private final long commands;
  private final PinnedRing ring;

  Copies(OpenClLibrary library, long commands, PinnedMemory pinned) {
    this.library = library;
    this.commands = commands;
    this.ring = new PinnedRing(pinned.take(PinnedRing.BYTES).memory(), library::await);
  }

  /** Copies host data to the device; on return the data may be changed. */
  void upload(MemorySegment source, OpenClMemory target) {
    for (long at = 0; at < source.byteSize(); at += PinnedRing.LARGEST) {
      PinnedRing.Piece piece = ring.take(Math.min(PinnedRing.LARGEST, source.byteSize() - at));
      long bytes = piece.memory().byteSize();
      MemorySegment.copy(source, at, piece.memory(), 0, bytes);
      piece.inUseUntil(library.write(commands, target.handle(), at, bytes, piece.memory()));
      library.flush(commands);
    }
  }

  /** Copies from the device, after all that has been enqueued; two pieces at a time, so that the host copies one while the other comes. */
  void download(OpenClMemory source, MemorySegment target) {
    Deque<PinnedRing.Piece> coming = new ArrayDeque<>();
    long begun = 0;
    for (long at = 0; at < target.byteSize(); at += PinnedRing.LARGEST) {
      while (begun < target.byteSize() && begun < at + 2 * PinnedRing.LARGEST) {
        PinnedRing.Piece piece = ring.take(Math.min(PinnedRing.LARGEST, target.byteSize() - begun));
        piece.inUseUntil(library.read(commands, source.handle(), begun, piece.memory().byteSize(), piece.memory()));
        library.flush(commands);
        coming.add(piece);
        begun += PinnedRing.LARGEST;
      }
      PinnedRing.Piece piece = coming.remove();
      piece.await();
      MemorySegment.copy(piece.memory(), 0, target, at, piece.memory().byteSize());
    }
  }

  /** Waits for all copies. */
  void close() {
    ring.awaitAll();
  }
}
