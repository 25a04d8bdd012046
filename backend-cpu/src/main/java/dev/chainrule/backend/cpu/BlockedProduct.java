package dev.chainrule.backend.cpu;

import static dev.chainrule.backend.cpu.GemmKernel.DEPTH;
import static dev.chainrule.backend.cpu.GemmKernel.SLACK;

import org.jspecify.annotations.Nullable;

/**
 * One matrix product C = A B: how it is cut into blocks that fit the caches, and how threads share the blocks.
 *
 * <p>C is cut into a grid of blocks of whole tiles. Whoever takes a block goes through the depth in steps of
 * {@link GemmKernel#DEPTH}: the block's rows of A are packed once per step (144 KiB at most, for the second cache),
 * then each panel of B is multiplied with all of them while it lies in the first cache.
 *
 * <p>If no block lies above another (up to 144 rows: the batches of small models), a panel of B is needed once and is
 * packed right before its use. Else all threads first pack B, once for all blocks; a large B in chunks of 4 MiB.
 *
 * <p>The object is used again for other products, so that one allocates nothing.
 */
final class BlockedProduct extends FloatProduct {
  private static final int BLOCK_ROWS = 144;
  private static final int CHUNK_COLUMNS = 2048;
  private static final int CHUNK_FLOATS = 1 << 20;

  /** Multiply-adds that are worth another thread: about 5 µs, several times what a hand-over costs. */
  private static final long WORK_PER_PART = 1 << 18;

  private static final float[] NOTHING = {};

  private final GemmKernel kernel;
  private final Pool<GemmScratch> pool;
  private final int tileRows;
  private final int tileColumns;
  private final PartTask packing = panel -> packPanels(panel, panel + 1);
  private final PartTask multiplication = this::multiplyBlock;

  private int m;
  private int n;
  private int k;
  private int tilesDown;

  /** How many blocks lie above each other and side by side. */
  private int gridRows;
  private int gridColumns;

  /** The chunk, a range of columns and of depth that the threads work on between two meetings. */
  private int column;
  private int columns;
  private int depthStart;
  private int depth;
  private int panels;
  private int steps;
  private boolean packedBeforehand;
  private float[] packed = NOTHING;
  private Gemm.@Nullable Follower follower;

  BlockedProduct(GemmKernel kernel, Pool<GemmScratch> pool) {
    this.kernel = kernel;
    this.pool = pool;
    tileRows = kernel.tileRows();
    tileColumns = kernel.tileColumns();
  }

  @Override
  void run(int m, int n, int k, Workers workers, Gemm.@Nullable Follower follower) {
    this.follower = follower;
    this.m = m;
    this.n = n;
    this.k = k;
    tilesDown = Math.ceilDiv(m, tileRows);
    int parts = Math.clamp((long) m * n * k / WORK_PER_PART, 1, workers.threads());
    cut(parts);
    if (gridRows == 1) {
      packedBeforehand = false;
      chunk(0, n, 0, k);
      workers.forEach(gridColumns, multiplication);
      return;
    }
    packedBeforehand = true;
    int width = Math.min(CHUNK_COLUMNS, Math.ceilDiv(n, tileColumns) * tileColumns);
    int height = Math.min(CHUNK_FLOATS / width / DEPTH, Math.ceilDiv(k, DEPTH)) * DEPTH;
    GemmScratch scratch = pool.take();
    try {
      packed = scratch.right(width * height);
      for (int column = 0; column < n; column += width) {
        for (int depth = 0; depth < k; depth += height) {
          chunk(column, Math.min(width, n - column), depth, Math.min(height, k - depth));
          pack(parts == 1, workers);
          workers.forEach(gridRows * gridColumns, multiplication);
        }
      }
    } finally {
      packed = NOTHING;
      pool.giveBack(scratch);
    }
  }

  private void chunk(int column, int columns, int depthStart, int depth) {
    this.column = column;
    this.columns = columns;
    this.depthStart = depthStart;
    this.depth = depth;
    panels = Math.ceilDiv(columns, tileColumns);
    steps = Math.ceilDiv(depth, DEPTH);
  }

  /**
   * Cuts C into the grid that gives each of {@code parts} threads the same number of blocks and the busiest of them the fewest
   * tiles. Among equals, the one that can do without packing B beforehand, else the one that packs A least often.
   */
  private void cut(int parts) {
    int across = Math.ceilDiv(n, tileColumns);
    gridRows = 1;
    gridColumns = 1;
    long fewest = Long.MAX_VALUE;
    for (int columns = 1; columns <= parts; columns++) {
      if (parts % columns != 0) {
        continue;
      }
      int rounds = Math.ceilDiv(Math.ceilDiv(tilesDown, parts / columns), BLOCK_ROWS / tileRows);
      int rows = parts / columns * rounds;
      long tiles = (long) rounds * Math.ceilDiv(tilesDown, rows) * Math.ceilDiv(across, columns);
      if (tiles < fewest || (tiles == fewest && rows == 1)) {
        gridRows = rows;
        gridColumns = columns;
        fewest = tiles;
      }
    }
  }

  /** Where share {@code index} begins if {@code count} things are shared out evenly. */
  private static int share(int count, int index, int shares) {
    return (int) ((long) count * index / shares);
  }

  private void pack(boolean alone, Workers workers) {
    if (alone) {
      packPanels(0, panels);
    } else {
      workers.forEach(panels, packing);
    }
  }

  private void multiplyBlock(int block) {
    int row = block % gridRows;
    int across = block / gridRows;
    GemmScratch scratch = pool.take();
    try {
      multiplyBlock(
          share(tilesDown, row, gridRows),
          share(tilesDown, row + 1, gridRows),
          share(panels, across, gridColumns),
          share(panels, across + 1, gridColumns),
          scratch);
    } finally {
      pool.giveBack(scratch);
    }
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
    follow(firstTile, endTile, firstPanel, endPanel);
  }

  private void follow(int firstTile, int endTile, int firstPanel, int endPanel) {
    if (follower != null && depthStart + depth == k) {
      int row = firstTile * tileRows;
      int from = firstPanel * tileColumns;
      follower.block(row, Math.min(endTile * tileRows, m) - row, column + from, Math.min(endPanel * tileColumns, columns) - from);
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
