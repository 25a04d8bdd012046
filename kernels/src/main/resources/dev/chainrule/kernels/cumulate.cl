/*
 * Running sums or products along an axis of x[outer, length, inner], one thread a line, in order. Traffic: x and the result once; as for
 * arg_reduce.cl, lines along the last axis lie apart. g[1..]: lines, length, inner, whether from the end.
 */
KERNEL(256) void $name(BUFFER(0), BUFFER(1), BUFFER(2), NUMBERS) {
  GLOBAL const i64 *g = numbers + first;
  FOR_EACH(line, g[1]) {
    const i64 start = line / g[3] * g[2] * g[3] + line % g[3];
    acc_$T total = $neutral;
    for (i64 k = 0; k < g[2]; k++) {
      const i64 at = start + (g[4] != 0 ? g[2] - 1 - k : k) * g[3];
      total = $COMBINE_$T(total, LOAD_$T(AT(const mem_$T, 0)[at]));
      AT(mem_$T, 1)[at] = STORE_$T(total);
    }
  }
}
