/*
 * Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011). Each thread makes the four words of a block: the
 * key is mixed of seed and stream, the counter is (block low, block high, run, iteration). Traffic: the result once. g[1..]: elements, the
 * stream, already mixed.
 */
DEVICE u64 mix_$id(u64 z) {
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ul;
  z = (z ^ z >> 27) * 0x94d049bb133111ebul;
  return z ^ z >> 31;
}

KERNEL(256) void $name(BUFFER(0), BUFFER(1), BUFFER(2), BUFFER(3), BUFFER(4), NUMBERS) {
  GLOBAL const i64 *g = numbers + first;
  const u64 key = mix_$id((u64)AT(const i64, 0)[0] + 0x9E3779B97F4A7C15ul * ((u64)g[2] | 1));
  FOR_EACH(block, (g[1] + 3) / 4) {
    u32 c[4];
    c[0] = (u32)block;
    c[1] = (u32)((u64)block >> 32);
    c[2] = (u32)AT(const i64, 1)[0];
    c[3] = (u32)AT(const i64, 2)[0];
    u32 k0 = (u32)key;
    u32 k1 = (u32)(key >> 32);
    for (int round = 0; round < 10; round++) {
      const u32 high0 = high_product(0xD2511F53u, c[0]);
      const u32 low0 = 0xD2511F53u * c[0];
      const u32 high1 = high_product(0xCD9E8D57u, c[2]);
      const u32 low1 = 0xCD9E8D57u * c[2];
      c[0] = high1 ^ c[1] ^ k0;
      c[1] = low1;
      c[2] = high0 ^ c[3] ^ k1;
      c[3] = low0;
      k0 += 0x9E3779B9u;
      k1 += 0xBB67AE85u;
    }
    for (int i = 0; i < 4 && block * 4 + i < g[1]; i++) {
      AT(i32, 3)[block * 4 + i] = (i32)c[i];
    }
  }
}
