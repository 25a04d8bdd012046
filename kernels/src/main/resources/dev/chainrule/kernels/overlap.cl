/*
 * Windows [outer, count, inner, size] added back into [outer, length, inner]: each thread collects what the windows hold of its element,
 * by place in the window. Traffic: the windows once, the result once. g[1..]: elements of the result, length, inner, count, size, stride,
 * dilation.
 */
KERNEL(256) void $name(BUFFER(0), BUFFER(1), BUFFER(2), NUMBERS) {
  GLOBAL const i64 *g = numbers + first;
  FOR_EACH(i, g[1]) {
    const i64 column = i % g[3];
    const i64 element = i / g[3] % g[2];
    const i64 outer = i / g[3] / g[2];
    acc_$T sum = 0;
    for (i64 place = 0; place < g[5]; place++) {
      const i64 start = element - place * g[7];
      if (start >= 0 && start % g[6] == 0 && start / g[6] < g[4]) {
        sum = ADD_$T(sum, LOAD_$T(AT(const mem_$T, 0)[((outer * g[4] + start / g[6]) * g[3] + column) * g[5] + place]));
      }
    }
    AT(mem_$T, 1)[i] = STORE_$T(sum);
  }
}
