/*
 * Rows picked by index: x[outer, places, row] to [outer, indices, row]. Each thread copies one element after the other, neighbours
 * neighbouring ones, so that long rows are read and written without gaps. Traffic: the picked rows, the indices once for each row. An index
 * outside the places faults with its position and reads row 0. g[1..]: elements of the result, places, indices, elements of a row.
 */
KERNEL(256) void $name(BUFFER(0), BUFFER(1), BUFFER(2), BUFFER(3), NUMBERS) {
  GLOBAL const i64 *g = numbers + first;
  FOR_EACH(i, g[1]) {
    const $I row = ($I)i / ($I)g[4];
    const $I k = row % ($I)g[3];
    i64 index = AT(const $J, 1)[k];
    if (index < 0 || index >= g[2]) {
      fault(AT(u32, 3), g[0], (u32)k);
      index = 0;
    }
    if (g[2] > 0) {
      AT($M, 2)[i] = AT(const $M, 0)[((i64)(row / ($I)g[3]) * g[2] + index) * g[4] + ($I)i % ($I)g[4]];
    }
  }
}
