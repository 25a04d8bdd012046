package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Shape;
import dev.chainrule.schedule.Layout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Products of bf16 by oneDNN where the processor has instructions for them: operands are read as they are, sums grow in f32 and are rounded
 * once. C is cut into a grid of blocks that depends on m, n and k alone, and each block's whole depth is one call, so that the bits don't
 * depend on the number of threads. They are other bits than those of operands widened to f32: oneDNN adds up in pairs, and the
 * instructions take denormal numbers for 0. Traffic: operands once for each row or column of blocks, C once.
 */
final class BrainProduct {

  /** Multiply-adds that are worth a block of their own: some microseconds. */
  private static final long WORK_PER_BLOCK = 1 << 19;

  /** Into how many blocks a product is cut if there is work for them: one, two and four threads have the same share. */
  private static final int BLOCKS = 4;

  /** The rows and columns that blocks are multiples of. */
  private static final int TILE_ROWS = 8;

  private static final int TILE_COLUMNS = 16;

  /** What packing a line of B costs, in elements of C. */
  private static final int PACKING = 16;

  private final int m;
  private final int n;
  private final Strided a;
  private final Strided b;
  private final int gridRows;
  private final int gridColumns;
  private final List<DnnlMatmul> blocks = new ArrayList<>();
  private final Pool<Run> runs = new Pool<>(Run::new);

  /** Distances in elements from row to row and from column to column, one of them 1. */
  private record Strided(long row, long column) {

    /** The strides of a stack's matrices if oneDNN can read those as they are. */
    static Optional<Strided> of(Layout layout) {
      long rows = layout.shape().dim(-2);
      long columns = layout.shape().dim(-1);
      return line(columns, layout.stride(-1), rows, layout.stride(-2)).map(row -> new Strided(row, 1))
          .or(() -> line(rows, layout.stride(-2), columns, layout.stride(-1)).map(column -> new Strided(1, column)));
    }

    /** The distance of lines whose elements are neighbours and that don't overlap; any will do for a single one. */
    private static Optional<Long> line(long elements, long stride, long lines, long apart) {
      boolean dense = (elements == 1 || stride == 1) && (lines == 1 || apart >= elements);
      return dense ? Optional.of(lines == 1 ? elements : apart) : Optional.empty();
    }

    private long bytes(long rowNumber, long columnNumber) {
      return (rowNumber * row + columnNumber * column) * DType.BF16.bytes();
    }

    private List<Long> asList() {
      return List.of(row, column);
    }
  }

  /**
   * Of matrices that {@link #reads}.
   *
   * @throws Dnnl.RefusedException if oneDNN does not multiply such
   */
  BrainProduct(Dnnl dnnl, int m, int n, int k, Layout x, Layout y, DnnlHolds holds) {
    this.m = m;
    this.n = n;
    this.a = Strided.of(x).orElseThrow();
    this.b = Strided.of(y).orElseThrow();
    int parts = Integer.highestOneBit(Math.clamp((long) m * n * k / WORK_PER_BLOCK, 1, BLOCKS));
    int columns = columns(parts);
    this.gridRows = Math.min(parts / columns, Math.ceilDiv(m, TILE_ROWS));
    this.gridColumns = Math.min(columns, Math.ceilDiv(n, TILE_COLUMNS));
    for (int block = 0; block < gridRows * gridColumns; block++) {
      blocks.add(dnnl.product(new DnnlMatmul.Shape(rows(block), columnsOf(block), k, a.asList(), b.asList(), n), holds));
    }
  }

  /** Whether oneDNN multiplies dense matrices of these sizes. */
  static boolean isDone(Dnnl dnnl, int m, int n, int k) {
    try (var holds = new DnnlHolds()) {
      new BrainProduct(dnnl, m, n, k, Layout.dense(Shape.of(m, k)), Layout.dense(Shape.of(k, n)), holds);
      return true;
    } catch (Dnnl.RefusedException e) {
      return false;
    }
  }

  /** Whether a stack of matrices can be read as it lies. */
  static boolean reads(Layout layout) {
    return Strided.of(layout).isPresent();
  }

  /** How many of {@code parts} blocks lie side by side, so that the largest is soonest done. */
  private int columns(int parts) {
    int best = 1;
    long least = Long.MAX_VALUE;
    for (int columns = 1; columns <= parts; columns *= 2) {
      long tall = (long) Math.ceilDiv(Math.ceilDiv(m, TILE_ROWS), parts / columns) * TILE_ROWS;
      long wide = (long) Math.ceilDiv(Math.ceilDiv(n, TILE_COLUMNS), columns) * TILE_COLUMNS;
      long cost = tall * wide + PACKING * wide;
      if (cost <= least) {
        least = cost;
        best = columns;
      }
    }
    return best;
  }

  private int row(int block) {
    return edge(m, TILE_ROWS, block / gridColumns, gridRows);
  }

  private int rows(int block) {
    return edge(m, TILE_ROWS, block / gridColumns + 1, gridRows) - row(block);
  }

  private int column(int block) {
    return edge(n, TILE_COLUMNS, block % gridColumns, gridColumns);
  }

  private int columnsOf(int block) {
    return edge(n, TILE_COLUMNS, block % gridColumns + 1, gridColumns) - column(block);
  }

  /** Where a block begins, in whole tiles. */
  private static int edge(int length, int tile, int index, int blocks) {
    return (int) Math.min(length, (long) Math.ceilDiv(length, tile) * index / blocks * tile);
  }

  /** Multiplies matrices at addresses; a follower is told of each block that is done. */
  void run(long atA, long atB, long atC, Workers workers, Gemm.@Nullable Follower follower) {
    Run run = runs.take();
    try {
      run.atA = atA;
      run.atB = atB;
      run.atC = atC;
      run.follower = follower;
      workers.forEach(blocks.size(), run);
    } finally {
      runs.giveBack(run);
    }
  }

  /** One product, shared among the threads. */
  private final class Run implements PartTask {
    private long atA;
    private long atB;
    private long atC;
    private Gemm.@Nullable Follower follower;

    @Override
    public void run(int block) {
      int row = row(block);
      int column = column(block);
      blocks.get(block).multiply(atA + a.bytes(row, 0), atB + b.bytes(0, column), atC + ((long) row * n + column) * DType.BF16.bytes());
      if (follower != null) {
        follower.block(row, rows(block), column, columnsOf(block));
      }
    }
  }
}
