/*
 * Sums of products in tiles: result[row, column] = sum over depth of left[row, depth] * right[depth, column], for a number of parts, where
 * left_, right_ and result_ of the operation say what lies where. A group of 256 threads makes a tile of 64 x 64: sixteen steps of depth
 * of both operands go through shared memory, each thread keeps 4 x 4 sums in registers and so reads 8 numbers for 16 multiplications.
 * Traffic: each operand once for every 64 columns or rows of the result, the result once. Whatever the tile, the sum of an element is what the
 * CPU's is (S19.14): for each 256 steps of depth a chain from zero, in order, and these are added up in order.
 */
KERNEL(256) void $name(BUFFER(0), BUFFER(1), BUFFER(2), BUFFER(3), NUMBERS) {
  GLOBAL const i64 *g = numbers + first;
  const i64 rows = g[2];
  const i64 columns = g[3];
  const i64 depth = g[4];
  const i64 down = (rows + 63) / 64;
  const i64 across = (columns + 63) / 64;
  const int row_of_thread = THREAD / 16 * 4;
  const int column_of_thread = THREAD % 16 * 4;
  SHARED(acc_$T, left_tile, 16 * 68);
  SHARED(acc_$T, right_tile, 16 * 68);
  for (i64 tile = GROUP; tile < g[1] * down * across; tile += GROUPS) {
    const i64 part = tile / (down * across);
    const i64 first_row = tile / across % down * 64;
    const i64 first_column = tile % across * 64;
    GLOBAL const mem_$T *left = AT(const mem_$T, 0) + left_start_$id(g, part);
    GLOBAL const mem_$T *right = AT(const mem_$T, 1) + right_start_$id(g, part);
    acc_$T totals[16];
    acc_$T sums[16];
    for (int i = 0; i < 16; i++) {
      totals[i] = 0;
      sums[i] = 0;
    }
    for (i64 step = 0; step < depth; step += 16) {
      for (int i = THREAD; i < 16 * 64; i += 256) {
        /* Neighbouring threads read along the axis that lies densely in memory. */
        const int d = g[5] != 0 ? i % 16 : i / 64;
        const int r = g[5] != 0 ? i / 16 : i % 64;
        const int inside = first_row + r < rows && step + d < depth;
        left_tile[d * 68 + r] = inside ? left_$id(g, left, part, first_row + r, step + d) : (acc_$T)0;
      }
      for (int i = THREAD; i < 16 * 64; i += 256) {
        const int d = g[6] != 0 ? i % 16 : i / 64;
        const int c = g[6] != 0 ? i / 16 : i % 64;
        const int inside = first_column + c < columns && step + d < depth;
        right_tile[d * 68 + c] = inside ? right_$id(g, right, part, step + d, first_column + c) : (acc_$T)0;
      }
      BARRIER();
      for (int d = 0; d < 16; d++) {
        acc_$T x[4];
        acc_$T y[4];
        for (int i = 0; i < 4; i++) {
          x[i] = left_tile[d * 68 + row_of_thread + i];
          y[i] = right_tile[d * 68 + column_of_thread + i];
        }
        for (int i = 0; i < 4; i++) {
          for (int j = 0; j < 4; j++) {
            sums[i * 4 + j] = MULTIPLY_ADD_$T(x[i], y[j], sums[i * 4 + j]);
          }
        }
      }
      BARRIER();
      if (step % 256 == 240 || step + 16 >= depth) {
        for (int i = 0; i < 16; i++) {
          totals[i] = ADD_$T(totals[i], sums[i]);
          sums[i] = 0;
        }
      }
    }
    for (int i = 0; i < 4; i++) {
      for (int j = 0; j < 4; j++) {
        const i64 row = first_row + row_of_thread + i;
        const i64 column = first_column + column_of_thread + j;
        if (row < rows && column < columns) {
          AT(mem_$T, 2)[result_$id(g, part, row, column)] = STORE_$T(totals[i * 4 + j]);
        }
      }
    }
  }
}
