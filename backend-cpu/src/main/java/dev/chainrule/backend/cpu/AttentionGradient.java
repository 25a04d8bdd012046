package dev.chainrule.backend.cpu;

import dev.chainrule.backend.cpu.AttentionSizes.Heads;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * {@code attentionGradient} of f32 without a mask, with the bits that its body has here: the gradients of queries, keys and values from
 * these and the result's. Weights are computed again, of {@value #DEPTH} queries of a head at a time, the depth of a product's sums; with
 * these the gradients of the queries are done, and what they add to those of all keys and values. Threads share the heads. Traffic:
 * operands and results once, where the body writes and reads what belongs to all pairs of queries and keys about eight times.
 *
 * <p>In causal order squares of {@value AttentionSizes#BLOCK} queries and keys of which none may attend are left out. Their weights and
 * gradients are 0, so they count only where something that these are multiplied with is not finite: there all are multiplied.
 */
final class AttentionGradient implements RangeKernel {

  private static final int DEPTH = GemmKernel.DEPTH;
  private static final int BLOCK = AttentionSizes.BLOCK;

  private final AttentionSizes sizes;
  private final Gemm gemm;
  private final AttentionLines lines;
  private final Heads q;
  private final Heads k;
  private final Heads v;
  private final Heads g;
  private final Place workspace;
  private final Place[] results;

  /** For each part of the loop. */
  private final Head[] heads;

  AttentionGradient(AttentionSizes sizes, Gemm gemm, AttentionLines lines, List<Heads> in, Place workspace, List<Place> results,
      Parts parts) {
    this.sizes = sizes;
    this.gemm = gemm;
    this.lines = lines;
    this.q = in.get(0);
    this.k = in.get(1);
    this.v = in.get(2);
    this.g = in.get(3);
    this.workspace = workspace;
    this.results = results.toArray(Place[]::new);
    this.heads = new Head[parts.most()];
    Arrays.setAll(heads, i -> new Head(parts.registers(i)));
  }

  /** What a part of the loop writes to: weights, their gradients, and products that are added to others. */
  static long tileBytes(AttentionSizes sizes) {
    long products = (long) BLOCK * Math.max(sizes.keyWidth(), sizes.valueWidth());
    return AttentionLines.NUMBERS + (2L * lines(sizes) * sizes.keys() + products) * Float.BYTES;
  }

  /** Of a tile: those of a depth's queries; blocks are written whole. */
  private static int lines(AttentionSizes sizes) {
    return Math.min(DEPTH, sizes.blocks() * BLOCK);
  }

  @Override
  public long items() {
    return sizes.heads();
  }

  @Override
  public long itemWork() {
    return (long) sizes.queries() * sizes.keys() * (3L * sizes.keyWidth() + 2L * sizes.valueWidth() + 32) / 16;
  }

  @Override
  public void range(Frame frame, Registers registers, long first, long end) {
    Head head = heads[registers.part];
    for (long item = first; item < end; item++) {
      head.compute(frame, item);
    }
  }

  /** One after the other. Addresses are in elements. */
  private final class Head {
    private final Registers registers;
    private final int line = sizes.keys();
    private @Nullable Frame frame;
    private long head;
    private boolean skips;
    private long weights;
    private long gradients;
    private long products;

    Head(Registers registers) {
      this.registers = registers;
    }

    void compute(Frame frame, long head) {
      this.frame = frame;
      this.head = head;
      this.skips = sizes.causal() && lines.areFinite(q, frame, head) && lines.areFinite(k, frame, head)
          && lines.areFinite(g, frame, head);
      long scratch = workspace.address(frame) + registers.part * tileBytes(sizes);
      long tile = (long) lines(sizes) * line;
      this.weights = (scratch + AttentionLines.NUMBERS) / Float.BYTES;
      this.gradients = weights + tile;
      this.products = gradients + tile;
      lines.begin(registers, scratch);
      for (int from = 0; from < sizes.queries(); from += DEPTH) {
        int to = Math.min(sizes.queries(), from + DEPTH);
        for (int row = from; row < to; row += BLOCK) {
          queries(from, row, Math.min(to, row + BLOCK));
        }
        for (int key = 0; key < sizes.keys(); key += BLOCK) {
          keys(from, to, key, Math.min(sizes.keys(), key + BLOCK));
        }
      }
    }

    /** Weights and gradients of queries {@code from} to {@code to}; those of {@code first} lie first. */
    private void queries(int first, int from, int to) {
      int rows = to - from;
      int keys = skips ? sizes.allowed(to - 1) : sizes.keys();
      int narrow = lines.line(keys, line);
      long p = weights + (long) (from - first) * line;
      long s = gradients + (long) (from - first) * line;
      gemm.sgemm(rows, keys, sizes.keyWidth(),
          OffHeap.MEMORY, q.at(frame(), head, from), q.row(), q.column(),
          OffHeap.MEMORY, k.at(frame(), head, 0), k.column(), k.row(),
          OffHeap.MEMORY, p, narrow);
      gemm.sgemm(rows, keys, sizes.valueWidth(),
          OffHeap.MEMORY, g.at(frame(), head, from), g.row(), g.column(),
          OffHeap.MEMORY, v.at(frame(), head, 0), v.column(), v.row(),
          OffHeap.MEMORY, s, narrow);
      lines.softmax(registers, p * Float.BYTES, narrow, from, rows, keys);
      lines.gradient(registers, p * Float.BYTES, s * Float.BYTES, narrow, from, rows, keys);
      gemm.sgemm(rows, sizes.keyWidth(), keys,
          OffHeap.MEMORY, s, narrow, 1,
          OffHeap.MEMORY, k.at(frame(), head, 0), k.row(), k.column(),
          OffHeap.MEMORY, result(0, sizes.queries(), sizes.keyWidth(), from), sizes.keyWidth());
      spread(p, rows, narrow);
      spread(s, rows, narrow);
    }

    /** Moves narrow lines that lie one behind the other to where those of all keys begin; what is between them nobody reads. */
    private void spread(long lines, int rows, int narrow) {
      for (int row = narrow < line ? rows - 1 : 0; row > 0; row--) {
        MemorySegment.copy(OffHeap.MEMORY, (lines + (long) row * narrow) * Float.BYTES, OffHeap.MEMORY,
            (lines + (long) row * line) * Float.BYTES, (long) narrow * Float.BYTES);
      }
    }

    /** What queries {@code first} to {@code end} give keys {@code from} to {@code to}. */
    private void keys(int first, int end, int from, int to) {
      int attending = skips ? Math.max(first, from) : first;
      boolean adds = first > 0 && !(skips && from >= first);
      summed(gradients + (long) (attending - first) * line + from, q, attending, end, to - from,
          result(1, sizes.keys(), sizes.keyWidth(), from), adds);
      summed(weights + (long) (attending - first) * line + from, g, attending, end, to - from,
          result(2, sizes.keys(), sizes.valueWidth(), from), adds);
    }

    private void summed(long factors, Heads of, int from, int end, int keys, long to, boolean adds) {
      int queries = Math.max(0, end - from);
      int width = of.columns();
      if (adds && queries == 0) {
        return;
      }
      gemm.sgemm(keys, width, queries,
          OffHeap.MEMORY, factors, 1, line,
          OffHeap.MEMORY, of.at(frame(), head, from), of.row(), of.column(),
          OffHeap.MEMORY, adds ? products : to, width);
      if (adds) {
        add(products, to, (long) keys * width);
      }
    }

    private Frame frame() {
      return Objects.requireNonNull(frame);
    }

    private long result(int number, int rows, int width, int row) {
      return results[number].address(frame()) / Float.BYTES + (head * rows + row) * width;
    }
  }

  private static void add(long from, long to, long n) {
    for (long at = 0; at < n * Float.BYTES; at += Float.BYTES) {
      long into = to * Float.BYTES + at;
      OffHeap.MEMORY.set(OffHeap.FLOAT, into,
          OffHeap.MEMORY.get(OffHeap.FLOAT, into) + OffHeap.MEMORY.get(OffHeap.FLOAT, from * Float.BYTES + at));
    }
  }
}
