/*
 * What the kernels of attention for any GPU have in common: tiles of 64 x 64 pairs of queries and keys, of which each of 256 threads has
 * 4 x 4 in registers, and each four threads a row in shared memory. All is computed in f32.
 */

/*
 * Products of 64 rows of left, of which there are so many, with 64 of right, into 4 x 4 numbers of each thread; 16 components at a time go
 * through shared memory.
 */
DEVICE void products_$id(GLOBAL const mem_$T *left, GLOBAL const i64 *left_strides, i64 lefts, GLOBAL const mem_$T *right,
    GLOBAL const i64 *right_strides, i64 rights, i64 components, LOCAL f32 *left_part, LOCAL f32 *right_part, f32 *sums) {
  const int row = THREAD / 16 * 4;
  const int column = THREAD % 16 * 4;
  for (int i = 0; i < 16; i++) {
    sums[i] = 0;
  }
  for (i64 step = 0; step < components; step += 16) {
    for (int i = THREAD; i < 16 * 64; i += 256) {
      const i64 component = step + i % 16;
      const int r = i / 16;
      left_part[i % 16 * 68 + r] =
          r < lefts && component < components ? LOAD_$T(left[r * left_strides[0] + component * left_strides[1]]) : 0.0f;
      right_part[i % 16 * 68 + r] =
          r < rights && component < components ? LOAD_$T(right[r * right_strides[0] + component * right_strides[1]]) : 0.0f;
    }
    BARRIER();
    for (int d = 0; d < 16; d++) {
      f32 x[4];
      f32 y[4];
      for (int i = 0; i < 4; i++) {
        x[i] = left_part[d * 68 + row + i];
        y[i] = right_part[d * 68 + column + i];
      }
      for (int i = 0; i < 4; i++) {
        for (int j = 0; j < 4; j++) {
          sums[i * 4 + j] = FMA_f32(x[i], y[j], sums[i * 4 + j]);
        }
      }
    }
    BARRIER();
  }
}

/* The sum of a row of the tile, for its four threads; all threads have come here and see the whole tile afterwards. */
DEVICE f32 row_sum_$id(LOCAL const f32 *tile, LOCAL f32 *lanes) {
  f32 sum = 0;
  for (int c = THREAD % 4; c < 64; c += 4) {
    sum += tile[THREAD / 4 * 65 + c];
  }
  lanes[THREAD] = sum;
  BARRIER();
  LOCAL const f32 *of_row = lanes + THREAD / 4 * 4;
  sum = (of_row[0] + of_row[1]) + (of_row[2] + of_row[3]);
  BARRIER();
  return sum;
}

DEVICE f32 row_largest_$id(LOCAL const f32 *tile, LOCAL f32 *lanes) {
  f32 largest = -INFINITY;
  for (int c = THREAD % 4; c < 64; c += 4) {
    largest = max_f32(largest, tile[THREAD / 4 * 65 + c]);
  }
  lanes[THREAD] = largest;
  BARRIER();
  LOCAL const f32 *of_row = lanes + THREAD / 4 * 4;
  largest = max_f32(max_f32(of_row[0], of_row[1]), max_f32(of_row[2], of_row[3]));
  BARRIER();
  return largest;
}

/*
 * Adds the tile's products with 64 rows of values, of which there are so many: to 4 rows and to every 16th column for each thread. The tile
 * may be written again afterwards.
 */
DEVICE void weighted_$id(LOCAL const f32 *tile, GLOBAL const mem_$T *values, GLOBAL const i64 *strides, i64 count, i64 components,
    LOCAL f32 *part, f32 *sums) {
  const int row = THREAD / 16 * 4;
  for (int from = 0; from < 64 && from < count; from += 16) {
    for (int i = THREAD; i < 16 * $width; i += 256) {
      const int r = from + i / $width;
      const int c = i % $width;
      part[i] = r < count && c < components ? LOAD_$T(values[r * strides[0] + c * strides[1]]) : 0.0f;
    }
    BARRIER();
    for (int k = 0; k < 16; k++) {
      f32 y[$own];
      for (int j = 0; j < $own; j++) {
        y[j] = part[k * $width + THREAD % 16 + 16 * j];
      }
      for (int i = 0; i < 4; i++) {
        const f32 x = tile[(row + i) * 65 + from + k];
        for (int j = 0; j < $own; j++) {
          sums[i * $own + j] = FMA_f32(x, y[j], sums[i * $own + j]);
        }
      }
    }
    BARRIER();
  }
}

/* Adds the products of all rows of values with 0: nothing, but NaN where one is not finite. */
DEVICE void unweighted_$id(GLOBAL const mem_$T *values, GLOBAL const i64 *strides, i64 count, i64 components, LOCAL f32 *lanes,
    f32 *sums) {
  if (count <= 0) {
    return;
  }
  const int c = THREAD % $width;
  f32 nothing = 0;
  for (i64 r = THREAD / $width; r < count; r += 256 / $width) {
    nothing = c < components ? FMA_f32(0.0f, LOAD_$T(values[r * strides[0] + c * strides[1]]), nothing) : nothing;
  }
  lanes[THREAD] = nothing;
  BARRIER();
  for (int j = 0; j < $own; j++) {
    f32 all = 0;
    for (int lane = 0; lane < 256 / $width; lane++) {
      all += lanes[lane * $width + THREAD % 16 + 16 * j];
    }
    for (int i = 0; i < 4; i++) {
      sums[i * $own + j] += all;
    }
  }
  BARRIER();
}

/* Stores what weighted_ has added up, as rows of a dense matrix, of which there are so many. */
DEVICE void store_$id(GLOBAL mem_$T *to, i64 rows, i64 components, const f32 *sums) {
  for (int i = 0; i < 4; i++) {
    for (int j = 0; j < $own; j++) {
      const i64 r = THREAD / 16 * 4 + i;
      const i64 c = THREAD % 16 + 16 * j;
      if (r < rows && c < components) {
        to[r * components + c] = STORE_$T(sums[i * $own + j]);
      }
    }
  }
}

