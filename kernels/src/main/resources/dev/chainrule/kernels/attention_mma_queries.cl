/*
 * The gradient of attention's queries, of bf16 on tensor cores. A group has 128 queries, a warp 16 of them, and goes through the keys twice,
 * 32 at a time: first for the largest score, the sum of the exponentials and that of the weights with their cotangents, then for the
 * scores' gradients and their products with the keys. Of each query it leaves for attention_mma_keys.cl what is subtracted in exponents,
 * the factor that makes weights of them, and the last sum, [head, query, 3]. Traffic: q, cotangents and the result once, k and v twice for
 * every 128 queries. Buffers: q, k, v, mask, cotangents, the three numbers of queries, result.
 */
KERNEL(256) void $name(BUFFER(0), BUFFER(1), BUFFER(2), BUFFER(3), BUFFER(4), BUFFER(5), BUFFER(6), BUFFER(7), NUMBERS) {
  GLOBAL const i64 *g = numbers + first;
  const f32 scale = f32_value((u32)g[6]);
  const i64 tiles = (g[2] + 127) / 128;
  const int row = THREAD / 32 * 16;
  SHARED(eight_$id, key_space, $keys * ($width / 8 + 1));
  SHARED(eight_$id, value_space, $keys * ($width / 8 + 1));
  SHARED(eight_$id, turned_space, $width * ($keys / 8 + 1));
  LOCAL u32 *key_rows = (LOCAL u32 *)key_space;
  LOCAL u32 *value_rows = (LOCAL u32 *)value_space;
  LOCAL u32 *turned = (LOCAL u32 *)turned_space;
  for (i64 item = GROUP; item < g[1] * tiles; item += GROUPS) {
    const i64 head = item / tiles;
    const i64 from = item % tiles * 128;
    const i64 end = g[7] != 0 && from + 128 < g[3] ? from + 128 : g[3];
    GLOBAL const u16 *q = AT(const u16, 0) + start_$id(g, head, 0) + from * g[9];
    GLOBAL const u16 *k = AT(const u16, 1) + start_$id(g, head, 1);
    GLOBAL const u16 *v = AT(const u16, 2) + start_$id(g, head, 2);
    GLOBAL const u8 *mask = AT(const u8, 3) + start_$id(g, head, 3);
    GLOBAL const u16 *cotangents = AT(const u16, 4) + start_$id(g, head, 4) + from * g[17];
    u32 of_queries[$width / 4];
    u32 of_cotangents[$width / 4];
    fragments_$id(q, g + 9, g[2] - from, g[4], row, key_rows, of_queries);
    fragments_$id(cotangents, g + 17, g[2] - from, g[5], row, key_rows, of_cotangents);
    f32 scores[$keys / 2];
    f32 arrived[$keys / 2];
    /* Of the lane's two rows; sums are what its own columns have. */
    f32 largest[2] = {-INFINITY, -INFINITY};
    f32 total[2] = {0, 0};
    f32 weighted[2] = {0, 0};
    for (i64 key = 0; key < end; key += $keys) {
      BARRIER();
      load_$id(k + key * g[11], g + 11, g[3] - key, g[4], key_rows, 0);
      load_$id(v + key * g[13], g + 13, g[3] - key, g[5], value_rows, 0);
      BARRIER();
      products_$id(of_queries, key_rows, scores);
      products_$id(of_cotangents, value_rows, arrived);
      const u32 allowed = allowed_keys_$id(g, mask, from, row, key);
      UNROLL
      for (int i = 0; i < $keys / 2; i++) {
        scores[i] = (allowed >> i & 1) != 0 ? scores[i] * scale : -INFINITY;
        arrived[i] = (allowed >> i & 1) != 0 ? arrived[i] : 0.0f;
      }
      UNROLL
      for (int half = 0; half < 2; half++) {
        const f32 now = row_largest_$id(largest[half], scores, half);
        const f32 factor = exp_f32(largest[half] - shift_$id(now));
        largest[half] = now;
        total[half] *= factor;
        weighted[half] *= factor;
        UNROLL
        for (int i = 0; i < $keys / 4; i++) {
          const int at = i / 2 * 4 + half * 2 + i % 2;
          const f32 power = exp_f32(scores[at] - shift_$id(now));
          total[half] += power;
          weighted[half] += power * arrived[at];
        }
      }
    }
    UNROLL
    for (int half = 0; half < 2; half++) {
      largest[half] = shift_$id(largest[half]);
      total[half] = 1.0f / row_sum_$id(total[half]);
      weighted[half] = row_sum_$id(weighted[half]) * total[half];
      const i64 query = from + row + row_of_$id(2 * half);
      if (LANE % 4 == 0 && query < g[2]) {
        GLOBAL f32 *of_query = AT(f32, 5) + (head * g[2] + query) * 3;
        of_query[0] = largest[half];
        of_query[1] = total[half];
        of_query[2] = weighted[half];
      }
    }
    f32 sums[$width / 2];
    UNROLL
    for (int i = 0; i < $width / 2; i++) {
      sums[i] = 0;
    }
    for (i64 key = 0; key < end; key += $keys) {
      BARRIER();
      load_$id(v + key * g[13], g + 13, g[3] - key, g[5], value_rows, 0);
      const int odd = any_of_group(load_$id(k + key * g[11], g + 11, g[3] - key, g[4], key_rows, turned));
      products_$id(of_queries, key_rows, scores);
      products_$id(of_cotangents, value_rows, arrived);
      const u32 allowed = allowed_keys_$id(g, mask, from, row, key);
      UNROLL
      for (int i = 0; i < $keys / 2; i++) {
        const int half = i % 4 / 2;
        const f32 weight = exp_f32(scores[i] * scale - largest[half]) * total[half];
        scores[i] = (allowed >> i & 1) != 0 ? (arrived[i] * weight - weight * weighted[half]) * scale : 0.0f;
      }
      weighted_$id(scores, turned, odd, sums);
    }
    unweighted_$id(k + end * g[11], g + 11, g[3] - end, g[4], 0, key_rows, sums);
    store_$id(AT(u16, 6) + (head * g[2] + from) * g[4], g[2] - from, g[4], row, 0, sums);
  }
}
