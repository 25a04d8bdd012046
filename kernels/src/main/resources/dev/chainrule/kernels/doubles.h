/* What is computed in f64: powers and tangents of floats, whose rounding errors would add up, and functions of f64 itself. */

#ifdef WITH_F64
#define TERM(p, x, coefficient) p = FMA_f64(p, x, coefficient)
#define DOUBLE_ROUNDER 0x1.8p52

DEVICE f64 log2_of_f32(f64 x) {
  i64 above = (i64)(f64_bits(x) - 0x3fe6a09e667f3bcdul);
  f64 k = f64_value((u64)((above >> 52) + 0x4338000000000000l)) - DOUBLE_ROUNDER;
  f64 m = f64_value(((u64)above & 0xffffffffffffful) + 0x3fe6a09e667f3bcdul);
  f64 t = (m - 1.0) / (m + 1.0);
  f64 s = t * t;
  f64 p = 0x1.5cefb913f4e93p-2;
  TERM(p, s, 0x1.a58d2812b2810p-2);
  TERM(p, s, 0x1.277780a8c4fc7p-1);
  TERM(p, s, 0x1.ec709d11e6ee4p-1);
  TERM(p, s, 0x1.71547652bee80p+1);
  f64 y = FMA_f64(p, t, k);
  y = x < INFINITY ? y : x;
  return x == 0.0 ? -INFINITY : y;
}

DEVICE f64 exp2_for_f32(f64 x) {
  f64 v = x < -200.0 ? -200.0 : x;
  v = v > 200.0 ? 200.0 : v;
  f64 shifted = v + DOUBLE_ROUNDER;
  f64 f = v - (shifted - DOUBLE_ROUNDER);
  f64 p = 0x1.41fb9fd2efeb1p-13;
  TERM(p, f, 0x1.5f3e7f5c84864p-10);
  TERM(p, f, 0x1.3b2d4d796c6dcp-7);
  TERM(p, f, 0x1.c6aee839b5079p-5);
  TERM(p, f, 0x1.ebfbdc3b0ba57p-3);
  TERM(p, f, 0x1.62e430af60662p-1);
  TERM(p, f, 1.0);
  return p * f64_value((f64_bits(shifted) - 0x4338000000000000ul + 1023ul) << 52);
}

/* 2^(y log2|x|), rounded once; special cases are Java's. */
DEVICE f32 pow_f32(f32 x, f32 y) {
  f32 power = (f32)exp2_for_f32((f64)y * log2_of_f32((f64)LIBRARY_f32(fabs)(x)));
  int integer = LIBRARY_f32(rint)(y) == y;
  int odd = integer && LIBRARY_f32(rint)(0.5f * y) != 0.5f * y;
  power = f32_value(f32_bits(power) ^ (odd ? f32_bits(x) & SIGN : 0));
  power = x < 0.0f && x > -INFINITY && !integer ? NAN : power;
  return y == 0.0f ? 1.0f : power;
}

DEVICE f32 tan_f32(f32 x) {
  f64 size = (f64)LIBRARY_f32(fabs)(x);
  if (size > 0x1p30) {
    return LIBRARY_f32(tan)(x);
  }
  f64 shifted = FMA_f64(size, 0.6366197723675814, DOUBLE_ROUNDER);
  f64 n = shifted - DOUBLE_ROUNDER;
  f64 r = FMA_f64(n, -6.123233995736766e-17, FMA_f64(n, -1.5707963267948966, size));
  f64 s = r * r;
  f64 p = 0x1.6cc2c82e1c14ap-19;
  TERM(p, s, -0x1.a00f3f7424478p-13);
  TERM(p, s, 0x1.1111081b17d13p-7);
  TERM(p, s, -0x1.5555554c04552p-3);
  f64 q = 0x1.99014acf72023p-16;
  TERM(q, s, -0x1.6c07964d368edp-10);
  TERM(q, s, 0x1.55553b90c5a6bp-5);
  TERM(q, s, -0x1.ffffffc8eeda9p-2);
  f64 sine = FMA_f64(p * s, r, r);
  f64 cosine = FMA_f64(q, s, 1.0);
  int odd = (f64_bits(shifted) & 1) != 0;
  f32 y = (f32)((odd ? -cosine : sine) / (odd ? sine : cosine));
  return f32_value(f32_bits(y) ^ (f32_bits(x) & SIGN));
}

DEVICE f64 pow_f64(f64 x, f64 y) {
  int undefined = y != y || (LIBRARY_f64(fabs)(y) == INFINITY && LIBRARY_f64(fabs)(x) == 1.0);
  return undefined ? (f64)NAN : LIBRARY_f64(pow)(x, y);
}

#undef TERM
#define exp_f64 LIBRARY_f64(exp)
#define expm1_f64 LIBRARY_f64(expm1)
#define log_f64 LIBRARY_f64(log)
#define log1p_f64 LIBRARY_f64(log1p)
#define sin_f64 LIBRARY_f64(sin)
#define cos_f64 LIBRARY_f64(cos)
#define tan_f64 LIBRARY_f64(tan)
#define tanh_f64 LIBRARY_f64(tanh)
#define erf_f64 LIBRARY_f64(erf)
#endif
