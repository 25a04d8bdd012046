package dev.chainrule.backend.cpu;

import java.lang.foreign.MemorySegment;

/**
 * Exponentials, logarithms and the error function on float registers. They are computed in double by short polynomials and rounded
 * once: the error stays below 0.52 units in the last place, denormal arguments and results need no care, and what cancels (exp(x) - 1
 * near 0) has 29 bits to spare. FMAs are written out, so that interpreter and compilers give the same bits.
 *
 * <p>No loop branches, so the JIT vectorises all but the last, short one of the logarithms. It does not vectorise the bit casts between
 * double and long; those are bulk copies between two arrays, 8 KB in first-level cache.
 */
final class FloatMath {

  /** Adding this to a small double leaves its nearest integer in the lowest bits. */
  private static final double ROUNDER = 0x1.8p52;

  private static final double LOG2_E = 1.4426950408889634;
  private static final double LN_2 = 0.6931471805599453;
  private static final int FRACTION_BITS = 52;
  private static final long ONE = 0x3ff0000000000000L;
  private static final long SQRT_HALF = 0x3fe6a09e667f3bcdL;
  private static final long FRACTION = 0xfffffffffffffL;

  /** erf(4) rounds to 1. */
  private static final float ERF_IS_ONE = 4;

  private FloatMath() {}

  /** Room for what is between the loops of one function. */
  static final class Scratch {
    private final double[] x = new double[Registers.BLOCK];
    private final double[] y = new double[Registers.BLOCK];
    private final long[] xBits = new long[Registers.BLOCK];
    private final long[] yBits = new long[Registers.BLOCK];
    private final MemorySegment xView = MemorySegment.ofArray(x);
    private final MemorySegment yView = MemorySegment.ofArray(y);
    private final MemorySegment xBitsView = MemorySegment.ofArray(xBits);
    private final MemorySegment yBitsView = MemorySegment.ofArray(yBits);

    private void toBits(MemorySegment from, MemorySegment to, int n) {
      MemorySegment.copy(from, 0, to, 0, (long) n * Long.BYTES);
    }
  }

  static void exp(float[] to, float[] x, int n, Scratch s) {
    powersOfE(x, 1, n, s);
    double[] rest = s.x;
    double[] power = s.y;
    for (int i = 0; i < n; i++) {
      to[i] = (float) Math.fma(power[i], rest[i], power[i]);
    }
  }

  static void expm1(float[] to, float[] x, int n, Scratch s) {
    powersOfE(x, 1, n, s);
    double[] rest = s.x;
    double[] power = s.y;
    for (int i = 0; i < n; i++) {
      to[i] = (float) minusOne(rest[i], power[i]);
    }
  }

  /** (e^2x - 1) / (e^2x + 1). */
  static void tanh(float[] to, float[] x, int n, Scratch s) {
    powersOfE(x, 2, n, s);
    double[] rest = s.x;
    double[] power = s.y;
    for (int i = 0; i < n; i++) {
      double e = minusOne(rest[i], power[i]);
      to[i] = (float) (e / (e + 2));
    }
  }

  /** power * (1 + rest) - 1; the order of the signs keeps -0. */
  private static double minusOne(double rest, double power) {
    return Math.fma(power, rest, -(1 - power));
  }

  /** Leaves e^(factor x) as y (1 + x), y a power of two and x in [-0.3, 0.42]. */
  private static void powersOfE(float[] x, double factor, int n, Scratch s) {
    splitExponent(s.x, s.y, x, factor, n);
    s.toBits(s.yView, s.yBitsView, n);
    powersOfTwo(s.yBits, n);
    s.toBits(s.yBitsView, s.yView, n);
  }

  /** factor x = k ln 2 + r: e^r - 1 by its series, and k in the lowest bits of {@code count}. */
  private static void splitExponent(double[] rest, double[] count, float[] x, double factor, int n) {
    for (int i = 0; i < n; i++) {
      // Beyond these bounds the result is 0 or infinite in float, and still finite here.
      double v = Math.min(Math.max(x[i] * factor, -110), 90);
      double shifted = Math.fma(v, LOG2_E, ROUNDER);
      double r = Math.fma(shifted - ROUNDER, -LN_2, v);
      double p = 1.0 / 362_880;
      p = Math.fma(p, r, 1.0 / 40_320);
      p = Math.fma(p, r, 1.0 / 5_040);
      p = Math.fma(p, r, 1.0 / 720);
      p = Math.fma(p, r, 1.0 / 120);
      p = Math.fma(p, r, 1.0 / 24);
      p = Math.fma(p, r, 1.0 / 6);
      p = Math.fma(p, r, 0.5);
      rest[i] = r * Math.fma(p, r, 1);
      count[i] = shifted;
    }
  }

  private static void powersOfTwo(long[] bits, int n) {
    for (int i = 0; i < n; i++) {
      bits[i] = (bits[i] << FRACTION_BITS) + ONE;
    }
  }

  static void log(float[] to, float[] x, int n, Scratch s) {
    double[] u = s.x;
    double[] result = s.y;
    for (int i = 0; i < n; i++) {
      u[i] = x[i];
    }
    logarithms(s, n);
    for (int i = 0; i < n; i++) {
      to[i] = (float) result[i];
    }
    for (int i = 0; i < n; i++) {
      if (!(x[i] > 0 && x[i] < Float.POSITIVE_INFINITY)) {
        to[i] = x[i] == 0 ? Float.NEGATIVE_INFINITY : x[i] > 0 ? x[i] : Float.NaN;
      }
    }
  }

  /** log(u) + c/u, where u is 1 + x rounded and c what the rounding lost. */
  static void log1p(float[] to, float[] x, int n, Scratch s) {
    double[] rounded = s.x;
    double[] result = s.y;
    for (int i = 0; i < n; i++) {
      rounded[i] = 1 + (double) x[i];
    }
    logarithms(s, n);
    for (int i = 0; i < n; i++) {
      double u = 1 + (double) x[i];
      to[i] = (float) (result[i] + (x[i] - (u - 1)) / u);
    }
    for (int i = 0; i < n; i++) {
      if (!(x[i] > -1 && x[i] < Float.POSITIVE_INFINITY && x[i] != 0)) {
        to[i] = x[i] == 0 || x[i] > 0 ? x[i] : x[i] == -1 ? Float.NEGATIVE_INFINITY : Float.NaN;
      }
    }
  }

  /** y = log(x) for positive finite x. */
  private static void logarithms(Scratch s, int n) {
    s.toBits(s.xView, s.xBitsView, n);
    splitFraction(s.xBits, s.yBits, n);
    s.toBits(s.xBitsView, s.xView, n);
    s.toBits(s.yBitsView, s.yView, n);
    joinLogarithm(s.x, s.y, n);
  }

  /** x = 2^k m with m in [sqrt(1/2), sqrt(2)): the bits of m, and of k + ROUNDER. */
  private static void splitFraction(long[] x, long[] exponent, int n) {
    long rounder = Double.doubleToRawLongBits(ROUNDER);
    for (int i = 0; i < n; i++) {
      long above = x[i] - SQRT_HALF;
      exponent[i] = (above >> FRACTION_BITS) + rounder;
      x[i] = (above & FRACTION) + SQRT_HALF;
    }
  }

  /** log m = 2 artanh(t) with t = (m - 1) / (m + 1), |t| < 0.172. */
  private static void joinLogarithm(double[] m, double[] y, int n) {
    for (int i = 0; i < n; i++) {
      double t = (m[i] - 1) / (m[i] + 1);
      double t2 = t * t;
      double p = 2.0 / 13;
      p = Math.fma(p, t2, 2.0 / 11);
      p = Math.fma(p, t2, 2.0 / 9);
      p = Math.fma(p, t2, 2.0 / 7);
      p = Math.fma(p, t2, 2.0 / 5);
      p = Math.fma(p, t2, 2.0 / 3);
      p = Math.fma(p, t2, 2);
      y[i] = Math.fma(y[i] - ROUNDER, LN_2, t * p);
    }
  }

  /** x P(x^2) / Q(x^2), a least-squares fit on [0, 4] with a relative error of 1e-9. */
  static void erf(float[] to, float[] x, int n, Scratch s) {
    for (int i = 0; i < n; i++) {
      double v = Math.min(Math.max(x[i], -ERF_IS_ONE), ERF_IS_ONE);
      double t = v * v;
      double p = -4.2897399280806816e-08;
      p = Math.fma(p, t, 2.3615982505239214e-08);
      p = Math.fma(p, t, 0.0003104820275022885);
      p = Math.fma(p, t, 0.0030116698185763684);
      p = Math.fma(p, t, 0.051150692022052656);
      p = Math.fma(p, t, 0.1680331370661179);
      p = Math.fma(p, t, 1.1283791682424058);
      double q = -5.816337622418357e-07;
      q = Math.fma(q, t, 4.240820436295449e-05);
      q = Math.fma(q, t, 0.0010567091421052487);
      q = Math.fma(q, t, 0.01361457661873786);
      q = Math.fma(q, t, 0.10608045697569321);
      q = Math.fma(q, t, 0.48224886580266485);
      q = Math.fma(q, t, 1);
      to[i] = (float) (v * p / q);
    }
  }
}
