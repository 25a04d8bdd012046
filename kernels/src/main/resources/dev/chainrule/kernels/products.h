/* Sums of products in the accumulator's type. */
#define MULTIPLY_ADD_f32(x, y, sum) FMA_f32(x, y, sum)
#define MULTIPLY_ADD_f16(x, y, sum) FMA_f32(x, y, sum)
#define MULTIPLY_ADD_bf16(x, y, sum) FMA_f32(x, y, sum)
#define MULTIPLY_ADD_f64(x, y, sum) FMA_f64(x, y, sum)
#define MULTIPLY_ADD_i32(x, y, sum) add_i32(mul_i32(x, y), sum)
#define MULTIPLY_ADD_i64(x, y, sum) add_i64(mul_i64(x, y), sum)
#define MULTIPLY_ADD_u8(x, y, sum) add_u8(mul_u8(x, y), sum)

/*
 * Which element of the input a place of a filter sees at a position; -1 for the zeros outside. For each axis: sizes of the input, of
 * the positions and of the filter, stride, dilation, zeros before the input.
 */
DEVICE i64 seen(GLOBAL const i64 *axes, int rank, u32 position, u32 place) {
  i64 at = 0;
  i64 step = 1;
  for (int axis = rank - 1; axis >= 0; axis--) {
    GLOBAL const i64 *of_axis = axes + axis * 6;
    const i64 p = position % (u32)of_axis[1];
    const i64 q = place % (u32)of_axis[2];
    position /= (u32)of_axis[1];
    place /= (u32)of_axis[2];
    const i64 x = p * of_axis[3] + q * of_axis[4] - of_axis[5];
    if (x < 0 || x >= of_axis[0]) {
      return -1;
    }
    at += x * step;
    step *= of_axis[0];
  }
  return at;
}

/* At which position a place of a filter sees an element of the input; -1 if at none. */
DEVICE i64 reached(GLOBAL const i64 *axes, int rank, u32 element, u32 place) {
  i64 at = 0;
  i64 step = 1;
  for (int axis = rank - 1; axis >= 0; axis--) {
    GLOBAL const i64 *of_axis = axes + axis * 6;
    const i64 x = element % (u32)of_axis[0];
    const i64 q = place % (u32)of_axis[2];
    element /= (u32)of_axis[0];
    place /= (u32)of_axis[2];
    const i64 start = x + of_axis[5] - q * of_axis[4];
    if (start < 0 || start % of_axis[3] != 0 || start / of_axis[3] >= of_axis[1]) {
      return -1;
    }
    at += start / of_axis[3] * step;
    step *= of_axis[1];
  }
  return at;
}

#define ADD_f32(x, y) ((x) + (y))
#define ADD_f16(x, y) ((x) + (y))
#define ADD_bf16(x, y) ((x) + (y))
#define ADD_f64(x, y) ((x) + (y))
#define ADD_i32(x, y) add_i32(x, y)
#define ADD_i64(x, y) add_i64(x, y)
#define ADD_u8(x, y) add_u8(x, y)
#define MULTIPLY_f32(x, y) ((x) * (y))
#define MULTIPLY_f16(x, y) ((x) * (y))
#define MULTIPLY_bf16(x, y) ((x) * (y))
#define MULTIPLY_f64(x, y) ((x) * (y))
#define MULTIPLY_i32(x, y) mul_i32(x, y)
#define MULTIPLY_i64(x, y) mul_i64(x, y)
#define MULTIPLY_u8(x, y) mul_u8(x, y)

#define IS_NAN_f32(x) ((x) != (x))
#define IS_NAN_f16(x) ((x) != (x))
#define IS_NAN_bf16(x) ((x) != (x))
#define IS_NAN_f64(x) ((x) != (x))
#define IS_NAN_i32(x) 0
#define IS_NAN_i64(x) 0
#define IS_NAN_u8(x) 0
#define IS_NAN_bool(x) 0

/* Whether x comes before y when they are sorted; NaN is last. */
#define BEFORE(T, x, y, descending) (IS_NAN_##T(y) ? !IS_NAN_##T(x) : (descending) ? (x) > (y) : (x) < (y))
