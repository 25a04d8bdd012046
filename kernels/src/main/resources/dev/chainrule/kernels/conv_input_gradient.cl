/*
 * The gradient of the convolution's input: for each group of channels the product of w[channel, (filter, place)] and the cotangents that
 * reach each element of x, [(filter, place), (sample, element)], gathered while tiles are loaded. Operands and g are conv.cl's.
 */
DEVICE i64 left_start_$id(GLOBAL const i64 *g, i64 part) { return part * g[9] * g[8] * g[13]; }
DEVICE i64 right_start_$id(GLOBAL const i64 *g, i64 part) { return part * g[9] * g[12]; }
DEVICE i64 left_at_$id(GLOBAL const i64 *g, i64 row, i64 depth) {
  const u32 filter = (u32)depth / (u32)g[13];
  return (filter * g[8] + row) * g[13] + (u32)depth % (u32)g[13];
}
DEVICE acc_$T right_$id(GLOBAL const i64 *g, GLOBAL const mem_$T *y, i64 depth, i64 column) {
  const u32 filter = (u32)depth / (u32)g[13];
  const u32 sample = (u32)column / (u32)g[11];
  const i64 at = reached(g + 15, (int)g[14], (u32)column % (u32)g[11], (u32)depth % (u32)g[13]);
  return at < 0 ? (acc_$T)0 : LOAD_$T(y[((i64)sample * g[9] * g[10] + filter) * g[12] + at]);
}
DEVICE i64 result_$id(GLOBAL const i64 *g, i64 part, i64 row, i64 column) {
  return (((u32)column / (u32)g[11]) * g[8] * g[10] + part * g[2] + row) * g[11] + (u32)column % (u32)g[11];
}

