/*
 * A step of a stable sort: of positions in order in runs of a width, those of each two neighbouring runs in one. Each thread looks for the
 * place of its own in the other run by halving, so that all threads have the same to do. Traffic: the positions twice, and of x the
 * logarithm of the width for each. g[1..]: elements, length, inner, whether descending, width.
 */
KERNEL(256) void $name(BUFFER(0), BUFFER(1), BUFFER(2), BUFFER(3), NUMBERS) {
  GLOBAL const i64 *g = numbers + first;
  FOR_EACH(i, g[1]) {
    const i64 line = i / g[2];
    const i64 k = i % g[2];
    const i64 run = k / g[5];
    const i64 other = (run ^ 1) * g[5];
    GLOBAL const i32 *from = AT(const i32, 1) + line * g[2];
    GLOBAL const mem_$T *x = AT(const mem_$T, 0) + line / g[3] * g[2] * g[3] + line % g[3];
    const val_$T own = LOAD_$T(x[from[k] * g[3]]);
    i64 low = other < g[2] ? other : g[2];
    const i64 begin = low;
    i64 high = other + g[5] < g[2] ? other + g[5] : g[2];
    while (low < high) {
      const i64 middle = (low + high) / 2;
      const val_$T candidate = LOAD_$T(x[from[middle] * g[3]]);
      /* Equals of the left run come first. */
      const int goes_before = (run & 1) != 0 ? !BEFORE($T, own, candidate, g[4] != 0) : BEFORE($T, candidate, own, g[4] != 0);
      low = goes_before ? middle + 1 : low;
      high = goes_before ? high : middle;
    }
    AT(i32, 2)[line * g[2] + (run & ~(i64)1) * g[5] + k % g[5] + low - begin] = from[k];
  }
}
