/*
 * Positions of extrema along an axis of x[outer, length, inner], one thread a line: the first of equals, the first NaN if there is one.
 * Traffic: x once; along the last axis neighbouring threads read lines apart, which only caches help. g[1..]: lines, length, inner.
 */
KERNEL(256) void $name(BUFFER(0), BUFFER(1), BUFFER(2), NUMBERS) {
  GLOBAL const i64 *g = numbers + first;
  FOR_EACH(line, g[1]) {
    GLOBAL const mem_$T *x = AT(const mem_$T, 0) + line / g[3] * g[2] * g[3] + line % g[3];
    val_$T best = LOAD_$T(x[0]);
    i64 at = 0;
    for (i64 k = 1; k < g[2]; k++) {
      const val_$T candidate = LOAD_$T(x[k * g[3]]);
      if (!IS_NAN_$T(best) && (IS_NAN_$T(candidate) || candidate $beats best)) {
        best = candidate;
        at = k;
      }
    }
    AT(i32, 1)[line] = (i32)at;
  }
}
