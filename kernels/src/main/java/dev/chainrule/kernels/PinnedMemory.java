package dev.chainrule.kernels;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.LongFunction;

/**
 * Small pieces of page-locked memory, cut from large ones: to lock pages takes long. Only from such memory a device copies by itself while
 * the host goes on. For one thread at a time.
 */
public final class PinnedMemory {

  private static final long SMALLEST = 256;
  private static final long SLAB = 1L << 20;

  private final LongFunction<MemorySegment> slabs;
  private final Map<Long, Deque<Piece>> free = new HashMap<>();
  private MemorySegment left = MemorySegment.NULL;

  /**
   * A piece that is in use until it is given back.
   *
   * @param memory at least as large as was asked for
   */
  public record Piece(MemorySegment memory) {

    /** Checks for nulls. */
    public Piece {
      Objects.requireNonNull(memory, "memory");
    }

    /** On the host, where copies read and write. */
    public long address() {
      return memory.address();
    }
  }

  /**
   * Memory cut from what a driver gives.
   *
   * @param slabs has the driver lock so many bytes; whoever gives them sees to their end
   */
  public PinnedMemory(LongFunction<MemorySegment> slabs) {
    this.slabs = Objects.requireNonNull(slabs, "slabs");
  }

  private static long rounded(long bytes) {
    long size = SMALLEST;
    while (size < bytes) {
      size *= 2;
    }
    return size;
  }

  /** A piece of at least so many bytes, whose content is what its last user left. */
  public Piece take(long bytes) {
    long size = rounded(bytes);
    Deque<Piece> same = free.get(size);
    if (same != null && !same.isEmpty()) {
      return same.pop();
    }
    if (left.byteSize() < size) {
      left = slabs.apply(Math.max(SLAB, size));
    }
    var piece = new Piece(left.asSlice(0, size));
    left = left.asSlice(size);
    return piece;
  }

  /** Lets others use the piece; no copy from it or to it may be on its way. */
  public void giveBack(Piece piece) {
    free.computeIfAbsent(piece.memory.byteSize(), _ -> new ArrayDeque<>()).push(piece);
  }
}
