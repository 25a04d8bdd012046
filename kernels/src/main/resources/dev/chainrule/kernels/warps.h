/*
 * What the 32 threads of a warp do together: products on tensor cores, from compute capability 8.0 on, and numbers of other lanes. On the
 * host, where threads stop at barriers alone, it is done by all warps of a group, of 256 threads, at the same time.
 */
#define LANE (THREAD % 32)

#ifdef __CUDACC__

/*
 * Adds to 16 x 8 f32 the product of 16 x 16 with 16 x 8 bf16, in pairs: mma of the PTX ISA, with its layout. Of left and of the sums lane
 * l has rows l / 4 and l / 4 + 8, of right column l / 4; of what runs the other way the pair l % 4, and of 16 that eight behind it.
 */
DEVICE void multiply_tiles(f32 *sums, const u32 *left, u32 right, u32 right_behind) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
      : "r"(left[0]), "r"(left[1]), "r"(left[2]), "r"(left[3]), "r"(right), "r"(right_behind));
}

/* The number of the lane whose number differs in these bits. */
DEVICE f32 across(f32 x, int bits) { return __shfl_xor_sync(0xffffffff, x, bits); }

/* Whether it holds for a thread of the group; a barrier, too. */
DEVICE int any_of_group(int holds) { return __syncthreads_or(holds); }

#else

DEVICE f32 of_pair(u32 pair, int second) { return f32_value(second ? pair & 0xffff0000 : pair << 16); }

DEVICE void multiply_tiles(f32 *sums, const u32 *left, u32 right, u32 right_behind) {
  SHARED(u32, lefts, 256 * 4);
  SHARED(u32, rights, 256 * 2);
  for (int i = 0; i < 4; i++) {
    lefts[THREAD * 4 + i] = left[i];
  }
  rights[THREAD * 2] = right;
  rights[THREAD * 2 + 1] = right_behind;
  BARRIER();
  const int warp = THREAD / 32 * 32;
  for (int i = 0; i < 4; i++) {
    const int row = LANE / 4 + i / 2 * 8;
    const int column = LANE % 4 * 2 + i % 2;
    for (int k = 0; k < 16; k++) {
      const u32 x = lefts[(warp + row % 8 * 4 + k % 8 / 2) * 4 + row / 8 + k / 8 * 2];
      const u32 y = rights[(warp + column * 4 + k % 8 / 2) * 2 + k / 8];
      sums[i] = FMA_f32(of_pair(x, k % 2), of_pair(y, k % 2), sums[i]);
    }
  }
  BARRIER();
}

DEVICE f32 across(f32 x, int bits) {
  SHARED(f32, given, 256);
  given[THREAD] = x;
  BARRIER();
  x = given[THREAD ^ bits];
  BARRIER();
  return x;
}

DEVICE int any_of_group(int holds) {
  SHARED(int, given, 256);
  given[THREAD] = holds;
  BARRIER();
  holds = 0;
  for (int i = 0; i < 256; i++) {
    holds |= given[i];
  }
  BARRIER();
  return holds;
}

#endif
