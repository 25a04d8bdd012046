/*
 * Lines of x[outer, length, inner] in order, stable, NaN last: each thread counts how many elements of its line come before its own, and
 * puts it there. Length x elements comparisons, which is little for lines of some thousand; every line is read from the caches. Traffic: x
 * length times, at best from a cache, the results once, not in order. g[1..]: elements, length, inner, whether descending.
 */
KERNEL(256) void $name(BUFFER(0), BUFFER(1), BUFFER(2), BUFFER(3), NUMBERS) {
  GLOBAL const i64 *g = numbers + first;
  FOR_EACH(i, g[1]) {
    const i64 k = i / g[3] % g[2];
    const i64 start = i - k * g[3];
    GLOBAL const mem_$T *line = AT(const mem_$T, 0) + start;
    const val_$T own = LOAD_$T(line[k * g[3]]);
    i64 rank = 0;
    for (i64 j = 0; j < g[2]; j++) {
      const val_$T other = LOAD_$T(line[j * g[3]]);
      const int less = IS_NAN_$T(own) ? !IS_NAN_$T(other) : g[4] != 0 ? other > own : other < own;
      const int equal = IS_NAN_$T(own) ? IS_NAN_$T(other) : other == own;
      rank += less || (equal && j < k);
    }
    AT(mem_$T, 1)[start + rank * g[3]] = line[k * g[3]];
    AT(i32, 2)[start + rank * g[3]] = (i32)k;
  }
}
