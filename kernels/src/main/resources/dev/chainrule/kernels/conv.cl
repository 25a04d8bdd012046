/*
 * The convolution as a product for each group of channels, of w[filter, (channel, place)] and what the filters see at each position of
 * each sample, [(channel, place), (sample, position)], which is gathered from x while tiles are loaded and never written out. All
 * operands are dense. g[7..]: samples, channels and filters of a group, groups, elements of x, of the result and of a filter in a channel,
 * number of axes, and for each axis its sizes in x, in the result and in a filter, stride, dilation, zeros before it.
 */
DEVICE i64 left_start_$id(GLOBAL const i64 *g, i64 part) { return part * g[2] * g[4]; }
DEVICE i64 right_start_$id(GLOBAL const i64 *g, i64 part) { return part * g[8] * g[11]; }
DEVICE i64 left_at_$id(GLOBAL const i64 *g, i64 row, i64 depth) { return row * g[4] + depth; }
DEVICE acc_$T right_$id(GLOBAL const i64 *g, GLOBAL const mem_$T *x, i64 depth, i64 column) {
  const u32 channel = (u32)depth / (u32)g[13];
  const u32 sample = (u32)column / (u32)g[12];
  u32 place = (u32)depth % (u32)g[13];
  u32 position = (u32)column % (u32)g[12];
  const i64 at = seen(g + 15, (int)g[14], position, place);
  return at < 0 ? (acc_$T)0 : LOAD_$T(x[((i64)sample * g[8] * g[10] + channel) * g[11] + at]);
}
DEVICE i64 result_$id(GLOBAL const i64 *g, i64 part, i64 row, i64 column) {
  return (((u32)column / (u32)g[12]) * g[9] * g[10] + part * g[2] + row) * g[12] + (u32)column % (u32)g[12];
}

