/* The number of a repetition: 0, or one more than before. g[1]: whether it is the first. */
KERNEL(256) void $name(BUFFER(0), BUFFER(1), NUMBERS) {
  if (GROUP == 0 && THREAD == 0) {
    AT(i64, 0)[0] = (numbers + first)[1] != 0 ? 0 : AT(const i64, 0)[0] + 1;
  }
}
