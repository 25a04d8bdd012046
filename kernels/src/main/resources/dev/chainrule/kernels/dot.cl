/*
 * The matrix product [batch..., m, k] x [batch..., k, n]. g[7..] are the strides of left's rows and depth, of right's depth and columns,
 * then the number of batch axes and for each its size and the strides of both.
 */
DEVICE i64 start_$id(GLOBAL const i64 *g, i64 part, int operand) {
  i64 start = 0;
  for (i64 axis = g[11] - 1; axis >= 0; axis--) {
    GLOBAL const i64 *of_axis = g + 12 + axis * 3;
    start += part % of_axis[0] * of_axis[1 + operand];
    part /= of_axis[0];
  }
  return start;
}
DEVICE i64 left_start_$id(GLOBAL const i64 *g, i64 part) { return start_$id(g, part, 0); }
DEVICE i64 right_start_$id(GLOBAL const i64 *g, i64 part) { return start_$id(g, part, 1); }
DEVICE i64 left_at_$id(GLOBAL const i64 *g, i64 row, i64 depth) { return row * g[7] + depth * g[8]; }
DEVICE i64 right_at_$id(GLOBAL const i64 *g, i64 depth, i64 column) { return depth * g[9] + column * g[10]; }
DEVICE acc_$T right_$id(GLOBAL const i64 *g, GLOBAL const mem_$T *y, i64 depth, i64 column) {
  return LOAD_$T(y[right_at_$id(g, depth, column)]);
}
DEVICE i64 result_$id(GLOBAL const i64 *g, i64 part, i64 row, i64 column) { return (part * g[2] + row) * g[3] + column; }

