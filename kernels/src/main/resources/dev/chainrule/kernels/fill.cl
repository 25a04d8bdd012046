/* One number everywhere. Traffic: the result once. g[1]: elements. */
KERNEL(256) void $name(BUFFER(0), BUFFER(1), NUMBERS) {
  GLOBAL const i64 *g = numbers + first;
  FOR_EACH(i, g[1]) {
    AT(mem_$T, 0)[i] = STORE_$T($value);
  }
}
