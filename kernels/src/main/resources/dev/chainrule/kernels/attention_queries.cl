/*
 * The gradient of attention's queries. A group has 64 queries and goes through the keys twice, 64 at a time: first for the largest score,
 * the sum of the exponentials and that of the weights with their cotangents, which it leaves for attention_keys.cl as well, [head, query, 3];
 * then for the scores' gradients and their products with the keys. Scores are computed again and never leave the group. Traffic: q,
 * cotangents and the result once, k and v twice for every 64 queries. Buffers: q, k, v, mask, cotangents, the three numbers of queries,
 * result.
 */
REGISTER_KERNEL(256) void $name(BUFFER(0), BUFFER(1), BUFFER(2), BUFFER(3), BUFFER(4), BUFFER(5), BUFFER(6), BUFFER(7), NUMBERS) {
  GLOBAL const i64 *g = numbers + first;
  const f32 scale = f32_value((u32)g[6]);
  const i64 tiles = (g[2] + 63) / 64;
  const int row = THREAD / 16 * 4;
  const int column = THREAD % 16 * 4;
  SHARED(f32, tile, 64 * 65);
  SHARED(f32, left_part, 16 * 68);
  SHARED(f32, right_part, $part);
  SHARED(f32, lanes, 256);
  SHARED(f32, of_rows, 3 * 64);
  for (i64 item = GROUP; item < g[1] * tiles; item += GROUPS) {
    const i64 head = item / tiles;
    const i64 from = item % tiles * 64;
    const i64 end = g[7] != 0 && from + 64 < g[3] ? from + 64 : g[3];
    GLOBAL const mem_$T *q = AT(const mem_$T, 0) + start_$id(g, head, 0) + from * g[9];
    GLOBAL const mem_$T *k = AT(const mem_$T, 1) + start_$id(g, head, 1);
    GLOBAL const mem_$T *v = AT(const mem_$T, 2) + start_$id(g, head, 2);
    GLOBAL const u8 *mask = AT(const u8, 3) + start_$id(g, head, 3);
    GLOBAL const mem_$T *cotangents = AT(const mem_$T, 4) + start_$id(g, head, 4) + from * g[17];
    f32 scores[16];
    f32 arrived[16];
    /* Of the row that four threads share. */
    f32 largest = -INFINITY;
    f32 total = 0;
    f32 weighted = 0;
    for (i64 key = 0; key < end; key += 64) {
      products_$id(q, g + 9, g[2] - from, k + key * g[11], g + 11, g[3] - key, g[4], left_part, right_part, scores);
      products_$id(cotangents, g + 17, g[2] - from, v + key * g[13], g + 13, g[3] - key, g[5], left_part, right_part, arrived);
      for (int i = 0; i < 16; i++) {
        const int r = row + i / 4;
        const int c = column + i % 4;
        tile[r * 65 + c] = allowed_$id(g, mask, from + r, key + c) ? scores[i] * scale : -INFINITY;
      }
      BARRIER();
      const f32 before = largest;
      largest = max_f32(before, row_largest_$id(tile, lanes));
      for (int c = THREAD % 4; c < 64; c += 4) {
        tile[THREAD / 4 * 65 + c] = exp_f32(tile[THREAD / 4 * 65 + c] - shift_$id(largest));
      }
      const f32 factor = exp_f32(before - shift_$id(largest));
      total = total * factor + row_sum_$id(tile, lanes);
      for (int i = 0; i < 16; i++) {
        const int r = row + i / 4;
        const int c = column + i % 4;
        tile[r * 65 + c] = allowed_$id(g, mask, from + r, key + c) ? tile[r * 65 + c] * arrived[i] : 0.0f;
      }
      BARRIER();
      weighted = weighted * factor + row_sum_$id(tile, lanes);
    }
    if (THREAD % 4 == 0) {
      const int r = THREAD / 4;
      of_rows[r] = shift_$id(largest);
      of_rows[64 + r] = total;
      of_rows[128 + r] = weighted / total;
      if (from + r < g[2]) {
        GLOBAL f32 *of_query = AT(f32, 5) + (head * g[2] + from + r) * 3;
        of_query[0] = of_rows[r];
        of_query[1] = of_rows[64 + r];
        of_query[2] = of_rows[128 + r];
      }
    }
    BARRIER();
    f32 sums[4 * $own];
    for (int i = 0; i < 4 * $own; i++) {
      sums[i] = 0;
    }
    for (i64 key = 0; key < end; key += 64) {
      products_$id(q, g + 9, g[2] - from, k + key * g[11], g + 11, g[3] - key, g[4], left_part, right_part, scores);
      products_$id(cotangents, g + 17, g[2] - from, v + key * g[13], g + 13, g[3] - key, g[5], left_part, right_part, arrived);
      for (int i = 0; i < 16; i++) {
        const int r = row + i / 4;
        const int c = column + i % 4;
        const f32 weight = exp_f32(scores[i] * scale - of_rows[r]) / of_rows[64 + r];
        tile[r * 65 + c] =
            allowed_$id(g, mask, from + r, key + c) ? (arrived[i] * weight - weight * of_rows[128 + r]) * scale : 0.0f;
      }
      BARRIER();
      weighted_$id(tile, k + key * g[11], g + 11, g[3] - key, g[4], right_part, sums);
    }
    unweighted_$id(k + end * g[11], g + 11, g[3] - end, g[4], lanes, sums);
    store_$id(AT(mem_$T, 6) + (head * g[2] + from) * g[4], g[2] - from, g[4], sums);
    BARRIER();
  }
}
