/*
 * x[outer, places, row] with updates[outer, indices, row] added at the places that the indices name, in their order, which lists give
 * (scatter_lists.cl): each element of the result is made by one thread and rounded once. Traffic: x, updates and result once, the lists
 * once for each element. g[1..]: elements of x, places, indices, elements of a row.
 */
KERNEL(256) void $name(BUFFER(0), BUFFER(1), BUFFER(2), BUFFER(3), BUFFER(4), NUMBERS) {
  GLOBAL const i64 *g = numbers + first;
  GLOBAL const i32 *heads = AT(const i32, 3);
  FOR_EACH(i, g[1]) {
    const $I row = ($I)i / ($I)g[4];
    const i64 outer = (i64)(row / ($I)g[2]) * g[3];
    const i64 column = ($I)i % ($I)g[4];
    acc_$T sum = LOAD_$T(AT(const mem_$T, 0)[i]);
    for (i32 k = heads[row % ($I)g[2]]; k >= 0; k = heads[g[2] + k]) {
      sum = ADD_$T(sum, LOAD_$T(AT(const mem_$T, 1)[(outer + k) * g[4] + column]));
    }
    AT(mem_$T, 2)[i] = STORE_$T(sum);
  }
}
