package dev.chainrule.backend.cpu;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;

/** Operations on numbered registers: which loop an operation and an element type come to. */
final class PointwiseSteps {

  private PointwiseSteps() {}

  static BlockStep unary(Op.Unary op, DType dtype, int to, int x) {
    return switch (RegisterKind.of(dtype)) {
      case FLOAT -> {
        Loops.Unary<float[]> loop = FloatLoops.unary(op);
        yield (_, r, _, n) -> loop.apply(r.floats(to), r.floats(x), n);
      }
      case DOUBLE -> {
        Loops.Unary<double[]> loop = DoubleLoops.unary(op);
        yield (_, r, _, n) -> loop.apply(r.doubles(to), r.doubles(x), n);
      }
      case INT -> {
        Loops.Unary<int[]> loop = IntLoops.unary(op, dtype);
        yield (_, r, _, n) -> loop.apply(r.ints(to), r.ints(x), n);
      }
      case LONG -> {
        Loops.Unary<long[]> loop = LongLoops.unary(op);
        yield (_, r, _, n) -> loop.apply(r.longs(to), r.longs(x), n);
      }
    };
  }

  static BlockStep binary(Op.Binary op, DType dtype, int to, int x, int y) {
    return switch (RegisterKind.of(dtype)) {
      case FLOAT -> {
        Loops.Binary<float[]> loop = FloatLoops.binary(op);
        yield (_, r, _, n) -> loop.apply(r.floats(to), r.floats(x), r.floats(y), n);
      }
      case DOUBLE -> {
        Loops.Binary<double[]> loop = DoubleLoops.binary(op);
        yield (_, r, _, n) -> loop.apply(r.doubles(to), r.doubles(x), r.doubles(y), n);
      }
      case INT -> {
        if (op instanceof Op.IDiv || op instanceof Op.Mod) {
          yield divided(op, RegisterKind.INT, to, x, y);
        }
        Loops.Binary<int[]> loop = IntLoops.binary(op, dtype);
        yield (_, r, _, n) -> loop.apply(r.ints(to), r.ints(x), r.ints(y), n);
      }
      case LONG -> {
        if (op instanceof Op.IDiv || op instanceof Op.Mod) {
          yield divided(op, RegisterKind.LONG, to, x, y);
        }
        Loops.Binary<long[]> loop = LongLoops.binary(op);
        yield (_, r, _, n) -> loop.apply(r.longs(to), r.longs(x), r.longs(y), n);
      }
    };
  }

  /** Quotients and remainders of integers; a zero divisor faults, before the kernel's checks do. */
  private static BlockStep divided(Op.Binary op, RegisterKind kind, int to, int x, int y) {
    boolean quotient = op instanceof Op.IDiv;
    return (frame, r, _, n) -> {
      int zero = kind == RegisterKind.INT
          ? (quotient ? IntLoops.quotient(r.ints(to), r.ints(x), r.ints(y), n) : IntLoops.remainder(r.ints(to), r.ints(x), r.ints(y), n))
          : (quotient
              ? LongLoops.quotient(r.longs(to), r.longs(x), r.longs(y), n)
              : LongLoops.remainder(r.longs(to), r.longs(x), r.longs(y), n));
      if (zero >= 0) {
        frame.faults().report(-1, 0);
      }
    };
  }

  static BlockStep comparison(Op.Comparison op, DType dtype, int to, int x, int y) {
    return switch (RegisterKind.of(dtype)) {
      case FLOAT -> {
        Loops.Comparison<float[]> loop = FloatLoops.comparison(op);
        yield (_, r, _, n) -> loop.apply(r.ints(to), r.floats(x), r.floats(y), n);
      }
      case DOUBLE -> {
        Loops.Comparison<double[]> loop = DoubleLoops.comparison(op);
        yield (_, r, _, n) -> loop.apply(r.ints(to), r.doubles(x), r.doubles(y), n);
      }
      case INT -> {
        Loops.Comparison<int[]> loop = IntLoops.comparison(op);
        yield (_, r, _, n) -> loop.apply(r.ints(to), r.ints(x), r.ints(y), n);
      }
      case LONG -> {
        Loops.Comparison<long[]> loop = LongLoops.comparison(op);
        yield (_, r, _, n) -> loop.apply(r.ints(to), r.longs(x), r.longs(y), n);
      }
    };
  }

  static BlockStep where(RegisterKind kind, int to, int condition, int x, int y) {
    return switch (kind) {
      case FLOAT -> (_, r, _, n) -> FloatLoops.where(r.floats(to), r.ints(condition), r.floats(x), r.floats(y), n);
      case DOUBLE -> (_, r, _, n) -> DoubleLoops.where(r.doubles(to), r.ints(condition), r.doubles(x), r.doubles(y), n);
      case INT -> (_, r, _, n) -> IntLoops.where(r.ints(to), r.ints(condition), r.ints(x), r.ints(y), n);
      case LONG -> (_, r, _, n) -> LongLoops.where(r.longs(to), r.ints(condition), r.longs(x), r.longs(y), n);
    };
  }
}
