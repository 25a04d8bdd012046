package dev.chainrule.backend.cpu;

import dev.chainrule.graph.Op;

/** The scalar operations on long registers, one plain loop each. Traffic: each loop reads and writes first-level cache only. */
final class LongLoops {

  private LongLoops() {}

  static Loops.Unary<long[]> unary(Op.Unary op) {
    return switch (op) {
      case Op.Neg _ -> LongLoops::neg;
      case Op.Abs _ -> LongLoops::abs;
      case Op.Sign _ -> LongLoops::sign;
      case Op.Not _ -> LongLoops::not;
      case Op.Floor _, Op.Ceil _, Op.Round _, Op.Exp _, Op.Expm1 _, Op.Log _, Op.Log1p _, Op.Sqrt _, Op.Rsqrt _, Op.Sin _, Op.Cos _,
          Op.Tan _, Op.Tanh _, Op.Erf _ -> throw Loops.undefined(op, "long");
    };
  }

  /** All but the two that can fault. */
  static Loops.Binary<long[]> binary(Op.Binary op) {
    return switch (op) {
      case Op.Add _ -> LongLoops::add;
      case Op.Sub _ -> LongLoops::sub;
      case Op.Mul _ -> LongLoops::mul;
      case Op.Max _ -> LongLoops::max;
      case Op.Min _ -> LongLoops::min;
      case Op.And _ -> LongLoops::and;
      case Op.Or _ -> LongLoops::or;
      case Op.Xor _ -> LongLoops::xor;
      case Op.ShiftLeft _ -> LongLoops::shiftLeft;
      case Op.ShiftRight _ -> LongLoops::shiftRight;
      case Op.ShiftRightLogical _ -> LongLoops::shiftRightLogical;
      case Op.Div _, Op.Pow _, Op.IDiv _, Op.Mod _ -> throw Loops.undefined(op, "long");
    };
  }

  static Loops.Comparison<long[]> comparison(Op.Comparison op) {
    return switch (op) {
      case Op.Equal _ -> LongLoops::equal;
      case Op.Less _ -> LongLoops::less;
      case Op.LessEqual _ -> LongLoops::lessEqual;
    };
  }

  private static void neg(long[] to, long[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = -x[i];
    }
  }

  private static void abs(long[] to, long[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Math.abs(x[i]);
    }
  }

  private static void sign(long[] to, long[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Long.signum(x[i]);
    }
  }

  private static void not(long[] to, long[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = ~x[i];
    }
  }

  private static void add(long[] to, long[] x, long[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] + y[i];
    }
  }

  private static void sub(long[] to, long[] x, long[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] - y[i];
    }
  }

  private static void mul(long[] to, long[] x, long[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] * y[i];
    }
  }

  private static void max(long[] to, long[] x, long[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Math.max(x[i], y[i]);
    }
  }

  private static void min(long[] to, long[] x, long[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Math.min(x[i], y[i]);
    }
  }

  private static void and(long[] to, long[] x, long[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] & y[i];
    }
  }

  private static void or(long[] to, long[] x, long[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] | y[i];
    }
  }

  private static void xor(long[] to, long[] x, long[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] ^ y[i];
    }
  }

  private static void shiftLeft(long[] to, long[] x, long[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] << y[i];
    }
  }

  private static void shiftRight(long[] to, long[] x, long[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] >> y[i];
    }
  }

  private static void shiftRightLogical(long[] to, long[] x, long[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] >>> y[i];
    }
  }

  private static void equal(int[] to, long[] x, long[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] == y[i] ? 1 : 0;
    }
  }

  private static void less(int[] to, long[] x, long[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] < y[i] ? 1 : 0;
    }
  }

  private static void lessEqual(int[] to, long[] x, long[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] <= y[i] ? 1 : 0;
    }
  }

  static void where(long[] to, int[] condition, long[] x, long[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = condition[i] != 0 ? x[i] : y[i];
    }
  }

  /** The quotient, 0 where the divisor is 0; the position of the first such, or -1. */
  static int quotient(long[] to, long[] x, long[] y, int n) {
    int zero = -1;
    for (int i = n - 1; i >= 0; i--) {
      zero = y[i] == 0 ? i : zero;
      to[i] = y[i] == 0 ? 0 : x[i] / y[i];
    }
    return zero;
  }

  /** The remainder, 0 where the divisor is 0; the position of the first such, or -1. */
  static int remainder(long[] to, long[] x, long[] y, int n) {
    int zero = -1;
    for (int i = n - 1; i >= 0; i--) {
      zero = y[i] == 0 ? i : zero;
      to[i] = y[i] == 0 ? 0 : x[i] % y[i];
    }
    return zero;
  }
}
