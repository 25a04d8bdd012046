package dev.chainrule.backend.cpu;

import dev.chainrule.graph.Op;

/**
 * The scalar operations on float registers, one plain loop each, which the JIT turns into vector code. What binary32 does not give
 * exactly is computed in double and rounded once; exponentials and logarithms are {@link FloatMath}'s. Traffic: each loop reads and
 * writes first-level cache only.
 */
final class FloatLoops {

  private FloatLoops() {}

  /** to[i] = f(x[i]); {@code to} is another array than {@code x}. */
  interface Unary {
    void apply(float[] to, float[] x, int n, FloatMath.Scratch scratch);
  }

  static Unary unary(Op.Unary op) {
    return switch (op) {
      case Op.Neg _ -> plain(FloatLoops::neg);
      case Op.Abs _ -> plain(FloatLoops::abs);
      case Op.Sign _ -> plain(FloatLoops::sign);
      case Op.Floor _ -> plain(FloatLoops::floor);
      case Op.Ceil _ -> plain(FloatLoops::ceil);
      case Op.Round _ -> plain(FloatLoops::round);
      case Op.Exp _ -> FloatMath::exp;
      case Op.Expm1 _ -> FloatMath::expm1;
      case Op.Log _ -> FloatMath::log;
      case Op.Log1p _ -> FloatMath::log1p;
      case Op.Sqrt _ -> plain(FloatLoops::sqrt);
      case Op.Rsqrt _ -> plain(FloatLoops::rsqrt);
      case Op.Sin _ -> plain(FloatLoops::sin);
      case Op.Cos _ -> plain(FloatLoops::cos);
      case Op.Tan _ -> plain(FloatLoops::tan);
      case Op.Tanh _ -> FloatMath::tanh;
      case Op.Erf _ -> FloatMath::erf;
      case Op.Not _ -> throw Loops.undefined(op, "float");
    };
  }

  private static Unary plain(Loops.Unary<float[]> loop) {
    return (to, x, n, _) -> loop.apply(to, x, n);
  }

  static Loops.Binary<float[]> binary(Op.Binary op) {
    return switch (op) {
      case Op.Add _ -> FloatLoops::add;
      case Op.Sub _ -> FloatLoops::sub;
      case Op.Mul _ -> FloatLoops::mul;
      case Op.Div _ -> FloatLoops::div;
      case Op.Pow _ -> FloatLoops::pow;
      case Op.Max _ -> FloatLoops::max;
      case Op.Min _ -> FloatLoops::min;
      case Op.Mod _ -> FloatLoops::mod;
      case Op.IDiv _, Op.And _, Op.Or _, Op.Xor _, Op.ShiftLeft _, Op.ShiftRight _, Op.ShiftRightLogical _ ->
          throw Loops.undefined(op, "float");
    };
  }

  static Loops.Comparison<float[]> comparison(Op.Comparison op) {
    return switch (op) {
      case Op.Equal _ -> FloatLoops::equal;
      case Op.Less _ -> FloatLoops::less;
      case Op.LessEqual _ -> FloatLoops::lessEqual;
    };
  }

  private static void neg(float[] to, float[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = -x[i];
    }
  }

  private static void abs(float[] to, float[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Math.abs(x[i]);
    }
  }

  private static void sign(float[] to, float[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Math.signum(x[i]);
    }
  }

  private static void floor(float[] to, float[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = (float) Math.floor(x[i]);
    }
  }

  private static void ceil(float[] to, float[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = (float) Math.ceil(x[i]);
    }
  }

  private static void round(float[] to, float[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = (float) Math.rint(x[i]);
    }
  }

  private static void sqrt(float[] to, float[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = (float) Math.sqrt(x[i]);
    }
  }

  private static void rsqrt(float[] to, float[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = (float) (1 / Math.sqrt(x[i]));
    }
  }

  private static void sin(float[] to, float[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = (float) Math.sin(x[i]);
    }
  }

  private static void cos(float[] to, float[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = (float) Math.cos(x[i]);
    }
  }

  private static void tan(float[] to, float[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = (float) Math.tan(x[i]);
    }
  }

  private static void add(float[] to, float[] x, float[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] + y[i];
    }
  }

  private static void sub(float[] to, float[] x, float[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] - y[i];
    }
  }

  private static void mul(float[] to, float[] x, float[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] * y[i];
    }
  }

  private static void div(float[] to, float[] x, float[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] / y[i];
    }
  }

  private static void pow(float[] to, float[] x, float[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = (float) Math.pow(x[i], y[i]);
    }
  }

  private static void max(float[] to, float[] x, float[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Math.max(x[i], y[i]);
    }
  }

  private static void min(float[] to, float[] x, float[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Math.min(x[i], y[i]);
    }
  }

  private static void mod(float[] to, float[] x, float[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] % y[i];
    }
  }

  private static void equal(int[] to, float[] x, float[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] == y[i] ? 1 : 0;
    }
  }

  private static void less(int[] to, float[] x, float[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] < y[i] ? 1 : 0;
    }
  }

  private static void lessEqual(int[] to, float[] x, float[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] <= y[i] ? 1 : 0;
    }
  }

  static void where(float[] to, int[] condition, float[] x, float[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = condition[i] != 0 ? x[i] : y[i];
    }
  }
}
