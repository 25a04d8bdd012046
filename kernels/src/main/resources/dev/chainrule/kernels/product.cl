/*
 * Sums of products in tiles: result[row, column] = sum over depth of left[row, depth] * right[depth, column], for a number of parts, where
 * left_, right_ and result_ of the operation say what lies where. A group of 256 threads makes a tile, of 64 x 64 unless a device does
 * better with another (ProductTile): some steps of depth, 16 mostly, of both operands go through shared memory, each thread keeps 4 x 4
 * sums in registers and so reads 8 numbers for 16 multiplications. Traffic: each operand once for every 64 columns or rows of the result,
 * the result once. Whatever the tile, the sum of an element is what the CPU's is (S19.14): for each 256 steps of depth a chain from zero,
 * in order, and these are added up in order. Where tiles are few and the depth is long ($split), each of these chains is a group's, its
 * sums go to [chain, part, row, column], and product_join.cl adds them: the same bits.
 */
KERNEL(256) void $name(BUFFER(0), BUFFER(1), BUFFER(2), BUFFER(3), NUMBERS) {
  GLOBAL const i64 *g = numbers + first;
  const i64 rows = g[2];
  const i64 columns = g[3];
  const i64 down = (rows + $tile_rows - 1) / $tile_rows;
  const i64 across = (columns + $tile_columns - 1) / $tile_columns;
  const i64 chains = $split ? (g[4] + 255) / 256 : 1;
  const int row_of_thread = THREAD / ($tile_columns / $own_columns) * $own_rows;
  const int column_of_thread = THREAD % ($tile_columns / $own_columns) * $own_columns;
  SHARED(acc_$T, left_tile, $tile_depth * ($tile_rows + 4));
  SHARED(acc_$T, right_tile, $tile_depth * ($tile_columns + 4));
  for (i64 item = GROUP; item < chains * g[1] * down * across; item += GROUPS) {
    const i64 tile = item / chains;
    const i64 start = item % chains * 256;
    const i64 depth = $split && start + 256 < g[4] ? start + 256 : g[4];
    const i64 part = tile / (down * across);
    const i64 first_row = tile / across % down * $tile_rows;
    const i64 first_column = tile % across * $tile_columns;
    GLOBAL const mem_$T *left = AT(const mem_$T, 0) + left_start_$id(g, part);
    GLOBAL const mem_$T *right = AT(const mem_$T, 1) + right_start_$id(g, part);
    acc_$T totals[$own_rows * $own_columns];
    acc_$T sums[$own_rows * $own_columns];
    for (int i = 0; i < $own_rows * $own_columns; i++) {
      totals[i] = 0;
      sums[i] = 0;
    }
    for (i64 step = start; step < depth; step += $tile_depth) {
      for (int i = THREAD; i < $tile_depth * $tile_rows; i += 256) {
        /* Neighbouring threads read along the axis that lies densely in memory. */
        const int d = g[5] != 0 ? i % $tile_depth : i / $tile_rows;
        const int r = g[5] != 0 ? i / $tile_depth : i % $tile_rows;
        const int inside = first_row + r < rows && step + d < depth;
        left_tile[d * ($tile_rows + 4) + r] = inside ? left_$id(g, left, part, first_row + r, step + d) : (acc_$T)0;
      }
      for (int i = THREAD; i < $tile_depth * $tile_columns; i += 256) {
        const int d = g[6] != 0 ? i % $tile_depth : i / $tile_columns;
        const int c = g[6] != 0 ? i / $tile_depth : i % $tile_columns;
        const int inside = first_column + c < columns && step + d < depth;
        right_tile[d * ($tile_columns + 4) + c] = inside ? right_$id(g, right, part, step + d, first_column + c) : (acc_$T)0;
      }
      BARRIER();
      for (int d = 0; d < $tile_depth; d++) {
        acc_$T x[$own_rows];
        acc_$T y[$own_columns];
        for (int i = 0; i < $own_rows; i++) {
          x[i] = left_tile[d * ($tile_rows + 4) + row_of_thread + i];
        }
        for (int j = 0; j < $own_columns; j++) {
          y[j] = right_tile[d * ($tile_columns + 4) + column_of_thread + j];
        }
        for (int i = 0; i < $own_rows; i++) {
          for (int j = 0; j < $own_columns; j++) {
            sums[i * $own_columns + j] = MULTIPLY_ADD_$T(x[i], y[j], sums[i * $own_columns + j]);
          }
        }
      }
      BARRIER();
      if (step % 256 == 256 - $tile_depth || step + $tile_depth >= depth) {
        for (int i = 0; i < $own_rows * $own_columns; i++) {
          totals[i] = ADD_$T(totals[i], sums[i]);
          sums[i] = 0;
        }
      }
    }
    for (int i = 0; i < $own_rows; i++) {
      for (int j = 0; j < $own_columns; j++) {
        const i64 row = first_row + row_of_thread + i;
        const i64 column = first_column + column_of_thread + j;
        if (row < rows && column < columns) {
          if ($split) {
            AT(acc_$T, 2)[((start / 256 * g[1] + part) * rows + row) * columns + column] = totals[i * $own_columns + j];
          } else {
            AT(mem_$T, 2)[result_$id(g, part, row, column)] = STORE_$T(totals[i * $own_columns + j]);
          }
        }
      }
    }
  }
}
