/*
 * The end of a sort: elements and their positions, [outer, length, inner], by the positions in order, [line, length]. Traffic: x and the
 * positions once, the results once. g[1..]: elements, length, inner.
 */
KERNEL(256) void $name(BUFFER(0), BUFFER(1), BUFFER(2), BUFFER(3), BUFFER(4), NUMBERS) {
  GLOBAL const i64 *g = numbers + first;
  FOR_EACH(i, g[1]) {
    const i64 line = i / g[3] / g[2] * g[3] + i % g[3];
    const i64 k = i / g[3] % g[2];
    const i32 position = AT(const i32, 1)[line * g[2] + k];
    AT($M, 2)[i] = AT(const $M, 0)[i + (position - k) * g[3]];
    AT(i32, 3)[i] = position;
  }
}
