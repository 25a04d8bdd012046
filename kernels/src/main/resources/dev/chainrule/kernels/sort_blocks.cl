/*
 * The start of a stable sort: in each line, [outer, length, inner], the positions of every 64 neighbours in the order of their elements.
 * Each thread counts which of its block's elements come before its own. Traffic: x 64 times, from the caches, and the positions, [line,
 * length], once. g[1..]: elements, length, inner, whether descending.
 */
KERNEL(256) void $name(BUFFER(0), BUFFER(1), BUFFER(2), NUMBERS) {
  GLOBAL const i64 *g = numbers + first;
  FOR_EACH(i, g[1]) {
    const i64 line = i / g[2];
    const i64 k = i % g[2];
    const i64 block = k / 64 * 64;
    const i64 end = block + 64 < g[2] ? block + 64 : g[2];
    GLOBAL const mem_$T *x = AT(const mem_$T, 0) + line / g[3] * g[2] * g[3] + line % g[3];
    const val_$T own = LOAD_$T(x[k * g[3]]);
    i64 rank = block;
    for (i64 j = block; j < end; j++) {
      const val_$T other = LOAD_$T(x[j * g[3]]);
      rank += j < k ? !BEFORE($T, own, other, g[4] != 0) : BEFORE($T, other, own, g[4] != 0);
    }
    AT(i32, 1)[line * g[2] + rank] = (i32)k;
  }
}
