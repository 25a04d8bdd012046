package dev.chainrule.backend.cpu;

import dev.chainrule.graph.Op;

/**
 * The scalar operations on double registers, one plain loop each. Traffic: each loop reads and writes first-level cache only.
 */
final class DoubleLoops {

  private DoubleLoops() {}

  static Loops.Unary<double[]> unary(Op.Unary op) {
    return switch (op) {
      case Op.Neg _ -> DoubleLoops::neg;
      case Op.Abs _ -> DoubleLoops::abs;
      case Op.Sign _ -> DoubleLoops::sign;
      case Op.Floor _ -> DoubleLoops::floor;
      case Op.Ceil _ -> DoubleLoops::ceil;
      case Op.Round _ -> DoubleLoops::round;
      case Op.Exp _ -> DoubleLoops::exp;
      case Op.Expm1 _ -> DoubleLoops::expm1;
      case Op.Log _ -> DoubleLoops::log;
      case Op.Log1p _ -> DoubleLoops::log1p;
      case Op.Sqrt _ -> DoubleLoops::sqrt;
      case Op.Rsqrt _ -> DoubleLoops::rsqrt;
      case Op.Sin _ -> DoubleLoops::sin;
      case Op.Cos _ -> DoubleLoops::cos;
      case Op.Tan _ -> DoubleLoops::tan;
      case Op.Tanh _ -> DoubleLoops::tanh;
      case Op.Erf _ -> DoubleLoops::erf;
      case Op.Not _ -> throw Loops.undefined(op, "double");
    };
  }

  static Loops.Binary<double[]> binary(Op.Binary op) {
    return switch (op) {
      case Op.Add _ -> DoubleLoops::add;
      case Op.Sub _ -> DoubleLoops::sub;
      case Op.Mul _ -> DoubleLoops::mul;
      case Op.Div _ -> DoubleLoops::div;
      case Op.Pow _ -> DoubleLoops::pow;
      case Op.Max _ -> DoubleLoops::max;
      case Op.Min _ -> DoubleLoops::min;
      case Op.Mod _ -> DoubleLoops::mod;
      case Op.IDiv _, Op.And _, Op.Or _, Op.Xor _, Op.ShiftLeft _, Op.ShiftRight _, Op.ShiftRightLogical _ ->
          throw Loops.undefined(op, "double");
    };
  }

  static Loops.Comparison<double[]> comparison(Op.Comparison op) {
    return switch (op) {
      case Op.Equal _ -> DoubleLoops::equal;
      case Op.Less _ -> DoubleLoops::less;
      case Op.LessEqual _ -> DoubleLoops::lessEqual;
    };
  }

  private static void neg(double[] to, double[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = -x[i];
    }
  }

  private static void abs(double[] to, double[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Math.abs(x[i]);
    }
  }

  private static void sign(double[] to, double[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Math.signum(x[i]);
    }
  }

  private static void floor(double[] to, double[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Math.floor(x[i]);
    }
  }

  private static void ceil(double[] to, double[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Math.ceil(x[i]);
    }
  }

  private static void round(double[] to, double[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Math.rint(x[i]);
    }
  }

  private static void sqrt(double[] to, double[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Math.sqrt(x[i]);
    }
  }

  private static void rsqrt(double[] to, double[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = 1 / Math.sqrt(x[i]);
    }
  }

  private static void sin(double[] to, double[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Math.sin(x[i]);
    }
  }

  private static void cos(double[] to, double[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Math.cos(x[i]);
    }
  }

  private static void tan(double[] to, double[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Math.tan(x[i]);
    }
  }

  private static void exp(double[] to, double[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Math.exp(x[i]);
    }
  }

  private static void expm1(double[] to, double[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Math.expm1(x[i]);
    }
  }

  private static void log(double[] to, double[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Math.log(x[i]);
    }
  }

  private static void log1p(double[] to, double[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Math.log1p(x[i]);
    }
  }

  private static void tanh(double[] to, double[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Math.tanh(x[i]);
    }
  }

  private static void erf(double[] to, double[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = DoubleErf.erf(x[i]);
    }
  }

  private static void add(double[] to, double[] x, double[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] + y[i];
    }
  }

  private static void sub(double[] to, double[] x, double[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] - y[i];
    }
  }

  private static void mul(double[] to, double[] x, double[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] * y[i];
    }
  }

  private static void div(double[] to, double[] x, double[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] / y[i];
    }
  }

  /** HotSpot's own power mistakes odd exponents between 2^51 and 2^52 for even ones, and the reverse, where the base is -0 or -infinity. */
  static double pow(double x, double y) {
    return x == 0 || Double.isInfinite(x) ? StrictMath.pow(x, y) : Math.pow(x, y);
  }

  private static void pow(double[] to, double[] x, double[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = pow(x[i], y[i]);
    }
  }

  private static void max(double[] to, double[] x, double[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Math.max(x[i], y[i]);
    }
  }

  private static void min(double[] to, double[] x, double[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Math.min(x[i], y[i]);
    }
  }

  private static void mod(double[] to, double[] x, double[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] % y[i];
    }
  }

  private static void equal(int[] to, double[] x, double[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] == y[i] ? 1 : 0;
    }
  }

  private static void less(int[] to, double[] x, double[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] < y[i] ? 1 : 0;
    }
  }

  private static void lessEqual(int[] to, double[] x, double[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] <= y[i] ? 1 : 0;
    }
  }

  static void where(double[] to, int[] condition, double[] x, double[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = condition[i] != 0 ? x[i] : y[i];
    }
  }
}
