package dev.chainrule.backend.cuda;

import dev.chainrule.DeviceOutOfMemoryException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Device memory that was given back is kept for the next that asks for as much: the driver waits for the whole device before it frees
 * memory. When the driver has no more, for this or anything else, all that is kept goes back to it ({@link Context#taking}).
 */
final class MemoryCache {

  /** Sizes are rounded up to multiples, so that they meet again: of this for small ones, of an eighth of its power of two for large. */
  private static final long SMALLEST = 512;

  private static final int PARTS = 8;

  private final Context context;
  private final Map<Long, Deque<Block>> kept = new HashMap<>();
  private long keptBytes;
  private long lentBytes;

  /** Memory as the driver gave it. */
  record Block(DriverSetup.DeviceMemory memory, long address, long bytes) {}

  MemoryCache(Context context) {
    this.context = context;
    context.onShortage(this::trim);
    context.atEnd(this::trim);
  }

  /** @throws DeviceOutOfMemoryException if there is no more */
  CudaMemory allocate(long bytes) {
    long size = rounded(bytes);
    Block block = fromKept(size);
    if (block == null) {
      block = context.call(() -> fromDriver(size)); // without the lock, which the context's thread takes to trim
    }
    if (block == null) {
      throw outOfMemory(bytes);
    }
    count(size);
    return new CudaMemory(this, block, bytes);
  }

  private synchronized @Nullable Block fromKept(long size) {
    Deque<Block> same = kept.get(size);
    Block block = same == null ? null : same.poll();
    if (block != null) {
      keptBytes -= size;
    }
    return block;
  }

  private synchronized void count(long lent) {
    lentBytes += lent;
  }

  static long rounded(long bytes) {
    long step = Math.max(SMALLEST, Long.highestOneBit(Math.max(bytes, 1)) / PARTS);
    return Math.ceilDiv(Math.max(bytes, 1), step) * step;
  }

  private @Nullable Block fromDriver(long bytes) {
    try {
      DriverSetup.DeviceMemory memory = context.taking(() -> context.setup().cuMemAlloc(bytes));
      return new Block(memory, memory.address(), bytes);
    } catch (CudaException e) {
      if (e.isOutOfMemory()) {
        return null;
      }
      throw e;
    }
  }

  private DeviceOutOfMemoryException outOfMemory(long bytes) {
    long lent;
    synchronized (this) {
      lent = lentBytes;
    }
    long[] info = context.call(() -> context.setup().cuMemGetInfo());
    return new DeviceOutOfMemoryException(context.id(),
        "%,d bytes are not to be had: %,d of the GPU's %,d are free, %,d are in use here, other programs have the rest"
            .formatted(bytes, info[0], info[1], lent),
        "Use a smaller batch, let go of tensors you no longer need, or close other programs that use the GPU.");
  }

  synchronized void giveBack(Block block) {
    kept.computeIfAbsent(block.bytes, _ -> new ArrayDeque<>()).push(block);
    keptBytes += block.bytes;
    lentBytes -= block.bytes;
  }

  /** Gives the driver all that nobody uses; on the context's thread. */
  private synchronized void trim() {
    for (Deque<Block> blocks : kept.values()) {
      while (!blocks.isEmpty()) {
        Block block = blocks.pop();
        keptBytes -= block.bytes;
        context.setup().cuMemFree(block.memory);
      }
    }
    kept.clear();
  }

  /** Bytes that are kept for whoever asks next. */
  synchronized long keptBytes() {
    return keptBytes;
  }
}
