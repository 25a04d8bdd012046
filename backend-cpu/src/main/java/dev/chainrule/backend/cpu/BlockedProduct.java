package dev.chainrule.backend.cpu;

import static dev.chainrule.backend.cpu.GemmKernel.DEPTH;
import static dev.chainrule.backend.cpu.GemmKernel.SLACK;

/**
 * One matrix product C = A B: how it is cut into blocks that fit the caches, and how threads share the blocks.
 *
 * <p>C is cut into a grid of blocks of whole tiles. Whoever takes a block goes through the depth in steps of
 * {@link GemmKernel#DEPTH}: the block's rows of A are packed once per step (144 KiB at most, for the second cache),
 * then each panel of B is multiplied with all of them while it lies in the first cache.
 *
 * <p>If no block lies above another (up to 144 rows: the batches of small models), a panel of B is needed once and is
 * packed right before its use. Else all threads first pack B, once for all blocks; a large B in chunks of 4 MiB.
 */
final class BlockedProduct {
  private static final int BLOCK_ROWS = 144;
  private static final int CHUNK_COLUMNS = 2048;
  private static final int CHUNK_FLOATS = 1 << 20;

  /** Multiply-adds that are worth another thread: about 5 µs, several times what a hand-over costs. */
  private static final long WORK_PER_PART = 1 << 18;

  private final GemmKernel kernel;
  private final GemmScratch.Pool pool;
  private final int m;
  private final int n;
  private final int k;
  private final MatrixView a;
  private final MatrixView b;
  private final MatrixView c;
  private final int tileRows;
  private final int tileColumns;
  private final int tilesDown;

  /** The product of A[m, k] and B[k, n]; none of m, n and k is 0. The lanes of C are its rows. */
  BlockedProduct(GemmKernel kernel, GemmScratch.Pool pool, int m, int n, int k, MatrixView a, MatrixView b, MatrixView c) {
    this.kernel = kernel;
    this.pool = pool;
    this.m = m;
    this.n = n;
    this.k = k;
    this.a = a;
    this.b = b;
    this.c = c;
    tileRows = kernel.tileRows();
    tileColumns = kernel.tileColumns();
    tilesDown = Math.ceilDiv(m, tileRows);
  }

  void run(Workers workers) {
    int parts = Math.clamp((long) m * n * k / WORK_PER_PART, 1, workers.threads());
    Grid grid = grid(parts);
    if (grid.rows == 1) {
      new Chunk(0, n, 0, k).multiply(grid, workers);
      return;
    }
    int width = Math.min(CHUNK_COLUMNS, Math.ceilDiv(n, tileColumns) * tileColumns);
    int height = Math.min(CHUNK_FLOATS / width / DEPTH, Math.ceilDiv(k, DEPTH)) * DEPTH;
    GemmScratch scratch = pool.take();
    try {
      float[] packed = scratch.right(width * height);
      for (int column = 0; column < n; column += width) {
        for (int depth = 0; depth < k; depth += height) {
          Chunk chunk = new Chunk(column, Math.min(width, n - column), depth, Math.min(height, k - depth));
          chunk.pack(packed, parts == 1, workers);
          chunk.multiply(grid, workers);
        }
      }
    } finally {
      pool.giveBack(scratch);
    }
  }

  /** How many blocks lie above each other and side by side. */
  private record Grid(int rows, int columns) {}

  /**
   * The grid that gives each of {@code parts} threads the same number of blocks and the busiest of them the fewest
   * tiles. Among equals, the one that can do without packing B beforehand, else the one that packs A least often.
   */
  private Grid grid(int parts) {
    int panels = Math.ceilDiv(n, tileColumns);
    Grid best = new Grid(1, 1);
    long fewest = Long.MAX_VALUE;
    for (int columns = 1; columns <= parts; columns++) {
      if (parts % columns != 0) {
        continue;
      }
      int rounds = Math.ceilDiv(Math.ceilDiv(tilesDown, parts / columns), BLOCK_ROWS / tileRows);
      int rows = parts / columns * rounds;
      long tiles = (long) rounds * Math.ceilDiv(tilesDown, rows) * Math.ceilDiv(panels, columns);
      if (tiles < fewest || (tiles == fewest && rows == 1)) {
        best = new Grid(rows, columns);
        fewest = tiles;
      }
    }
    return best;
  }

  /** Where share {@code index} begins if {@code count} things are shared out evenly. */
  private static int share(int count, int index, int shares) {
    return (int) ((long) count * index / shares);
  }

  /** A range of columns and of depth that the threads work on between two meetings. */
  private final class Chunk {
    private final int column;
    private final int columns;
    private final int depthStart;
    private final int depth;
    private final int panels;
    private final int steps;
    private boolean packedBeforehand;
    private float[] packed = {};

    Chunk(int column, int columns, int depthStart, int depth) {
      this.column = column;
      this.columns = columns;
      this.depthStart = depthStart;
      this.depth = depth;
      panels = Math.ceilDiv(columns, tileColumns);
      steps = Math.ceilDiv(depth, DEPTH);
    }

    void pack(float[] into, boolean alone, Workers workers) {
      packed = into;
      packedBeforehand = true;
      if (alone) {
        packPanels(0, panels);
      } else {
        workers.forEach(panels, panel -> packPanels(panel, panel + 1));
      }
    }

    void multiply(Grid grid, Workers workers) {
      workers.forEach(
          grid.rows * grid.columns,
          block -> {
            int row = block % grid.rows;
            int column = block / grid.rows;
            GemmScratch scratch = pool.take();
            try {
              multiplyBlock(
                  share(tilesDown, row, grid.rows),
                  share(tilesDown, row + 1, grid.rows),
                  share(panels, column, grid.columns),
                  share(panels, column + 1, grid.columns),
                  scratch);
            } finally {
              pool.giveBack(scratch);
            }
          });
    }

    private void multiplyBlock(int firstTile, int endTile, int firstPanel, int endPanel, GemmScratch scratch) {
      int panelOfA = tileRows * DEPTH;
      float[] left = scratch.left((endTile - firstTile) * panelOfA + SLACK);
      float[] tile = scratch.tile(tileRows * tileColumns);
      float[] right = packedBeforehand ? packed : scratch.right(tileColumns * DEPTH);
      for (int step = 0; step < steps; step++) {
        for (int t = firstTile; t < endTile; t++) {
          packRows(t, step, left, (t - firstTile) * panelOfA);
        }
        for (int panel = firstPanel; panel < endPanel; panel++) {
          int rightAt = packedBeforehand ? packedAt(panel, step) : 0;
          if (!packedBeforehand) {
            packPanel(panel, step, right, rightAt);
          }
          for (int t = firstTile; t < endTile; t++) {
            int rows = Math.min(tileRows, m - t * tileRows);
            kernel.multiply(
                left, (t - firstTile) * panelOfA, right, rightAt, depthOf(step), rows, columnsOf(panel), tile);
            long to = c.at(t * tileRows, column + panel * tileColumns);
            kernel.write(tile, rows, columnsOf(panel), to, c.laneStride(), depthStart + step > 0);
          }
        }
      }
    }

    private void packRows(int t, int step, float[] into, int at) {
      int row = t * tileRows;
      kernel.pack(a, row, Math.min(tileRows, m - row), startOf(step), depthOf(step), into, at, tileRows);
    }

    private void packPanels(int from, int to) {
      for (int panel = from; panel < to; panel++) {
        for (int step = 0; step < steps; step++) {
          packPanel(panel, step, packed, packedAt(panel, step));
        }
      }
    }

    private void packPanel(int panel, int step, float[] into, int at) {
      int lane = column + panel * tileColumns;
      kernel.pack(b, lane, columnsOf(panel), startOf(step), depthOf(step), into, at, tileColumns);
    }

    private int packedAt(int panel, int step) {
      return (step * panels + panel) * DEPTH * tileColumns;
    }

    private int columnsOf(int panel) {
      return Math.min(tileColumns, columns - panel * tileColumns);
    }

    private int startOf(int step) {
      return depthStart + step * DEPTH;
    }

    private int depthOf(int step) {
      return Math.min(DEPTH, depth - step * DEPTH);
    }
  }
}
