/*
 * The sums of chains of depth that product.cl has left, [chain, part, row, column], added up in order. Traffic: these sums and the result
 * once. g: product.cl's.
 */
KERNEL(256) void $name(BUFFER(0), BUFFER(1), BUFFER(2), NUMBERS) {
  GLOBAL const i64 *g = numbers + first;
  const i64 elements = g[1] * g[2] * g[3];
  FOR_EACH(i, elements) {
    acc_$T total = 0;
    for (i64 start = 0; start < g[4]; start += 256) {
      total = ADD_$T(total, AT(const acc_$T, 0)[start / 256 * elements + i]);
    }
    AT(mem_$T, 1)[result_$id(g, i / (g[2] * g[3]), i / g[3] % g[2], i % g[3])] = STORE_$T(total);
  }
}
