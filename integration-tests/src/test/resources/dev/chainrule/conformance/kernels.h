/* What kernels in C need beside the language: the meaning of S2 and S5 of docs/semantics.md where C's own is another or none. */

#include <math.h>
#include <stdint.h>
#include <string.h>

/* What a kernel returns; else the place of the first of its checks that failed. */
enum { PASSED = -1, DIVIDED_BY_ZERO = -2 };

static inline int64_t first_failed(int64_t failed, int64_t check) {
  return failed == PASSED || check < failed ? check : failed;
}

/* --- floats ------------------------------------------------------------------------------------------------------------------------ */

/* NaN wins; 0 is larger than -0. Powers of 1 and to infinity as Java's. */
#define REAL(T, name, math)                                                                                              \
  static inline T max_##name(T x, T y) {                                                                                 \
    return isnan(x) || x > y ? x : isnan(y) || y > x ? y : signbit(x) ? y : x;                                           \
  }                                                                                                                      \
  static inline T min_##name(T x, T y) {                                                                                 \
    return isnan(x) || x < y ? x : isnan(y) || y < x ? y : signbit(x) ? x : y;                                           \
  }                                                                                                                      \
  static inline T sign_##name(T x) { return x > 0 ? 1 : x < 0 ? -1 : x; }                                                \
  static inline T pow_##name(T x, T y) {                                                                                 \
    return isnan(y) || (isinf(y) && math(fabs)(x) == 1) ? (T)NAN : math(pow)(x, y);                                      \
  }

#define IN_FLOAT(function) function##f
#define IN_DOUBLE(function) function
REAL(float, f32, IN_FLOAT)
REAL(double, f64, IN_DOUBLE)

static inline uint32_t f32_bits(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

static inline float f32_value(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

static inline uint64_t f64_bits(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

static inline double f64_value(uint64_t bits) {
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/* --- floats of 16 bits: floats that have been rounded to them ---------------------------------------------------------------------- */

/* The nearest number with so many bits of fraction, ties to even: scaling by powers of two is exact, so this rounds once. */
static inline float rounded(double x, int fraction, int smallest_exponent, double largest) {
  if (x == 0 || isnan(x) || isinf(x)) {
    return (float)x;
  }
  int exponent = ilogb(x);
  double unit = ldexp(1, (exponent < smallest_exponent ? smallest_exponent : exponent) - fraction);
  double nearest = rint(x / unit) * unit;
  return (float)(fabs(nearest) > largest ? copysign(INFINITY, x) : nearest);
}

static inline float f16_round(double x) { return rounded(x, 10, -14, 65504); }

static inline float bf16_round(double x) { return rounded(x, 7, -126, 0x1.FEp127); }

static inline float f16_value(uint16_t bits) {
  uint32_t sign = (uint32_t)(bits & 0x8000) << 16;
  uint32_t exponent = bits >> 10 & 31;
  uint32_t fraction = bits & 1023;
  if (exponent == 0) {
    return f32_value(sign | f32_bits((float)fraction * 0x1p-24f));
  }
  return f32_value(sign | (exponent == 31 ? 255 : exponent + 112) << 23 | fraction << 13);
}

static inline uint16_t f16_bits(float x) {
  uint32_t bits = f32_bits(x);
  uint32_t sign = bits >> 16 & 0x8000;
  uint32_t exponent = bits >> 23 & 255;
  uint32_t fraction = bits >> 13 & 1023;
  if (exponent == 255) {
    return (uint16_t)(sign | 0x7c00 | fraction | (isnan(x) && fraction == 0));
  }
  return (uint16_t)(sign | (exponent < 113 ? (uint32_t)(fabsf(x) * 0x1p24f) : (exponent - 112) << 10 | fraction));
}

static inline float bf16_value(uint16_t bits) { return f32_value((uint32_t)bits << 16); }

static inline uint16_t bf16_bits(float x) {
  return (uint16_t)(f32_bits(x) >> 16 | (isnan(x) && (f32_bits(x) & 0x7f0000) == 0));
}

/* --- integers ---------------------------------------------------------------------------------------------------------------------- */

/* Sums, differences and products wrap in the unsigned type of the width; so does the smallest number divided by -1. */
#define INTEGER(T, U, name, bits)                                                                                        \
  static inline T add_##name(T x, T y) { return (T)((U)x + (U)y); }                                                      \
  static inline T sub_##name(T x, T y) { return (T)((U)x - (U)y); }                                                      \
  static inline T mul_##name(T x, T y) { return (T)((U)x * (U)y); }                                                      \
  static inline T abs_##name(T x) { return x < 0 ? sub_##name(0, x) : x; }                                               \
  static inline T sign_##name(T x) { return (T)((x > 0) - (x < 0)); }                                                    \
  static inline T max_##name(T x, T y) { return x > y ? x : y; }                                                         \
  static inline T min_##name(T x, T y) { return x < y ? x : y; }                                                         \
  static inline T left_##name(T x, T y) { return (T)((U)x << (y & (bits - 1))); }                                        \
  static inline T right_##name(T x, T y) { return (T)(x >> (y & (bits - 1))); }                                          \
  static inline T right_logical_##name(T x, T y) { return (T)((U)x >> (y & (bits - 1))); }                               \
  static inline T idiv_##name(T x, T y, int *by_zero) {                                                                  \
    *by_zero |= y == 0;                                                                                                  \
    return y == 0 ? 0 : (T)-1 < 0 && y == (T)-1 ? sub_##name(0, x) : (T)(x / y);                                         \
  }                                                                                                                      \
  static inline T mod_##name(T x, T y, int *by_zero) {                                                                   \
    *by_zero |= y == 0;                                                                                                  \
    return y == 0 || ((T)-1 < 0 && y == (T)-1) ? 0 : (T)(x % y);                                                         \
  }

INTEGER(int32_t, uint32_t, i32, 32)
INTEGER(int64_t, uint64_t, i64, 64)
INTEGER(uint8_t, uint8_t, u8, 8)

/* Truncated towards zero, then saturated; 0 for NaN. */
static inline int32_t i32_of(double x) {
  return isnan(x) ? 0 : x >= 0x1p31 ? INT32_MAX : x <= -0x1p31 ? INT32_MIN : (int32_t)x;
}

static inline int64_t i64_of(double x) {
  return isnan(x) ? 0 : x >= 0x1p63 ? INT64_MAX : x <= -0x1p63 ? INT64_MIN : (int64_t)x;
}

static inline uint8_t u8_of(double x) { return x >= 255 ? 255 : x > 0 ? (uint8_t)x : 0; }
