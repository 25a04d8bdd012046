package dev.chainrule.backend.cpu;

import dev.chainrule.graph.Op;

/**
 * The scalar operations on float registers, one plain loop each, which the JIT turns into vector code where it can. Functions that are
 * not exact are {@link FloatExponentials}', {@link FloatLogarithms}', {@link FloatTrigonometry}'s and {@link FloatPower}'s; where the JVM
 * has the Vector API, those with a twin on vectors run as {@link VectorLoops}, which give the same bits. Traffic: each loop reads and
 * writes first-level cache only.
 */
final class FloatLoops {

  /** VectorLoops may only be touched if the module is there: without it, they do not link. */
  private static final boolean VECTORS = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();

  private FloatLoops() {}

  static Loops.Unary<float[]> unary(Op.Unary op) {
    return VECTORS ? VectorLoops.unary(op).orElseGet(() -> plain(op)) : plain(op);
  }

  /** The loop in plain Java. */
  static Loops.Unary<float[]> plain(Op.Unary op) {
    return switch (op) {
      case Op.Neg _ -> FloatLoops::neg;
      case Op.Abs _ -> FloatLoops::abs;
      case Op.Sign _ -> FloatLoops::sign;
      case Op.Floor _ -> FloatLoops::floor;
      case Op.Ceil _ -> FloatLoops::ceil;
      case Op.Round _ -> FloatLoops::round;
      case Op.Exp _ -> FloatLoops::exp;
      case Op.Expm1 _ -> FloatLoops::expm1;
      case Op.Log _ -> FloatLoops::log;
      case Op.Log1p _ -> FloatLoops::log1p;
      case Op.Sqrt _ -> FloatLoops::sqrt;
      case Op.Rsqrt _ -> FloatLoops::rsqrt;
      case Op.Sin _ -> FloatLoops::sin;
      case Op.Cos _ -> FloatLoops::cos;
      case Op.Tan _ -> FloatLoops::tan;
      case Op.Tanh _ -> FloatLoops::tanh;
      case Op.Erf _ -> FloatLoops::erf;
      case Op.Not _ -> throw Loops.undefined(op, "float");
    };
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
      to[i] = rsqrt(x[i]);
    }
  }

  /** Two roundings: off by less than 1.5 units in the last place. */
  static float rsqrt(float x) {
    return 1 / (float) Math.sqrt(x);
  }

  private static void exp(float[] to, float[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = FloatExponentials.exp(x[i]);
    }
  }

  private static void expm1(float[] to, float[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = FloatExponentials.expm1(x[i]);
    }
  }

  private static void tanh(float[] to, float[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = FloatExponentials.tanh(x[i]);
    }
  }

  private static void erf(float[] to, float[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = FloatExponentials.erf(x[i]);
    }
  }

  private static void log(float[] to, float[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = FloatLogarithms.log(x[i]);
    }
  }

  private static void log1p(float[] to, float[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = FloatLogarithms.log1p(x[i]);
    }
  }

  private static void sin(float[] to, float[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = FloatTrigonometry.sin(x[i]);
    }
  }

  private static void cos(float[] to, float[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = FloatTrigonometry.cos(x[i]);
    }
  }

  private static void tan(float[] to, float[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = FloatTrigonometry.tan(x[i]);
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
      to[i] = FloatPower.pow(x[i], y[i]);
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
