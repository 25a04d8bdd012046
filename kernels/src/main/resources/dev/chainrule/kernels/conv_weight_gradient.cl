/*
 * The gradient of the convolution's weights: for each group of channels the product of the cotangents [filter, (sample, position)] and of
 * what the filters see, [(sample, position), (channel, place)], gathered while tiles are loaded. Operands and g are conv.cl's.
 */
DEVICE i64 left_start_$id(GLOBAL const i64 *g, i64 part) { return part * g[9] * g[12]; }
DEVICE i64 right_start_$id(GLOBAL const i64 *g, i64 part) { return part * g[8] * g[11]; }
DEVICE i64 left_at_$id(GLOBAL const i64 *g, i64 row, i64 depth) {
  const u32 sample = (u32)depth / (u32)g[12];
  return ((i64)sample * g[9] * g[10] + row) * g[12] + ((u32)depth - sample * (u32)g[12]);
}
DEVICE acc_$T right_$id(GLOBAL const i64 *g, GLOBAL const mem_$T *x, i64 depth, i64 column) {
  const u32 sample = (u32)depth / (u32)g[12];
  const u32 channel = (u32)column / (u32)g[13];
  const i64 at = seen(g + 15, (int)g[14], ((u32)depth - sample * (u32)g[12]), (u32)column % (u32)g[13]);
  return at < 0 ? (acc_$T)0 : LOAD_$T(x[((i64)sample * g[8] * g[10] + channel) * g[11] + at]);
}
DEVICE i64 result_$id(GLOBAL const i64 *g, i64 part, i64 row, i64 column) {
  return (part * g[2] + row) * g[3] + column;
}

