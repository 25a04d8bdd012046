/*
 * One of several tensors put at its place in their concatenation: rows [outer, row] to [outer, longer row] from a start on. Traffic: the
 * tensor twice. g[1..]: elements, elements of a row, of a row of the result, start.
 */
KERNEL(256) void $name(BUFFER(0), BUFFER(1), BUFFER(2), NUMBERS) {
  GLOBAL const i64 *g = numbers + first;
  FOR_EACH(i, g[1]) {
    AT($M, 1)[(i64)(($I)i / ($I)g[2]) * g[3] + g[4] + ($I)i % ($I)g[2]] = AT(const $M, 0)[i];
  }
}
