package dev.chainrule.backend.cpu;

import dev.chainrule.device.NativeKernel;
import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.Layout;
import dev.chainrule.schedule.Operand;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Sums of f32 over all axes but the channels, of a tensor whose channels come last in memory: the tree of {@link FoldTree} for rows of
 * numbers, with all channels side by side. Threads share its blocks, of {@value Tiling#BLOCK_OF_NUMBERS} rows each, whose sums are
 * combined at the end. Traffic: the tensor once.
 */
final class ChannelSums implements RangeKernel, Kernel {

  private static final int CHANNELS_OF_VECTORS = 16;

  /** What the lanes of a block take remains in second-level cache. */
  private static final int MOST_CHANNELS = 1024;

  private final Place x;
  private final Place result;
  private final Place sums;
  private final long rows;
  private final int channels;
  private final Kernel loop;
  private final Pool<float[][]> scratch;

  private ChannelSums(Place x, long rows, int channels, Place result, Place sums, Parts parts) {
    this.x = x;
    this.rows = rows;
    this.channels = channels;
    this.result = result;
    this.sums = sums;
    this.scratch = new Pool<>(() -> new float[2][Folding.LANES * channels]);
    this.loop = parts.loop(this);
  }

  /** The kernel for a reduction, if it is such a sum; of other layouts too, by generated kernels. */
  static Optional<NativeKernel> support(Op.Reduce op, TensorType x) {
    int rank = x.shape().rank();
    boolean fits = op.fold() == Op.Fold.SUM && x.dtype() == DType.F32
        && rank >= 3 && op.axes().count() == rank - 1 && !op.axes().contains(1)
        && x.shape().elements() > 0 && x.shape().dim(1) % CHANNELS_OF_VECTORS == 0 && x.shape().dim(1) <= MOST_CHANNELS;
    return fits
        ? Optional.of(new NativeKernel(true, false, blocks(x.shape().elements() / x.shape().dim(1)) * x.shape().dim(1) * Float.BYTES,
            new NativeKernel.ChannelsLast(List.of(0), false)))
        : Optional.empty();
  }

  /** Whether a tensor that {@link #support} has seen has its channels last. */
  static boolean takes(Operand x, List<Operand> workspace) {
    int rank = x.shape().rank();
    Axes order = Axes.of(IntStream.range(0, rank).map(i -> i == 0 ? 0 : i == rank - 1 ? 1 : i + 1).toArray());
    return !workspace.isEmpty() && x.layout().permute(order).equals(Layout.dense(x.shape().permute(order)));
  }

  /** @param x with its channels last */
  static Kernel of(Operand x, Operand result, Place workspace, Bases bases, Parts parts) {
    int channels = Math.toIntExact(x.shape().dim(1));
    return new ChannelSums(bases.place(x.buffer()), x.shape().elements() / channels, channels, bases.place(result.buffer()), workspace,
        parts);
  }

  private static long blocks(long rows) {
    return Math.ceilDiv(rows, Tiling.BLOCK_OF_NUMBERS);
  }

  @Override
  public long items() {
    return blocks(rows);
  }

  @Override
  public long itemWork() {
    return (long) Tiling.BLOCK_OF_NUMBERS * channels / 2;
  }

  @Override
  public void run(Frame frame) {
    loop.run(frame);
    long first = sums.address(frame);
    combine(first, blocks(rows));
    MemorySegment.copy(OffHeap.MEMORY, first, OffHeap.MEMORY, result.address(frame), (long) channels * Float.BYTES);
  }

  @Override
  public void range(Frame frame, Registers registers, long first, long end) {
    float[][] own = scratch.take();
    for (long number = first; number < end; number++) {
      long row = number * Tiling.BLOCK_OF_NUMBERS;
      block(x.address(frame) + row * channels * Float.BYTES, (int) Math.min(Tiling.BLOCK_OF_NUMBERS, rows - row), own[0], own[1]);
      Rows.write(own[0], sums.address(frame) + number * channels * Float.BYTES, channels);
    }
    scratch.giveBack(own);
  }

  /** Leaves the sum of some rows at the beginning of {@code lanes}. */
  private void block(long from, int count, float[] lanes, float[] spare) {
    int taken = Math.min(count, Folding.LANES);
    Rows.floats(from, Float.BYTES, lanes, 0, taken * channels);
    for (int row = taken; row < count; row += Folding.LANES) {
      int n = Math.min(Folding.LANES, count - row) * channels;
      Rows.floats(from + (long) row * channels * Float.BYTES, Float.BYTES, spare, 0, n);
      FoldLoops.add(lanes, spare, n);
    }
    for (int left = taken; left > 1; left = (left + 1) / 2) {
      int half = (left + 1) / 2;
      System.arraycopy(lanes, half * channels, spare, 0, (left - half) * channels);
      FoldLoops.add(lanes, spare, (left - half) * channels);
    }
  }

  /** Leaves the sum of some blocks' sums in the place of the first: a whole subtree, and what is behind it. */
  private void combine(long first, long blocks) {
    if (blocks == 1) {
      return;
    }
    long subtree = Long.highestOneBit(blocks - 1);
    long behind = first + subtree * channels * Float.BYTES;
    combine(first, subtree);
    combine(behind, blocks - subtree);
    for (long i = 0; i < channels; i++) {
      long at = first + i * Float.BYTES;
      float later = OffHeap.MEMORY.get(OffHeap.FLOAT, behind + i * Float.BYTES);
      OffHeap.MEMORY.set(OffHeap.FLOAT, at, OffHeap.MEMORY.get(OffHeap.FLOAT, at) + later);
    }
  }
}
