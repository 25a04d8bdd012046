/*
 * Functions of one float, the same polynomials in the same order as the CPU's (FloatExponentials and its neighbours there say where they
 * come from and how wrong they are): minimax fits after a reduction of the argument, at most 1.6 units in the last place. Libraries are
 * trusted with what IEEE 754 defines, with sine and cosine of the largest arguments, and with f64.
 */

/* Adding this to a small float leaves its nearest integer in the lowest bits. */
#define ROUNDER 0x1.8p23f
#define ROUNDER_BITS 0x4b400000u
#define LN_2 0x1.62e430p-1f
#define LN_2_REST -0x1.05c610p-29f
#define SIGN 0x80000000u
#define TERM(p, x, coefficient) p = FMA_f32(p, x, coefficient)

DEVICE f32 power_of_two(i32 n) { return f32_value((u32)(n + 127) << 23); }

/* y, which is not below 0 where x is not, with the sign of x, also that of zeros. */
DEVICE f32 with_sign(f32 y, f32 x) { return f32_value(f32_bits(y) | (f32_bits(x) & SIGN)); }

/* v - n ln 2, where n + ROUNDER is given. */
DEVICE f32 exp_rest(f32 v, f32 shifted) {
  f32 n = shifted - ROUNDER;
  return FMA_f32(n, -(LN_2_REST), FMA_f32(n, -LN_2, v));
}

DEVICE f32 exp_reduced(f32 r) {
  f32 p = 0x1.6a3fb6p-10f;
  TERM(p, r, 0x1.1239e0p-7f);
  TERM(p, r, 0x1.5558bep-5f);
  TERM(p, r, 0x1.555492p-3f);
  TERM(p, r, 0x1.fffffcp-2f);
  return FMA_f32(p, r * r, r) + 1.0f;
}

DEVICE f32 expm1_reduced(f32 r) {
  f32 p = 0x1.a242fep-13f;
  TERM(p, r, 0x1.6d3cecp-10f);
  TERM(p, r, 0x1.111004p-7f);
  TERM(p, r, 0x1.5554f6p-5f);
  TERM(p, r, 0x1.555556p-3f);
  TERM(p, r, 0.5f);
  return FMA_f32(p, r * r, r);
}

/* e^v for |v| below 87. */
DEVICE f32 exp_bounded(f32 v) {
  f32 shifted = FMA_f32(v, 1.442695f, ROUNDER);
  return exp_reduced(exp_rest(v, shifted)) * power_of_two((i32)(f32_bits(shifted) - ROUNDER_BITS));
}

/* 2^n in two factors: it may be beyond the range of float where the result is not. */
DEVICE f32 exp_f32(f32 x) {
  f32 v = x < -104.0f ? -104.0f : x;
  v = v > 89.0f ? 89.0f : v;
  f32 shifted = FMA_f32(v, 1.442695f, ROUNDER);
  i32 n = (i32)(f32_bits(shifted) - ROUNDER_BITS);
  i32 half_n = n >> 1;
  return exp_reduced(exp_rest(v, shifted)) * power_of_two(half_n) * power_of_two(n - half_n);
}

DEVICE f32 expm1_f32(f32 x) {
  f32 v = x < -20.0f ? -20.0f : x;
  v = v > 89.0f ? 89.0f : v;
  f32 shifted = FMA_f32(v, 1.442695f, ROUNDER);
  i32 n = (i32)(f32_bits(shifted) - ROUNDER_BITS);
  /* -1 where n is 128, which is one too many for an exponent. */
  i32 over = (127 - n) >> 31;
  f32 power = power_of_two(n + over);
  f32 y = FMA_f32(power, expm1_reduced(exp_rest(v, shifted)), power - 1.0f) * power_of_two(-over);
  return with_sign(y, x);
}

/* x + x^3 P(x^2) up to 0.55, beyond it 1 - 2 / (e^2x + 1). */
DEVICE f32 tanh_f32(f32 x) {
  f32 size = LIBRARY_f32(fabs)(x);
  f32 t = size > 10.0f ? 10.0f : size;
  f32 s = t * t;
  f32 p = -0x1.995794p-8f;
  TERM(p, s, 0x1.58ec9cp-6f);
  TERM(p, s, -0x1.b91f22p-5f);
  TERM(p, s, 0x1.110cf0p-3f);
  TERM(p, s, -0x1.55554ap-2f);
  return with_sign(t > 0.55f ? 1.0f - 2.0f / (exp_bounded(t + t) + 1.0f) : FMA_f32(t, p * s, t), x);
}

/* x + x P(x^2) up to 1, beyond it 1 - e^(x Q(x)). */
DEVICE f32 erf_f32(f32 x) {
  f32 size = LIBRARY_f32(fabs)(x);
  f32 t = size > 4.0f ? 4.0f : size;
  if (t > 1.0f) {
    f32 q = -0x1.d45f70p-17f;
    TERM(q, t, 0x1.6f9572p-12f);
    TERM(q, t, -0x1.ec7b30p-9f);
    TERM(q, t, 0x1.896050p-6f);
    TERM(q, t, -0x1.b45930p-4f);
    TERM(q, t, -0x1.451ac0p-1f);
    TERM(q, t, -0x1.20f21cp+0f);
    return with_sign(1.0f - exp_bounded(t * q), x);
  }
  f32 s = t * t;
  f32 p = 0x1.4771fep-14f;
  TERM(p, s, -0x1.a3515ep-11f);
  TERM(p, s, 0x1.53f224p-8f);
  TERM(p, s, -0x1.b7f71ap-6f);
  TERM(p, s, 0x1.ce2ce6p-4f);
  TERM(p, s, -0x1.81273ep-2f);
  TERM(p, s, 0x1.06eba8p-3f);
  return with_sign(FMA_f32(t, p, t), x);
}

/* ln(1 + f) for f between -1/3 and 1/3. */
DEVICE f32 log_reduced(f32 f) {
  f32 p = -0x1.07c510p-3f;
  TERM(p, f, 0x1.1e6d18p-3f);
  TERM(p, f, -0x1.f33276p-4f);
  TERM(p, f, 0x1.1ed55ap-3f);
  TERM(p, f, -0x1.559c68p-3f);
  TERM(p, f, 0x1.99d050p-3f);
  TERM(p, f, -0x1.fffefap-3f);
  TERM(p, f, 0x1.555506p-2f);
  TERM(p, f, -0.5f);
  return FMA_f32(p, f * f, f);
}

DEVICE f32 log_f32(f32 x) {
  int denormal = x < 0x1p-126f;
  i32 above = (i32)(f32_bits(denormal ? x * 0x1p23f : x) - 0x3f2aaaabu);
  f32 k = (f32)(above >> 23) + (denormal ? -23.0f : 0.0f);
  f32 f = f32_value(((u32)above & 0x7fffffu) + 0x3f2aaaabu) - 1.0f;
  f32 y = FMA_f32(k, LN_2, log_reduced(f));
  y = x < INFINITY ? y : x;
  y = x < 0.0f ? NAN : y;
  return x == 0.0f ? -INFINITY : y;
}

/* k is that of 1 + x rounded, 1 + f is (1 + x) 2^-k without that rounding; 2^-k in two factors, for the largest numbers it is denormal. */
DEVICE f32 log1p_f32(f32 x) {
  f32 u = 1.0f + x;
  i32 k = (i32)(f32_bits(u) - 0x3f2aaaabu) >> 23;
  i32 half_k = k >> 1;
  f32 a = power_of_two(-half_k);
  f32 b = power_of_two(half_k - k);
  f32 f = FMA_f32(x * a, b, FMA_f32(a, b, -1.0f));
  f32 y = FMA_f32((f32)k, LN_2, log_reduced(f));
  y = with_sign(y, x);
  y = x < INFINITY ? y : x;
  y = x < -1.0f ? NAN : y;
  return x == -1.0f ? -INFINITY : y;
}

/* size - n pi/2 in three parts. */
DEVICE f32 turn_rest(f32 size, f32 n) {
  return FMA_f32(n, 0x1.ee59dap-50f, FMA_f32(n, 0x1.777a5cp-25f, FMA_f32(n, -0x1.921fb6p+0f, size)));
}

DEVICE f32 sin_reduced(f32 r) {
  f32 s = r * r;
  f32 p = -0x1.991c1ep-13f;
  TERM(p, s, 0x1.1106c6p-7f);
  TERM(p, s, -0x1.555544p-3f);
  return FMA_f32(p * s, r, r);
}

DEVICE f32 cos_reduced(f32 r) {
  f32 s = r * r;
  f32 p = 0x1.99e0ecp-16f;
  TERM(p, s, -0x1.6c0c1ap-10f);
  TERM(p, s, 0x1.55554ap-5f);
  TERM(p, s, -0.5f);
  return FMA_f32(p, s, 1.0f);
}

DEVICE f32 sin_f32(f32 x) {
  f32 size = LIBRARY_f32(fabs)(x);
  if (size > 0x1p17f) {
    return LIBRARY_f32(sin)(x);
  }
  f32 shifted = FMA_f32(size, 0.63661975f, ROUNDER);
  u32 n = f32_bits(shifted);
  f32 r = turn_rest(size, shifted - ROUNDER);
  f32 y = (n & 1) != 0 ? cos_reduced(r) : sin_reduced(r);
  return f32_value(f32_bits(y) ^ (n << 30 & SIGN) ^ (f32_bits(x) & SIGN));
}

DEVICE f32 cos_f32(f32 x) {
  f32 size = LIBRARY_f32(fabs)(x);
  if (size > 0x1p17f) {
    return LIBRARY_f32(cos)(x);
  }
  f32 shifted = FMA_f32(size, 0.63661975f, ROUNDER);
  u32 n = f32_bits(shifted) + 1;
  f32 r = turn_rest(size, shifted - ROUNDER);
  f32 y = (n & 1) != 0 ? cos_reduced(r) : sin_reduced(r);
  return f32_value(f32_bits(y) ^ (n << 30 & SIGN));
}

#undef TERM
