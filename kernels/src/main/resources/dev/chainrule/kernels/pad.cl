/*
 * x in the middle of a larger tensor, the scalar around it. Traffic: x and the result once. g[1..]: elements of the result, number of
 * axes, and for each axis its size in the result, its size in x, and what is added before x.
 */
KERNEL(256) void $name(BUFFER(0), BUFFER(1), BUFFER(2), BUFFER(3), NUMBERS) {
  GLOBAL const i64 *g = numbers + first;
  FOR_EACH(i, g[1]) {
    $I rest = ($I)i;
    i64 at = 0;
    i64 step = 1;
    int inside = 1;
    for (i64 axis = g[2] - 1; axis >= 0; axis--) {
      GLOBAL const i64 *of_axis = g + 3 + axis * 3;
      const i64 index = (i64)(rest % ($I)of_axis[0]) - of_axis[2];
      rest /= ($I)of_axis[0];
      inside = inside && index >= 0 && index < of_axis[1];
      at += index * step;
      step *= of_axis[1];
    }
    AT($M, 2)[i] = inside ? AT(const $M, 0)[at] : AT(const $M, 1)[0];
  }
}
