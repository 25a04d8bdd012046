/*
 * Attention: softmax(q k^T scale) v for each head. A group has 64 queries and goes through the keys 64 at a time: scores, which never
 * leave shared memory; the largest so far, to which exponentials and what has been summed are brought; the products with the values. At
 * the end the sums are divided by that of the exponentials. Traffic: q and the result once, k and v once for every 64 queries, where the
 * written-out form stores all scores and reads them four times. Keys behind all of the group's queries are left out in causal order;
 * their values count only where they are not finite. Buffers: q, k, v, mask, result.
 */
KERNEL(256) void $name(BUFFER(0), BUFFER(1), BUFFER(2), BUFFER(3), BUFFER(4), BUFFER(5), NUMBERS) {
  GLOBAL const i64 *g = numbers + first;
  const i64 tiles = (g[2] + 63) / 64;
  const int row = THREAD / 16 * 4;
  const int column = THREAD % 16 * 4;
  SHARED(f32, tile, 64 * 65);
  SHARED(f32, left_part, 16 * 68);
  SHARED(f32, right_part, $part);
  SHARED(f32, lanes, 256);
  SHARED(f32, of_rows, 64);
  for (i64 item = GROUP; item < g[1] * tiles; item += GROUPS) {
    const i64 head = item / tiles;
    /* Kept in one register, as there are fewer queries than that. */
    const int from = (int)(item % tiles) * 64;
    const i64 end = g[7] != 0 && from + 64 < g[3] ? from + 64 : g[3];
    GLOBAL const mem_$T *q = AT(const mem_$T, 0) + start_$id(g, head, 0) + from * g[9];
    GLOBAL const mem_$T *k = AT(const mem_$T, 1) + start_$id(g, head, 1);
    GLOBAL const mem_$T *v = AT(const mem_$T, 2) + start_$id(g, head, 2);
    GLOBAL const u8 *mask = AT(const u8, 3) + start_$id(g, head, 3);
    f32 sums[4 * $own];
    for (int i = 0; i < 4 * $own; i++) {
      sums[i] = 0;
    }
    /* Of the row that four threads share. */
    f32 largest = -INFINITY;
    f32 total = 0;
    int any = 0;
    for (i64 key = 0; key < end; key += 64) {
      /* Read for each tile: the register that would keep it is one too many. */
      const f32 scale = f32_value((u32)g[6]);
      f32 scores[16];
      products_$id(q, g + 9, g[2] - from, k + key * g[11], g + 11, g[3] - key, g[4], left_part, right_part, scores);
      for (int i = 0; i < 16; i++) {
        const int r = row + i / 4;
        const int c = column + i % 4;
        tile[r * 65 + c] = allowed_$id(g, mask, from + r, key + c) ? scores[i] * scale : -INFINITY;
      }
      BARRIER();
      const f32 before = largest;
      largest = max_f32(before, row_largest_$id(tile, lanes));
      for (int c = THREAD % 4; c < 64; c += 4) {
        any |= allowed_$id(g, mask, from + THREAD / 4, key + c);
        tile[THREAD / 4 * 65 + c] = exp_f32(tile[THREAD / 4 * 65 + c] - shift_$id(largest));
      }
      const f32 factor = exp_f32(before - shift_$id(largest));
      total = total * factor + row_sum_$id(tile, lanes);
      if (THREAD % 4 == 0) {
        of_rows[THREAD / 4] = factor;
      }
      BARRIER();
      for (int i = 0; i < 4 * $own; i++) {
        sums[i] *= of_rows[row + i / $own];
      }
      weighted_$id(tile, v + key * g[13], g + 13, g[3] - key, g[5], right_part, sums);
    }
    unweighted_$id(v + end * g[13], g + 13, g[3] - end, g[5], lanes, sums);
    lanes[THREAD] = any != 0 ? 1.0f : 0.0f;
    BARRIER();
    if (THREAD % 4 == 0) {
      /* A query that may attend to nothing has weights of 0. */
      of_rows[THREAD / 4] = lanes[THREAD] + lanes[THREAD + 1] + lanes[THREAD + 2] + lanes[THREAD + 3] != 0.0f ? total : 1.0f;
    }
    BARRIER();
    for (int i = 0; i < 4 * $own; i++) {
      sums[i] /= of_rows[row + i / $own];
    }
    store_$id(AT(mem_$T, 4) + (head * g[2] + from) * g[5], g[2] - from, g[5], sums);
    BARRIER();
  }
}
