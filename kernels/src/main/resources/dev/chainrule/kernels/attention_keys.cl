/*
 * The gradients of attention's keys and values. A group has 64 keys and goes through the queries 64 at a time: weights and the scores'
 * gradients again, by the three numbers that attention_queries.cl has left for each query, and their products with cotangents and queries.
 * So each result is one group's, in the queries' order. Traffic: k, v and the results once, q and cotangents once for every 64 keys.
 * In causal order queries before all of the group's keys are left out; they count only where they are not finite. Buffers: q, k, v, mask,
 * cotangents, the three numbers of queries, the gradients of keys and values.
 */
REGISTER_KERNEL(256) void $name(BUFFER(0), BUFFER(1), BUFFER(2), BUFFER(3), BUFFER(4), BUFFER(5), BUFFER(6), BUFFER(7), BUFFER(8), NUMBERS) {
  GLOBAL const i64 *g = numbers + first;
  const f32 scale = f32_value((u32)g[6]);
  const i64 tiles = (g[3] + 63) / 64;
  const int row = THREAD / 16 * 4;
  const int column = THREAD % 16 * 4;
  SHARED(f32, tile, 64 * 65);
  SHARED(f32, left_part, 16 * 68);
  SHARED(f32, right_part, $part);
  SHARED(f32, lanes, 256);
  SHARED(f32, of_queries, 3 * 64);
  for (i64 item = GROUP; item < g[1] * tiles; item += GROUPS) {
    const i64 head = item / tiles;
    const i64 from = item % tiles * 64;
    const i64 start = g[7] == 0 ? 0 : from < g[2] ? from : g[2];
    GLOBAL const mem_$T *q = AT(const mem_$T, 0) + start_$id(g, head, 0);
    GLOBAL const mem_$T *k = AT(const mem_$T, 1) + start_$id(g, head, 1) + from * g[11];
    GLOBAL const mem_$T *v = AT(const mem_$T, 2) + start_$id(g, head, 2) + from * g[13];
    GLOBAL const u8 *mask = AT(const u8, 3) + start_$id(g, head, 3);
    GLOBAL const mem_$T *cotangents = AT(const mem_$T, 4) + start_$id(g, head, 4);
    f32 of_keys[4 * $own];
    f32 of_values[4 * $own];
    for (int i = 0; i < 4 * $own; i++) {
      of_keys[i] = 0;
      of_values[i] = 0;
    }
    for (i64 query = start; query < g[2]; query += 64) {
      if (THREAD < 3 * 64) {
        of_queries[THREAD] = query + THREAD % 64 < g[2] ? AT(const f32, 5)[(head * g[2] + query + THREAD % 64) * 3 + THREAD / 64] : 0.0f;
      }
      f32 weights[16];
      f32 gradients[16];
      products_$id(k, g + 11, g[3] - from, q + query * g[9], g + 9, g[2] - query, g[4], left_part, right_part, weights);
      products_$id(v, g + 13, g[3] - from, cotangents + query * g[17], g + 17, g[2] - query, g[5], left_part, right_part, gradients);
      for (int i = 0; i < 16; i++) {
        const int c = column + i % 4;
        const int allowed = allowed_$id(g, mask, query + c, from + row + i / 4);
        weights[i] = allowed ? exp_f32(weights[i] * scale - of_queries[c]) / of_queries[64 + c] : 0.0f;
        gradients[i] = allowed ? (gradients[i] * weights[i] - weights[i] * of_queries[128 + c]) * scale : 0.0f;
        tile[(row + i / 4) * 65 + c] = weights[i];
      }
      BARRIER();
      weighted_$id(tile, cotangents + query * g[17], g + 17, g[2] - query, g[5], right_part, of_values);
      for (int i = 0; i < 16; i++) {
        tile[(row + i / 4) * 65 + column + i % 4] = gradients[i];
      }
      BARRIER();
      weighted_$id(tile, q + query * g[9], g + 9, g[2] - query, g[4], right_part, of_keys);
    }
    unweighted_$id(q, g + 9, start, g[4], lanes, of_keys);
    unweighted_$id(cotangents, g + 17, start, g[5], lanes, of_values);
    store_$id(AT(mem_$T, 6) + (head * g[3] + from) * g[4], g[3] - from, g[4], of_keys);
    store_$id(AT(mem_$T, 7) + (head * g[3] + from) * g[5], g[3] - from, g[5], of_values);
    BARRIER();
  }
}
