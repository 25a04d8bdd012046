/*
 * The gradients of attention's keys and values, of bf16 on tensor cores. A group has 128 keys and goes through the queries 32 at a time:
 * weights and the scores' gradients again, by the three numbers that attention_mma_queries.cl has left for each query, and their products
 * with cotangents and queries. A warp has 16 keys; where components are many, two warps have the same 16, half of the components each, and
 * a group 64 keys. So each result is one warp's, in the queries' order. Traffic: k, v and the results once, q and cotangents once for every
 * group. In causal order queries before all of the group's keys are left out; they count only where they are not finite. Buffers: q, k, v,
 * mask, cotangents, the three numbers of queries, the gradients of keys and values.
 */
KERNEL(256) void $name(BUFFER(0), BUFFER(1), BUFFER(2), BUFFER(3), BUFFER(4), BUFFER(5), BUFFER(6), BUFFER(7), BUFFER(8), NUMBERS) {
  GLOBAL const i64 *g = numbers + first;
  const f32 scale = f32_value((u32)g[6]);
  const i64 tiles = (g[3] + 128 / $halves - 1) / (128 / $halves);
  const int row = THREAD / 32 % (8 / $halves) * 16;
  const int component = THREAD / (256 / $halves) * ($width / $halves);
  SHARED(eight_$id, query_space, $keys * ($width / 8 + 1));
  SHARED(eight_$id, cotangent_space, $keys * ($width / 8 + 1));
  SHARED(eight_$id, turned_query_space, $width * ($keys / 8 + 1));
  SHARED(eight_$id, turned_cotangent_space, $width * ($keys / 8 + 1));
  SHARED(f32, of_queries, 3 * $keys);
  LOCAL u32 *query_rows = (LOCAL u32 *)query_space;
  LOCAL u32 *cotangent_rows = (LOCAL u32 *)cotangent_space;
  LOCAL u32 *turned_queries = (LOCAL u32 *)turned_query_space;
  LOCAL u32 *turned_cotangents = (LOCAL u32 *)turned_cotangent_space;
  for (i64 item = GROUP; item < g[1] * tiles; item += GROUPS) {
    const i64 head = item / tiles;
    const i64 from = item % tiles * (128 / $halves);
    const i64 start = g[7] == 0 ? 0 : from < g[2] ? from : g[2];
    GLOBAL const u16 *q = AT(const u16, 0) + start_$id(g, head, 0);
    GLOBAL const u16 *k = AT(const u16, 1) + start_$id(g, head, 1) + from * g[11];
    GLOBAL const u16 *v = AT(const u16, 2) + start_$id(g, head, 2) + from * g[13];
    GLOBAL const u8 *mask = AT(const u8, 3) + start_$id(g, head, 3);
    GLOBAL const u16 *cotangents = AT(const u16, 4) + start_$id(g, head, 4);
    u32 keys[$width / 4];
    u32 values[$width / 4];
    fragments_$id(k, g + 11, g[3] - from, g[4], row, query_rows, keys);
    fragments_$id(v, g + 13, g[3] - from, g[5], row, query_rows, values);
    f32 of_keys[$width / 2 / $halves];
    f32 of_values[$width / 2 / $halves];
    UNROLL
    for (int i = 0; i < $width / 2 / $halves; i++) {
      of_keys[i] = 0;
      of_values[i] = 0;
    }
    for (i64 query = start; query < g[2]; query += $keys) {
      BARRIER();
      if (THREAD < 3 * $keys) {
        of_queries[THREAD] = query + THREAD / 3 < g[2] ? AT(const f32, 5)[(head * g[2] + query) * 3 + THREAD] : 0.0f;
      }
      const int odd = any_of_group(load_$id(q + query * g[9], g + 9, g[2] - query, g[4], query_rows, turned_queries)
          | load_$id(cotangents + query * g[17], g + 17, g[2] - query, g[5], cotangent_rows, turned_cotangents));
      f32 weights[$keys / 2];
      f32 gradients[$keys / 2];
      products_$id(keys, query_rows, weights);
      products_$id(values, cotangent_rows, gradients);
      const int all = g[8] == 0 && query + $keys <= g[2] && (g[7] == 0 || from + 128 / $halves <= query + 1);
      const u32 allowed = all ? ~0u : allowed_pairs_$id(g, mask, query, from + row, 1);
      UNROLL
      for (int i = 0; i < $keys / 2; i++) {
        const int c = column_of_$id(i);
        weights[i] = (allowed >> i & 1) != 0 ? exp_f32(weights[i] * scale - of_queries[3 * c]) * of_queries[3 * c + 1] : 0.0f;
        gradients[i] = (allowed >> i & 1) != 0 ? (gradients[i] * weights[i] - weights[i] * of_queries[3 * c + 2]) * scale : 0.0f;
      }
      weighted_$id(weights, turned_cotangents + component * ($keys / 2 + 4), odd, of_values);
      weighted_$id(gradients, turned_queries + component * ($keys / 2 + 4), odd, of_keys);
    }
    unweighted_$id(q, g + 9, start, g[4], component, query_rows, of_keys);
    unweighted_$id(cotangents, g + 17, start, g[5], component, query_rows, of_values);
    store_$id(AT(u16, 6) + (head * g[3] + from) * g[4], g[3] - from, g[4], row, component, of_keys);
    store_$id(AT(u16, 7) + (head * g[3] + from) * g[5], g[3] - from, g[5], row, component, of_values);
  }
}
