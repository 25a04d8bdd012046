/*
 * How the kernels of attention find their way through heads, and what a query may attend to.
 *
 * g[1..]: heads, queries, keys, components of a key, of a value, scale (bits), whether in causal order, whether there is a mask; strides of
 * rows and columns of q, k, v, mask and cotangents; number of batch axes, and for each its size and the strides of these five.
 */
DEVICE i64 start_$id(GLOBAL const i64 *g, i64 head, int operand) {
  i64 start = 0;
  for (i64 axis = g[19] - 1; axis >= 0; axis--) {
    GLOBAL const i64 *of_axis = g + 20 + axis * 6;
    start += head % of_axis[0] * of_axis[1 + operand];
    head /= of_axis[0];
  }
  return start;
}

DEVICE int allowed_$id(GLOBAL const i64 *g, GLOBAL const u8 *mask, i64 query, i64 key) {
  return query < g[2] && key < g[3] && (g[7] == 0 || key <= query) && (g[8] == 0 || mask[query * g[15] + key * g[16]] != 0);
}

/* What is subtracted in exponents: the largest score, but of a row of -infinity nothing, so that its exponentials are 0. */
DEVICE f32 shift_$id(f32 largest) { return largest == -INFINITY ? 0.0f : largest; }

