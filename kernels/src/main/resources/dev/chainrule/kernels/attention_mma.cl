/*
 * Attention of bf16 on tensor cores: softmax(q k^T scale) v for each head. A group has 128 queries, a warp 16 of them, and goes through the
 * keys 64 at a time, with an online softmax in registers, as attention.cl does. Four products of tensor cores where f32 would need two of its
 * own, which are more than ten times as slow. Traffic: q and the result once, k and v once for every 128 queries. Keys behind all of the
 * group's queries are left out in causal order; their values count only where they are not finite. Buffers: q, k, v, mask, result.
 */
KERNEL(256) void $name(BUFFER(0), BUFFER(1), BUFFER(2), BUFFER(3), BUFFER(4), BUFFER(5), NUMBERS) {
  GLOBAL const i64 *g = numbers + first;
  const f32 scale = f32_value((u32)g[6]);
  const i64 tiles = (g[2] + 127) / 128;
  const int row = THREAD / 32 * 16;
  SHARED(eight_$id, row_space, $keys * ($width / 8 + 1));
  SHARED(eight_$id, turned_space, $width * ($keys / 8 + 1));
  LOCAL u32 *rows = (LOCAL u32 *)row_space;
  LOCAL u32 *turned = (LOCAL u32 *)turned_space;
  for (i64 item = GROUP; item < g[1] * tiles; item += GROUPS) {
    const i64 head = item / tiles;
    const i64 from = item % tiles * 128;
    const i64 end = g[7] != 0 && from + 128 < g[3] ? from + 128 : g[3];
    GLOBAL const u16 *q = AT(const u16, 0) + start_$id(g, head, 0) + from * g[9];
    GLOBAL const u16 *k = AT(const u16, 1) + start_$id(g, head, 1);
    GLOBAL const u16 *v = AT(const u16, 2) + start_$id(g, head, 2);
    GLOBAL const u8 *mask = AT(const u8, 3) + start_$id(g, head, 3);
    u32 left[$width / 4];
    fragments_$id(q, g + 9, g[2] - from, g[4], row, rows, left);
    f32 sums[$width / 2];
    UNROLL
    for (int i = 0; i < $width / 2; i++) {
      sums[i] = 0;
    }
    /* Of the lane's two rows; the total is what its own columns have. */
    f32 largest[2] = {-INFINITY, -INFINITY};
    f32 total[2] = {0, 0};
    u32 any = 0;
    for (i64 key = 0; key < end; key += $keys) {
      BARRIER();
      load_$id(k + key * g[11], g + 11, g[3] - key, g[4], rows, 0);
      const int odd = any_of_group(load_$id(v + key * g[13], g + 13, g[3] - key, g[5], 0, turned));
      f32 scores[$keys / 2];
      products_$id(left, rows, scores);
      const u32 allowed = allowed_keys_$id(g, mask, from, row, key);
      any |= allowed;
      UNROLL
      for (int i = 0; i < $keys / 2; i++) {
        scores[i] = (allowed >> i & 1) != 0 ? scores[i] * scale : -INFINITY;
      }
      UNROLL
      for (int half = 0; half < 2; half++) {
        const f32 now = row_largest_$id(largest[half], scores, half);
        const f32 factor = exp_f32(largest[half] - shift_$id(now));
        largest[half] = now;
        total[half] *= factor;
        UNROLL
        for (int i = 0; i < $keys / 4; i++) {
          const int at = i / 2 * 4 + half * 2 + i % 2;
          scores[at] = exp_f32(scores[at] - shift_$id(now));
          total[half] += scores[at];
        }
        UNROLL
        for (int i = 0; i < $width / 4; i++) {
          sums[i / 2 * 4 + half * 2 + i % 2] *= factor;
        }
      }
      weighted_$id(scores, turned, odd, sums);
    }
    unweighted_$id(v + end * g[13], g + 13, g[3] - end, g[5], 0, rows, sums);
    UNROLL
    for (int half = 0; half < 2; half++) {
      const f32 of_row = row_sum_$id(total[half]);
      /* A query that may attend to nothing has weights of 0. */
      const f32 allowed = row_sum_$id((any & 0x33333333u << 2 * half) != 0 ? 1.0f : 0.0f);
      const f32 factor = allowed != 0 ? 1.0f / of_row : 1.0f;
      UNROLL
      for (int i = 0; i < $width / 4; i++) {
        sums[i / 2 * 4 + half * 2 + i % 2] *= factor;
      }
    }
    store_$id(AT(u16, 4) + (head * g[2] + from) * g[5], g[2] - from, g[5], row, 0, sums);
  }
}
