/* What operations mean where C's own meaning is another or none: S2 and S5 of docs/semantics.md. */

/* --- parameters ---------------------------------------------------------------------------------------------------------------------- */

/* Kernels take buffers, each with an offset in bytes, the last of them the word of faults; then numbers: their sizes and strides, g. */
#define BUFFER(n) GLOBAL u8 *b##n, i64 o##n
#define NUMBERS GLOBAL const i64 *numbers, i64 first
#define AT(T, n) ((GLOBAL T *)(b##n + o##n))
#define FOR_EACH(i, count) for (i64 i = GROUP * 256 + THREAD; i < (count); i += GROUPS * 256)

/* --- faults -------------------------------------------------------------------------------------------------------------------------- */

/* The first instruction that faults is kept in the first word, as its number from 1; of its details the smallest in the second. */
DEVICE void fault(GLOBAL u32 *word, i64 code, u32 detail) {
  u32 before = atomic_exchange_if(word, 0, (u32)code);
  if (before == 0 || before == (u32)code) {
    atomic_lower(word + 1, detail);
  }
}

/* --- floats -------------------------------------------------------------------------------------------------------------------------- */

/* NaN wins; 0 is larger than -0. */
#define REAL(T, U, name, sign_bit)                                                                                       \
  DEVICE int is_negative_##name(T x) { return (name##_bits(x) & ((U)1 << sign_bit)) != 0; }                              \
  DEVICE int is_finite_##name(T x) { return x - x == 0; }                                                                \
  DEVICE T max_##name(T x, T y) { return x != x || x > y ? x : y != y || y > x ? y : is_negative_##name(x) ? y : x; }    \
  DEVICE T min_##name(T x, T y) { return x != x || x < y ? x : y != y || y < x ? y : is_negative_##name(x) ? x : y; }    \
  DEVICE T sign_##name(T x) { return x > 0 ? (T)1 : x < 0 ? (T)-1 : x; }

REAL(f32, u32, f32, 31)
#ifdef WITH_F64
REAL(f64, u64, f64, 63)
#endif

/* --- integers ------------------------------------------------------------------------------------------------------------------------ */

/* Sums, differences and products wrap in the unsigned type of the width; so does the smallest number divided by -1. */
#define INTEGER(T, U, name, width)                                                                                       \
  DEVICE T add_##name(T x, T y) { return (T)((U)x + (U)y); }                                                             \
  DEVICE T sub_##name(T x, T y) { return (T)((U)x - (U)y); }                                                             \
  DEVICE T mul_##name(T x, T y) { return (T)((U)x * (U)y); }                                                             \
  DEVICE T abs_##name(T x) { return x < 0 ? sub_##name(0, x) : x; }                                                      \
  DEVICE T sign_##name(T x) { return (T)((x > 0) - (x < 0)); }                                                           \
  DEVICE T max_##name(T x, T y) { return x > y ? x : y; }                                                                \
  DEVICE T min_##name(T x, T y) { return x < y ? x : y; }                                                                \
  DEVICE T left_##name(T x, T y) { return (T)((U)x << ((U)y & (width - 1))); }                                           \
  DEVICE T right_##name(T x, T y) { return (T)(x >> ((U)y & (width - 1))); }                                             \
  DEVICE T right_logical_##name(T x, T y) { return (T)((U)x >> ((U)y & (width - 1))); }                                  \
  DEVICE T idiv_##name(T x, T y, int *by_zero) {                                                                         \
    *by_zero |= y == 0;                                                                                                  \
    return y == 0 ? (T)0 : (T)-1 < 0 && y == (T)-1 ? sub_##name(0, x) : (T)(x / y);                                      \
  }                                                                                                                      \
  DEVICE T mod_##name(T x, T y, int *by_zero) {                                                                          \
    *by_zero |= y == 0;                                                                                                  \
    return y == 0 || ((T)-1 < 0 && y == (T)-1) ? (T)0 : (T)(x % y);                                                      \
  }

INTEGER(i32, u32, i32, 32)
INTEGER(i64, u64, i64, 64)
INTEGER(u8, u8, u8, 8)

/* Truncated towards zero, then saturated; 0 for NaN. */
#define TRUNCATION(T, from)                                                                                              \
  DEVICE i32 i32_of_##from(T x) {                                                                                        \
    return x != x ? 0 : x >= (T)0x1p31f ? 0x7fffffff : x <= -(T)0x1p31f ? -0x7fffffff - 1 : (i32)x;                      \
  }                                                                                                                      \
  DEVICE i64 i64_of_##from(T x) {                                                                                        \
    return x != x ? 0 : x >= (T)0x1p63f ? (i64)(~(u64)0 >> 1) : x <= -(T)0x1p63f ? (i64)((u64)1 << 63) : (i64)x;         \
  }                                                                                                                      \
  DEVICE u8 u8_of_##from(T x) { return x >= 255 ? (u8)255 : x > 0 ? (u8)(i32)x : (u8)0; }

TRUNCATION(f32, f32)
#ifdef WITH_F64
TRUNCATION(f64, f64)
#endif
