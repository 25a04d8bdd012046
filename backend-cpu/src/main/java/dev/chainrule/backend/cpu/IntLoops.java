package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;

/**
 * The scalar operations on int registers, which hold I32, U8 (0 to 255) and BOOL (0 or 1), one plain loop each. What leaves the range of
 * U8 is wrapped afterwards, by {@link Conversions#round}. Traffic: each loop reads and writes first-level cache only.
 */
final class IntLoops {

  private IntLoops() {}

  static Loops.Unary<int[]> unary(Op.Unary op, DType dtype) {
    return switch (op) {
      case Op.Neg _ -> IntLoops::neg;
      case Op.Abs _ -> IntLoops::abs;
      case Op.Sign _ -> IntLoops::sign;
      case Op.Not _ -> dtype == DType.BOOL ? IntLoops::logicalNot : IntLoops::not;
      case Op.Floor _, Op.Ceil _, Op.Round _, Op.Exp _, Op.Expm1 _, Op.Log _, Op.Log1p _, Op.Sqrt _, Op.Rsqrt _, Op.Sin _, Op.Cos _,
          Op.Tan _, Op.Tanh _, Op.Erf _ -> throw Loops.undefined(op, "int");
    };
  }

  /** All but the two that can fault. */
  static Loops.Binary<int[]> binary(Op.Binary op, DType dtype) {
    boolean bytes = dtype == DType.U8;
    return switch (op) {
      case Op.Add _ -> IntLoops::add;
      case Op.Sub _ -> IntLoops::sub;
      case Op.Mul _ -> IntLoops::mul;
      case Op.Max _ -> IntLoops::max;
      case Op.Min _ -> IntLoops::min;
      case Op.And _ -> IntLoops::and;
      case Op.Or _ -> IntLoops::or;
      case Op.Xor _ -> IntLoops::xor;
      case Op.ShiftLeft _ -> bytes ? IntLoops::shiftByteLeft : IntLoops::shiftLeft;
      case Op.ShiftRight _ -> bytes ? IntLoops::shiftByteRight : IntLoops::shiftRight;
      case Op.ShiftRightLogical _ -> bytes ? IntLoops::shiftByteRight : IntLoops::shiftRightLogical;
      case Op.Div _, Op.Pow _, Op.IDiv _, Op.Mod _ -> throw Loops.undefined(op, "int");
    };
  }

  static Loops.Comparison<int[]> comparison(Op.Comparison op) {
    return switch (op) {
      case Op.Equal _ -> IntLoops::equal;
      case Op.Less _ -> IntLoops::less;
      case Op.LessEqual _ -> IntLoops::lessEqual;
    };
  }

  private static void neg(int[] to, int[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = -x[i];
    }
  }

  private static void abs(int[] to, int[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Math.abs(x[i]);
    }
  }

  private static void sign(int[] to, int[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Integer.signum(x[i]);
    }
  }

  private static void not(int[] to, int[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = ~x[i];
    }
  }

  private static void logicalNot(int[] to, int[] x, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = 1 - x[i];
    }
  }

  private static void add(int[] to, int[] x, int[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] + y[i];
    }
  }

  private static void sub(int[] to, int[] x, int[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] - y[i];
    }
  }

  private static void mul(int[] to, int[] x, int[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] * y[i];
    }
  }

  private static void max(int[] to, int[] x, int[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Math.max(x[i], y[i]);
    }
  }

  private static void min(int[] to, int[] x, int[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Math.min(x[i], y[i]);
    }
  }

  private static void and(int[] to, int[] x, int[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] & y[i];
    }
  }

  private static void or(int[] to, int[] x, int[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] | y[i];
    }
  }

  private static void xor(int[] to, int[] x, int[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] ^ y[i];
    }
  }

  private static void shiftLeft(int[] to, int[] x, int[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] << y[i];
    }
  }

  private static void shiftRight(int[] to, int[] x, int[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] >> y[i];
    }
  }

  private static void shiftRightLogical(int[] to, int[] x, int[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] >>> y[i];
    }
  }

  private static void shiftByteLeft(int[] to, int[] x, int[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] << (y[i] & 7);
    }
  }

  private static void shiftByteRight(int[] to, int[] x, int[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] >> (y[i] & 7);
    }
  }

  private static void equal(int[] to, int[] x, int[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] == y[i] ? 1 : 0;
    }
  }

  private static void less(int[] to, int[] x, int[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] < y[i] ? 1 : 0;
    }
  }

  private static void lessEqual(int[] to, int[] x, int[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = x[i] <= y[i] ? 1 : 0;
    }
  }

  static void where(int[] to, int[] condition, int[] x, int[] y, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = condition[i] != 0 ? x[i] : y[i];
    }
  }

  /** The quotient, 0 where the divisor is 0; the position of the first such, or -1. */
  static int quotient(int[] to, int[] x, int[] y, int n) {
    int zero = -1;
    for (int i = n - 1; i >= 0; i--) {
      zero = y[i] == 0 ? i : zero;
      to[i] = y[i] == 0 ? 0 : x[i] / y[i];
    }
    return zero;
  }

  /** The remainder, 0 where the divisor is 0; the position of the first such, or -1. */
  static int remainder(int[] to, int[] x, int[] y, int n) {
    int zero = -1;
    for (int i = n - 1; i >= 0; i--) {
      zero = y[i] == 0 ? i : zero;
      to[i] = y[i] == 0 ? 0 : x[i] % y[i];
    }
    return zero;
  }
}
