package dev.chainrule.backend.cuda;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/** Small pieces of page-locked memory, cut from large ones: to lock pages takes long. Of the context's thread alone. */
final class PinnedMemory {

  private static final long SMALLEST = 256;
  private static final long SLAB = 1L << 20;

  private final Context context;
  private final Map<Long, Deque<Piece>> free = new HashMap<>();
  private long next;
  private long left;

  /** @param address on the host, where copies read and write */
  record Piece(MemorySegment memory, long address) {}

  PinnedMemory(Context context) {
    this.context = context;
  }

  private static long rounded(long bytes) {
    long size = SMALLEST;
    while (size < bytes) {
      size *= 2;
    }
    return size;
  }

  Piece take(long bytes) {
    long size = rounded(bytes);
    Deque<Piece> same = free.get(size);
    if (same != null && !same.isEmpty()) {
      return same.pop();
    }
    if (left < size) {
      left = Math.max(SLAB, size);
      DriverSetup.HostMemory slab = context.setup().cuMemHostAlloc(left);
      context.atEnd(() -> context.setup().cuMemFreeHost(slab));
      next = slab.address();
    }
    var piece = new Piece(HostData.at(next, size), next);
    next += size;
    left -= size;
    return piece;
  }

  void giveBack(Piece piece) {
    free.computeIfAbsent(piece.memory.byteSize(), _ -> new ArrayDeque<>()).push(piece);
  }
}
