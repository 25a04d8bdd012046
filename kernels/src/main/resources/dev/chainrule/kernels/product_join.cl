/*
 * The sums of chains of depth that product.cl has left, [chain, part, row, column], added up in order. Traffic: these sums and the result
 * once, after what $leave makes of each element. g: product.cl's.
 */
KERNEL(256) void $name($buffers, NUMBERS) {
  GLOBAL const i64 *g = numbers + first + $before;
  const i64 elements = g[1] * g[2] * g[3];
  FOR_EACH(i, elements) {
    acc_$T total = 0;
    for (i64 start = 0; start < g[4]; start += 256) {
      total = ADD_$T(total, AT(const acc_$T, 0)[start / 256 * elements + i]);
    }
    const i64 at = result_$id(g, i / (g[2] * g[3]), i / g[3] % g[2], i % g[3]);
    $leave
  }
}
