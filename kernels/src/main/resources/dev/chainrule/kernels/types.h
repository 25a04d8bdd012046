/*
 * Element types. What an element is in memory (mem_), in a variable (val_) and in a sum (acc_), and the ways between: LOAD and STORE,
 * of which STORE rounds. The 16-bit floats are floats in variables, rounded after each operation.
 */

DEVICE f32 f16_value(u16 bits) {
  u32 sign = (u32)(bits & 0x8000) << 16;
  u32 exponent = bits >> 10 & 31;
  u32 fraction = bits & 1023;
  if (exponent == 0) {
    return f32_value(sign | f32_bits((f32)fraction * 0x1p-24f));
  }
  return f32_value(sign | (exponent == 31 ? 255 : exponent + 112) << 23 | fraction << 13);
}

/*
 * Rounded to nearest, ties to even; a NaN keeps what bits it can. Adding 1/2 to what is below 2^-14 leaves it in units of 2^-24 in the
 * lowest bits.
 */
DEVICE u16 f16_bits(f32 x) {
  u32 sign = f32_bits(x) >> 16 & 0x8000;
  u32 size = f32_bits(x) & 0x7fffffff;
  if (size > 0x7f800000) {
    u32 fraction = size >> 13 & 1023;
    return (u16)(sign | 0x7c00 | (fraction == 0 ? 512 : fraction));
  }
  if (size >= 0x477ff000) {
    return (u16)(sign | 0x7c00);
  }
  if (size < 0x38800000) {
    return (u16)(sign | (f32_bits(f32_value(size) + 0.5f) - 0x3f000000));
  }
  return (u16)(sign | (size + 0xfff + (size >> 13 & 1) - 0x38000000) >> 13);
}

DEVICE f32 bf16_value(u16 bits) { return f32_value((u32)bits << 16); }

DEVICE u16 bf16_bits(f32 x) {
  u32 bits = f32_bits(x);
  if (x != x) {
    return (u16)(bits >> 16 | ((bits & 0x7f0000) == 0 ? 64 : 0));
  }
  return (u16)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

DEVICE f32 f16_round(f32 x) { return f16_value(f16_bits(x)); }
DEVICE f32 bf16_round(f32 x) { return bf16_value(bf16_bits(x)); }

/*
 * To odd: what is lost sets the last bit, so that a second rounding, to fewer bits, is the only one. Here the nearest is too large or too
 * small.
 */
DEVICE f32 to_odd(f32 nearest, int above, int below) {
  u32 bits = f32_bits(nearest);
  return (above || below) && (bits & 1) == 0 ? f32_value(above ? bits - 1 : bits + 1) : nearest;
}

DEVICE f32 odd_i32(i32 x) {
  f32 nearest = (f32)x;
  i64 back = (i64)nearest;
  return to_odd(nearest, x < 0 ? back < x : back > x, x < 0 ? back > x : back < x);
}

typedef f32 mem_f32;
typedef f32 val_f32;
typedef f32 acc_f32;
typedef u16 mem_f16;
typedef f32 val_f16;
typedef f32 acc_f16;
typedef u16 mem_bf16;
typedef f32 val_bf16;
typedef f32 acc_bf16;
typedef i32 mem_i32;
typedef i32 val_i32;
typedef i32 acc_i32;
typedef i64 mem_i64;
typedef i64 val_i64;
typedef i64 acc_i64;
typedef u8 mem_u8;
typedef u8 val_u8;
typedef u8 acc_u8;
typedef u8 mem_bool;
typedef u8 val_bool;
typedef u8 acc_bool;

#define LOAD_f32(element) (element)
#define LOAD_f16(element) f16_value(element)
#define LOAD_bf16(element) bf16_value(element)
#define LOAD_i32(element) (element)
#define LOAD_i64(element) (element)
#define LOAD_u8(element) (element)
#define LOAD_bool(element) (element)
#define STORE_f32(value) (value)
#define STORE_f16(value) f16_bits(value)
#define STORE_bf16(value) bf16_bits(value)
#define STORE_i32(value) (value)
#define STORE_i64(value) (value)
#define STORE_u8(value) (value)
#define STORE_bool(value) (value)

#ifdef WITH_F64
typedef f64 mem_f64;
typedef f64 val_f64;
typedef f64 acc_f64;
#define LOAD_f64(element) (element)
#define STORE_f64(value) (value)

DEVICE f32 odd_f64(f64 x) {
  f32 nearest = (f32)x;
  f64 size = x < 0 ? -x : x;
  f64 back = nearest < 0 ? -(f64)nearest : (f64)nearest;
  return to_odd(nearest, back > size, back < size);
}
DEVICE f32 odd_i64(i64 x) { return odd_f64((f64)x); }
#else
DEVICE f32 odd_i64(i64 x) {
  /* What lies below the 40 highest bits counts as one of them. */
  u64 size = x < 0 ? 0 - (u64)x : (u64)x;
  u64 kept = size >> 40 == 0 ? size : size >> 24 << 24 | (u64)((size & 0xffffff) != 0) << 24;
  f32 nearest = (f32)kept;
  u64 back = nearest >= 0x1p64f ? ~(u64)0 : (u64)nearest;
  f32 odd = to_odd(nearest, back > kept, back < kept);
  return x < 0 ? -odd : odd;
}
#endif
