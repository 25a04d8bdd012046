/*
 * Sums of products in tiles: result[row, column] = sum over depth of left[row, depth] * right[depth, column], for a number of parts, where
 * left_, right_ and result_ of the operation say what lies where. A group of 256 threads makes a tile, of 64 x 64 unless a device does
 * better with another (ProductTile): some steps of depth, 16 mostly, of both operands go through shared memory, each thread keeps 4 x 4
 * sums in registers and so reads 8 numbers, by 16 bytes, for 16 multiplications. Traffic: each operand once for every 64 columns or rows
 * of the result, in packs of 16 bytes where they lie so (the second bit of g[5], g[6]); the result once, after what $leave makes of each
 * element: an epilogue's bias, activation and residual. Whatever the tile, the sum of an element is what the CPU's is (S19.14): for each
 * 256 steps of depth a chain from zero, in order, and these are added up in order. Where tiles are few and the depth is long ($split), each
 * of these chains is a group's, its sums go to [chain, part, row, column], and product_join.cl adds them: the same bits.
 */
KERNEL(256) void $name($buffers, NUMBERS) {
  typedef struct ALIGNED($pack_bytes) { mem_$T at[$pack_length]; } pack;
  typedef struct ALIGNED($x_bytes) { acc_$T at[$x_wide]; } wide_x;
  typedef struct ALIGNED($y_bytes) { acc_$T at[$y_wide]; } wide_y;
  GLOBAL const i64 *g = numbers + first + $before;
  const i64 rows = g[2];
  const i64 columns = g[3];
  const i64 down = (rows + $tile_rows - 1) / $tile_rows;
  const i64 across = (columns + $tile_columns - 1) / $tile_columns;
  const i64 chains = $split ? (g[4] + 255) / 256 : 1;
  const int row_of_thread = THREAD / ($tile_columns / $own_columns) * $own_rows;
  const int column_of_thread = THREAD % ($tile_columns / $own_columns) * $own_columns;
  const int left_along = (g[5] & 1) != 0;
  const int right_along = (g[6] & 1) != 0;
  SHARED(wide_x, left_tile, $tile_depth * ($tile_rows + 4) / $x_wide);
  SHARED(wide_y, right_tile, $tile_depth * ($tile_columns + 4) / $y_wide);
  LOCAL acc_$T *const left_elements = left_tile[0].at;
  LOCAL acc_$T *const right_elements = right_tile[0].at;
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
      /* Neighbouring threads read along the axis that lies densely in memory. Loops unrolled further take more registers than they save. */
#if $left_packs
      if (g[5] & 2) {
        UNROLL_BY(1)
        for (int i = THREAD; i < $tile_depth * $tile_rows / $pack_length; i += 256) {
          const int d = left_along ? i % ($tile_depth / $pack_length) * $pack_length : i / ($tile_rows / $pack_length);
          const int r = left_along ? i / ($tile_depth / $pack_length) : i % ($tile_rows / $pack_length) * $pack_length;
          const int inside = first_row + r < rows && step + d < depth;
          pack elements;
          if (inside) {
            elements = *(GLOBAL const pack *)(left + left_at_$id(g, first_row + r, step + d));
          }
          UNROLL
          for (int k = 0; k < $pack_length; k++) {
            const int at = left_along ? (d + k) * ($tile_rows + 4) + r : d * ($tile_rows + 4) + r + k;
            left_elements[at] = inside ? LOAD_$T(elements.at[k]) : (acc_$T)0;
          }
        }
      } else
        UNROLL_BY(2)
#endif
      for (int i = THREAD; i < $tile_depth * $tile_rows; i += 256) {
        const int d = left_along ? i % $tile_depth : i / $tile_rows;
        const int r = left_along ? i / $tile_depth : i % $tile_rows;
        const int inside = first_row + r < rows && step + d < depth;
        const acc_$T element = inside ? LOAD_$T(left[left_at_$id(g, first_row + r, step + d)]) : (acc_$T)0;
        left_elements[d * ($tile_rows + 4) + r] = element;
      }
#if $right_packs
      if (g[6] & 2) {
        UNROLL_BY(1)
        for (int i = THREAD; i < $tile_depth * $tile_columns / $pack_length; i += 256) {
          const int d = right_along ? i % ($tile_depth / $pack_length) * $pack_length : i / ($tile_columns / $pack_length);
          const int c = right_along ? i / ($tile_depth / $pack_length) : i % ($tile_columns / $pack_length) * $pack_length;
          const int inside = first_column + c < columns && step + d < depth;
          pack elements;
          if (inside) {
            elements = *(GLOBAL const pack *)(right + right_at_$id(g, step + d, first_column + c));
          }
          UNROLL
          for (int k = 0; k < $pack_length; k++) {
            const int at = right_along ? (d + k) * ($tile_columns + 4) + c : d * ($tile_columns + 4) + c + k;
            right_elements[at] = inside ? LOAD_$T(elements.at[k]) : (acc_$T)0;
          }
        }
      } else
        UNROLL_BY(2)
#endif
      for (int i = THREAD; i < $tile_depth * $tile_columns; i += 256) {
        const int d = right_along ? i % $tile_depth : i / $tile_columns;
        const int c = right_along ? i / $tile_depth : i % $tile_columns;
        const int inside = first_column + c < columns && step + d < depth;
        const acc_$T element = inside ? right_$id(g, right, step + d, first_column + c) : (acc_$T)0;
        right_elements[d * ($tile_columns + 4) + c] = element;
      }
      BARRIER();
      for (int d = 0; d < $tile_depth; d++) {
        wide_x x[$own_rows / $x_wide];
        wide_y y[$own_columns / $y_wide];
        for (int i = 0; i < $own_rows / $x_wide; i++) {
          x[i] = left_tile[(d * ($tile_rows + 4) + row_of_thread) / $x_wide + i];
        }
        for (int j = 0; j < $own_columns / $y_wide; j++) {
          y[j] = right_tile[(d * ($tile_columns + 4) + column_of_thread) / $y_wide + j];
        }
        for (int i = 0; i < $own_rows; i++) {
          for (int j = 0; j < $own_columns; j++) {
            const acc_$T sum = sums[i * $own_columns + j];
            sums[i * $own_columns + j] = MULTIPLY_ADD_$T(x[i / $x_wide].at[i % $x_wide], y[j / $y_wide].at[j % $y_wide], sum);
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
    UNROLL
    for (int i = 0; i < $own_rows; i++) {
      UNROLL
      for (int j = 0; j < $own_columns; j++) {
        const i64 row = first_row + row_of_thread + i;
        const i64 column = first_column + column_of_thread + j;
        if (row < rows && column < columns) {
          const acc_$T total = totals[i * $own_columns + j];
          if ($split) {
            AT(acc_$T, 2)[((start / 256 * g[1] + part) * rows + row) * columns + column] = total;
          } else {
            const i64 at = result_$id(g, part, row, column);
            $leave
          }
        }
      }
    }
  }
}
