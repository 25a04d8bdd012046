package dev.chainrule.kernels;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.function.LongConsumer;

/**
 * Page-locked memory that data of any size goes through, piece by piece, round and round. A piece is used again once the copy from it or
 * to it has been done, so the host waits when as much as the ring holds is on its way, whatever number of copies that is. For one thread
 * at a time.
 */
public final class PinnedRing {

  /** Its size in all, and so how much may be on its way. */
  public static final long BYTES = 8L << 20;

  /** The largest piece; so that two may be in use, wherever the ring is at, while what lay in them is still wanted. */
  public static final long LARGEST = BYTES / 4;

  /** Pieces are multiples of this, so that there are few of them: each has an event of the device's. */
  private static final long GRAIN = 64L << 10;

  /** No copy is on its way. */
  private static final long IDLE = 0;

  private final MemorySegment memory;
  private final LongConsumer waiting;
  private final Deque<Piece> inUse = new ArrayDeque<>();

  /** How far it has come, counting on from round to round. */
  private long end;

  /** A piece; what lies in it stays as long as no two other pieces of the largest size are taken. */
  public final class Piece {
    private final long begin;
    private final long bytes;
    private long done = IDLE;

    private Piece(long begin, long bytes) {
      this.begin = begin;
      this.bytes = bytes;
    }

    /** As large as was asked for. */
    public MemorySegment memory() {
      return memory.asSlice(begin % BYTES, bytes);
    }

    /**
     * Keeps it from being used again before a copy has been done.
     *
     * @param event which whoever made the ring waits for, once
     */
    public void inUseUntil(long event) {
      done = event;
    }

    /** Waits for the copy. */
    public void await() {
      long event = done;
      if (event != IDLE) {
        done = IDLE;
        waiting.accept(event);
      }
    }
  }

  /**
   * A ring of memory that a driver gave.
   *
   * @param memory of {@link #BYTES}
   * @param waiting waits for an event, which nobody needs any more then
   */
  public PinnedRing(MemorySegment memory, LongConsumer waiting) {
    this.memory = Objects.requireNonNull(memory, "memory");
    this.waiting = Objects.requireNonNull(waiting, "waiting");
  }

  /** A piece of at most {@link #LARGEST} bytes from which and to which nothing is copied any more. */
  public Piece take(long bytes) {
    long size = (bytes + GRAIN - 1) / GRAIN * GRAIN;
    long begin = end % BYTES + size > BYTES ? (end / BYTES + 1) * BYTES : end;
    end = begin + size;
    while (!inUse.isEmpty() && inUse.getFirst().begin < end - BYTES) {
      inUse.removeFirst().await();
    }
    var piece = new Piece(begin, bytes);
    inUse.add(piece);
    return piece;
  }

  /** Waits for all copies. */
  public void awaitAll() {
    while (!inUse.isEmpty()) {
      inUse.removeFirst().await();
    }
  }
}
