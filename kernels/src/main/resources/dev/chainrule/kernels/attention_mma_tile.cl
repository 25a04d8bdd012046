/*
 * What the kernels of attention on tensor cores have in common. Each warp has 16 rows, whose fragments for mma (warps.h) stay in registers,
 * as its sums do; what it multiplies them with, $keys rows at a time, lies in shared memory for all warps. Operands are bf16, so products
 * of two of them are one mma, exact but for the sums. Weights and gradients of scores are f32, and each f32 is the sum of three bf16, its
 * bits from the front, eight at a time: three mma, each product exact again. The parts have the sign of the whole; parts of 0 may only
 * meet what is finite, the first part meets everything.
 */
typedef struct ALIGNED(16) {
  u32 pairs[4];
} eight_$id;

DEVICE int is_odd_$id(u32 pair) { return (pair & 0x7f80) == 0x7f80 || (pair & 0x7f800000) == 0x7f800000; }

/* With zeros for what is not finite. */
DEVICE u32 finite_$id(u32 pair) {
  return ((pair & 0x7f80) == 0x7f80 ? 0 : pair & 0xffff) | ((pair & 0x7f800000) == 0x7f800000 ? 0 : pair & 0xffff0000);
}

/* Whether eight components lie together as 16 bytes. */
DEVICE int aligned_$id(GLOBAL const u16 *rows, GLOBAL const i64 *strides, i64 components) {
  return strides[1] == 1 && strides[0] % 8 == 0 && components % 8 == 0 && (u64)rows % 16 == 0;
}

/* Eight components of a row; zeros where there are none. */
DEVICE eight_$id components_$id(GLOBAL const u16 *rows, GLOBAL const i64 *strides, i64 count, i64 components, int aligned, i64 r, int c) {
  eight_$id eight = {{0, 0, 0, 0}};
  if (r < count && c < components) {
    GLOBAL const u16 *from = rows + r * strides[0] + c * strides[1];
    if (aligned) {
      eight = *(GLOBAL const eight_$id *)from;
    } else {
      UNROLL
      for (int i = 0; i < 8; i++) {
        eight.pairs[i / 2] |= c + i < components ? (u32)from[i * strides[1]] << i % 2 * 16 : 0;
      }
    }
  }
  return eight;
}

/*
 * Brings $keys rows, of which there are so many, to shared memory, as they are and turned, so that pairs are of neighbouring rows; either
 * may be 0. Neighbouring threads read 32 bytes of a row, and write to different banks. Says whether something was not finite.
 */
DEVICE int load_$id(GLOBAL const u16 *from, GLOBAL const i64 *strides, i64 count, i64 components, LOCAL u32 *rows, LOCAL u32 *turned) {
  const int aligned = aligned_$id(from, strides, components);
  int odd = 0;
  for (int i = THREAD; i < $keys / 2 * $width / 8; i += 256) {
    const int c = (i % 2 + i / 32 % ($width / 16) * 2) * 8;
    const int r = (i / 2 % 16 + i / (2 * $width) * 16) * 2;
    const eight_$id x = components_$id(from, strides, count, components, aligned, r, c);
    const eight_$id y = components_$id(from, strides, count, components, aligned, r + 1, c);
    if (rows != 0) {
      *(LOCAL eight_$id *)(rows + r * ($width / 2 + 4) + c / 2) = x;
      *(LOCAL eight_$id *)(rows + (r + 1) * ($width / 2 + 4) + c / 2) = y;
    }
    UNROLL
    for (int j = 0; j < 4; j++) {
      odd |= is_odd_$id(x.pairs[j]) || is_odd_$id(y.pairs[j]);
      if (turned != 0) {
        turned[(c + 2 * j) * ($keys / 2 + 4) + r / 2] = (x.pairs[j] & 0xffff) | y.pairs[j] << 16;
        turned[(c + 2 * j + 1) * ($keys / 2 + 4) + r / 2] = x.pairs[j] >> 16 | (y.pairs[j] & 0xffff0000);
      }
    }
  }
  return odd;
}

/* The fragments of the warp's rows, from this one of all the group's on, by way of shared memory. */
DEVICE void fragments_$id(GLOBAL const u16 *from, GLOBAL const i64 *strides, i64 count, i64 components, int row, LOCAL u32 *rows,
    u32 *left) {
  for (int part = 0; part < 128 / $halves; part += $keys) {
    BARRIER();
    load_$id(from + part * strides[0], strides, count - part, components, rows, 0);
    BARRIER();
    if (row / $keys * $keys == part) {
      LOCAL const u32 *at = rows + (row % $keys + LANE / 4) * ($width / 2 + 4) + LANE % 4;
      UNROLL
      for (int s = 0; s < $width / 16; s++) {
        left[4 * s] = at[8 * s];
        left[4 * s + 1] = at[8 * ($width / 2 + 4) + 8 * s];
        left[4 * s + 2] = at[8 * s + 4];
        left[4 * s + 3] = at[8 * ($width / 2 + 4) + 8 * s + 4];
      }
    }
  }
}

/* Products of the warp's 16 rows with $keys rows; four numbers of each 16 x 8 are a lane's. */
DEVICE void products_$id(const u32 *left, LOCAL const u32 *rows, f32 *sums) {
  UNROLL
  for (int i = 0; i < $keys / 2; i++) {
    sums[i] = 0;
  }
  UNROLL
  for (int s = 0; s < $width / 16; s++) {
    UNROLL
    for (int j = 0; j < $keys / 8; j++) {
      LOCAL const u32 *at = rows + (8 * j + LANE / 4) * ($width / 2 + 4) + 8 * s + LANE % 4;
      multiply_tiles(sums + 4 * j, left + 4 * s, at[0], at[4]);
    }
  }
}

/* The row of the warp's 16, and the one of the $keys, that one of the lane's numbers is of. */
DEVICE int row_of_$id(int i) { return LANE / 4 + i % 4 / 2 * 8; }
DEVICE int column_of_$id(int i) { return i / 4 * 8 + LANE % 4 * 2 + i % 2; }

/*
 * Which of the lane's pairs of a query and a key, from these on, may attend, a bit each: queries are the warp's rows, or keys are. No loop
 * to unroll, as masks would take all registers.
 */
DEVICE u32 allowed_pairs_$id(GLOBAL const i64 *g, GLOBAL const u8 *mask, i64 query, i64 key, int keys_are_rows) {
  u32 allowed = 0;
  for (int i = 0; i < $keys / 2; i++) {
    const int r = row_of_$id(i);
    const int c = column_of_$id(i);
    allowed |= (u32)allowed_$id(g, mask, query + (keys_are_rows ? c : r), key + (keys_are_rows ? r : c)) << i;
  }
  return allowed;
}

/* The same where queries are rows, of a group that begins with a query from: at once where that one may attend to all of the keys. */
DEVICE u32 allowed_keys_$id(GLOBAL const i64 *g, GLOBAL const u8 *mask, i64 from, int row, i64 key) {
  const int all = g[8] == 0 && key + $keys <= g[3] && (g[7] == 0 || key + $keys <= from + 1);
  return all ? ~0u : allowed_pairs_$id(g, mask, from + row, key, 0);
}

/* The largest of what a row has had so far and of its scores, for the four lanes that share it; half says which of their two rows. */
DEVICE f32 row_largest_$id(f32 largest, const f32 *scores, int half) {
  UNROLL
  for (int i = 0; i < $keys / 4; i++) {
    largest = max_f32(largest, scores[i / 2 * 4 + half * 2 + i % 2]);
  }
  largest = max_f32(largest, across(largest, 1));
  return max_f32(largest, across(largest, 2));
}

/* The sum over the four lanes that share a row. */
DEVICE f32 row_sum_$id(f32 x) {
  x += across(x, 1);
  return x + across(x, 2);
}

/* Two f32 as three pairs of bf16. */
DEVICE void parts_$id(f32 x, f32 y, u32 *first, u32 *second, u32 *third) {
  const u32 a = f32_bits(x);
  const u32 b = f32_bits(y);
  const f32 x_rest = (a & 0x7f800000) == 0x7f800000 ? 0.0f : x - f32_value(a & 0xffff0000);
  const f32 y_rest = (b & 0x7f800000) == 0x7f800000 ? 0.0f : y - f32_value(b & 0xffff0000);
  const u32 a_rest = f32_bits(x_rest);
  const u32 b_rest = f32_bits(y_rest);
  const u32 a_last = f32_bits(x_rest - f32_value(a_rest & 0xffff0000));
  const u32 b_last = f32_bits(y_rest - f32_value(b_rest & 0xffff0000));
  *first = a >> 16 | (b & 0xffff0000);
  *second = a_rest >> 16 | (b_rest & 0xffff0000);
  *third = a_last >> 16 | (b_last & 0xffff0000);
}

/*
 * Adds the products of 16 x $keys f32, as products_ leaves them, with $keys rows that lie turned, from a component on; something in these
 * may be odd, not finite. The numbers of two times 16 x 8 are the fragments of 16 x 16.
 */
DEVICE void weighted_$id(const f32 *weights, LOCAL const u32 *turned, int odd, f32 *sums) {
  UNROLL
  for (int s = 0; s < $keys / 16; s++) {
    u32 first[4];
    u32 second[4];
    u32 third[4];
    UNROLL
    for (int i = 0; i < 4; i++) {
      parts_$id(weights[8 * s + 2 * i], weights[8 * s + 2 * i + 1], first + i, second + i, third + i);
    }
    UNROLL
    for (int j = 0; j < $width / 8 / $halves; j++) {
      LOCAL const u32 *at = turned + (8 * j + LANE / 4) * ($keys / 2 + 4) + 8 * s + LANE % 4;
      u32 x = at[0];
      u32 y = at[4];
      multiply_tiles(sums + 4 * j, first, x, y);
      if (odd) {
        x = finite_$id(x);
        y = finite_$id(y);
      }
      multiply_tiles(sums + 4 * j, second, x, y);
      multiply_tiles(sums + 4 * j, third, x, y);
    }
  }
}

/* Adds the products of all these rows with 0, from a component on: nothing, but NaN where one is not finite. */
DEVICE void unweighted_$id(GLOBAL const u16 *from, GLOBAL const i64 *strides, i64 count, i64 components, int component, LOCAL u32 *lanes,
    f32 *sums) {
  const int aligned = aligned_$id(from, strides, components);
  u32 odd = 0;
  for (i64 r = THREAD / ($width / 8); r < count; r += 256 / ($width / 8)) {
    const eight_$id x = components_$id(from, strides, count, components, aligned, r, THREAD % ($width / 8) * 8);
    UNROLL
    for (int i = 0; i < 4; i++) {
      odd |= (u32)((x.pairs[i] & 0x7f80) == 0x7f80) << 2 * i | (u32)((x.pairs[i] & 0x7f800000) == 0x7f800000) << (2 * i + 1);
    }
  }
  BARRIER();
  lanes[THREAD] = odd;
  if (any_of_group(odd != 0)) {
    UNROLL
    for (int j = 0; j < $width / 8 / $halves; j++) {
      u32 all = 0;
      for (int lane = component / 8 + j; lane < 256; lane += $width / 8) {
        all |= lanes[lane];
      }
      UNROLL
      for (int i = 0; i < 4; i++) {
        sums[4 * j + i] = (all >> (LANE % 4 * 2 + i % 2) & 1) != 0 ? NAN : sums[4 * j + i];
      }
    }
  }
}

/* Stores the warp's sums, from a row and a component on, in a dense matrix of so many rows. */
DEVICE void store_$id(GLOBAL u16 *to, i64 rows, i64 components, int row, int component, const f32 *sums) {
  UNROLL
  for (int i = 0; i < $width / 2 / $halves; i++) {
    const i64 r = row + row_of_$id(i);
    const i64 c = component + column_of_$id(i);
    if (r < rows && c < components) {
      to[r * components + c] = bf16_bits(sums[i]);
    }
  }
}

