package dev.chainrule.graph;

import dev.chainrule.InvalidArgumentException;

/** The reference meaning of the operations that work element by element. */
final class PointwiseMeaning {

  private PointwiseMeaning() {}

  static HostArray unary(Op.Unary op, HostArray x) {
    if (x.type().dtype().isFloating()) {
      double[] values = x.toDoubleArray();
      for (int i = 0; i < values.length; i++) {
        values[i] = real(op, values[i]);
      }
      return HostArray.ofDoubles(x.type(), values);
    }
    long[] values = x.toLongArray();
    for (int i = 0; i < values.length; i++) {
      values[i] = integer(op, values[i], x.type().dtype());
    }
    return HostArray.ofLongs(x.type(), values);
  }

  static HostArray binary(Node node, Op.Binary op, HostArray x, HostArray y) {
    if (x.type().dtype().isFloating()) {
      double[] left = x.toDoubleArray();
      double[] right = y.toDoubleArray();
      for (int i = 0; i < left.length; i++) {
        left[i] = real(op, left[i], right[i]);
      }
      return HostArray.ofDoubles(x.type(), left);
    }
    long[] left = x.toLongArray();
    long[] right = y.toLongArray();
    for (int i = 0; i < left.length; i++) {
      if (right[i] == 0 && (op instanceof Op.IDiv || op instanceof Op.Mod)) {
        throw new InvalidArgumentException(op.label(),
            left[i] + " divided by 0 at element " + i + " of " + x.type() + node.origin().describe(), "");
      }
      left[i] = integer(op, left[i], right[i], x.type().dtype());
    }
    return HostArray.ofLongs(x.type(), left);
  }

  static HostArray comparison(Op.Comparison op, HostArray x, HostArray y) {
    boolean real = x.type().dtype().isFloating();
    long[] result = new long[Math.toIntExact(x.elements())];
    for (int i = 0; i < result.length; i++) {
      boolean holds = real ? holds(op, x.doubleAt(i), y.doubleAt(i)) : holds(op, x.longAt(i), y.longAt(i));
      result[i] = holds ? 1 : 0;
    }
    return HostArray.ofLongs(x.type().withDType(DType.BOOL), result);
  }

  static HostArray where(HostArray condition, HostArray x, HostArray y) {
    var result = new Assembly(x.type());
    for (long i = 0; i < x.elements(); i++) {
      result.put(i, condition.longAt(i) != 0 ? x : y, i);
    }
    return result.done();
  }

  /** {@link HostArray} converts as cast does; from an integer directly, because a long may not fit a double. */
  static HostArray cast(HostArray x, DType to) {
    TensorType type = x.type().withDType(to);
    return x.type().dtype().isFloating()
        ? HostArray.ofDoubles(type, x.toDoubleArray())
        : HostArray.ofLongs(type, x.toLongArray());
  }

  private static double real(Op.Unary op, double x) {
    return switch (op) {
      case Op.Neg _ -> -x;
      case Op.Abs _ -> Math.abs(x);
      case Op.Sign _ -> Math.signum(x);
      case Op.Floor _ -> Math.floor(x);
      case Op.Ceil _ -> Math.ceil(x);
      case Op.Round _ -> Math.rint(x);
      case Op.Exp _ -> StrictMath.exp(x);
      case Op.Expm1 _ -> StrictMath.expm1(x);
      case Op.Log _ -> StrictMath.log(x);
      case Op.Log1p _ -> StrictMath.log1p(x);
      case Op.Sqrt _ -> Math.sqrt(x);
      case Op.Rsqrt _ -> 1 / Math.sqrt(x);
      case Op.Sin _ -> StrictMath.sin(x);
      case Op.Cos _ -> StrictMath.cos(x);
      case Op.Tan _ -> StrictMath.tan(x);
      case Op.Tanh _ -> StrictMath.tanh(x);
      case Op.Erf _ -> ErrorFunction.erf(x);
      case Op.Not _ -> throw undefined(op);
    };
  }

  private static long integer(Op.Unary op, long x, DType dtype) {
    return switch (op) {
      case Op.Neg _ -> -x;
      case Op.Abs _ -> Math.abs(x);
      case Op.Sign _ -> Long.signum(x);
      case Op.Not _ -> dtype == DType.BOOL ? 1 - x : ~x;
      case Op.Floor _, Op.Ceil _, Op.Round _, Op.Exp _, Op.Expm1 _, Op.Log _, Op.Log1p _, Op.Sqrt _, Op.Rsqrt _, Op.Sin _, Op.Cos _,
          Op.Tan _, Op.Tanh _, Op.Erf _ -> throw undefined(op);
    };
  }

  private static double real(Op.Binary op, double x, double y) {
    return switch (op) {
      case Op.Add _ -> x + y;
      case Op.Sub _ -> x - y;
      case Op.Mul _ -> x * y;
      case Op.Div _ -> x / y;
      case Op.Pow _ -> StrictMath.pow(x, y);
      case Op.Max _ -> Math.max(x, y);
      case Op.Min _ -> Math.min(x, y);
      case Op.Mod _ -> x % y;
      case Op.IDiv _, Op.And _, Op.Or _, Op.Xor _, Op.ShiftLeft _, Op.ShiftRight _, Op.ShiftRightLogical _ -> throw undefined(op);
    };
  }

  private static long integer(Op.Binary op, long x, long y, DType dtype) {
    int width = dtype.bytes() * Byte.SIZE;
    long distance = y & (width - 1);
    return switch (op) {
      case Op.Add _ -> x + y;
      case Op.Sub _ -> x - y;
      case Op.Mul _ -> x * y;
      case Op.Max _ -> Math.max(x, y);
      case Op.Min _ -> Math.min(x, y);
      case Op.IDiv _ -> x / y;
      case Op.Mod _ -> x % y;
      case Op.And _ -> x & y;
      case Op.Or _ -> x | y;
      case Op.Xor _ -> x ^ y;
      case Op.ShiftLeft _ -> x << distance;
      case Op.ShiftRight _ -> x >> distance;
      case Op.ShiftRightLogical _ -> (x & (-1L >>> (Long.SIZE - width))) >>> distance;
      case Op.Div _, Op.Pow _ -> throw undefined(op);
    };
  }

  private static boolean holds(Op.Comparison op, double x, double y) {
    return switch (op) {
      case Op.Equal _ -> x == y;
      case Op.Less _ -> x < y;
      case Op.LessEqual _ -> x <= y;
    };
  }

  private static boolean holds(Op.Comparison op, long x, long y) {
    return switch (op) {
      case Op.Equal _ -> x == y;
      case Op.Less _ -> x < y;
      case Op.LessEqual _ -> x <= y;
    };
  }

  /** The type rules let no such node be made. */
  private static IllegalStateException undefined(Op op) {
    return new IllegalStateException(op.label() + " of a type it is not defined for");
  }
}
