package dev.chainrule.conformance;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Tensor;
import java.util.List;
import java.util.stream.Stream;

/** Grows random graphs by operations on elements at the same place. */
final class PointwiseGrowth {

  private static final List<Op> ON_NUMBERS = List.of(new Op.Neg(), new Op.Abs(), new Op.Sign());
  private static final List<Op> ON_FLOATS = List.of(new Op.Neg(), new Op.Abs(), new Op.Sign(), new Op.Floor(), new Op.Ceil(),
      new Op.Round(), new Op.Exp(), new Op.Expm1(), new Op.Log(), new Op.Log1p(), new Op.Sqrt(), new Op.Rsqrt(), new Op.Sin(), new Op.Cos(),
      new Op.Tan(), new Op.Tanh(), new Op.Erf());
  private static final List<Op> ON_TRUTHS = List.of(new Op.Not());

  private static final List<Op> OF_FLOATS = List.of(new Op.Add(), new Op.Sub(), new Op.Mul(), new Op.Div(), new Op.Max(), new Op.Min(),
      new Op.Mod(), new Op.Pow());
  private static final List<Op> OF_INTEGERS = List.of(new Op.Add(), new Op.Sub(), new Op.Mul(), new Op.Max(), new Op.Min(), new Op.And(),
      new Op.Or(), new Op.Xor(), new Op.ShiftLeft(), new Op.ShiftRight(), new Op.ShiftRightLogical(), new Op.IDiv(), new Op.Mod());
  private static final List<Op> OF_TRUTHS = List.of(new Op.And(), new Op.Or(), new Op.Xor(), new Op.Max(), new Op.Min());

  private static final List<Op> COMPARISONS = List.of(new Op.Less(), new Op.Equal(), new Op.LessEqual());

  /** A few more than one kernel takes. */
  private static final int LONGEST_CHAIN = 30;

  private PointwiseGrowth() {}

  static void unary(Pool pool) {
    pool.add(unary(pool, pool.operand(Samples.NUMERIC, 0)));
  }

  private static Tensor unary(Pool pool, Tensor x) {
    List<Op> ops = x.dtype().isFloating() ? ON_FLOATS : x.dtype() == DType.BOOL ? ON_TRUTHS
        : Stream.concat(ON_NUMBERS.stream(), ON_TRUTHS.stream()).toList();
    return PointwiseCases.apply(pool.choices().of(ops), x);
  }

  static void binary(Pool pool) {
    Tensor x = pool.operand(List.of(Samples.ALL), 0);
    pool.add(binary(pool, x));
  }

  private static Tensor binary(Pool pool, Tensor x) {
    Op op = pool.choices().of(x.dtype().isFloating() ? OF_FLOATS : x.dtype() == DType.BOOL ? OF_TRUTHS : OF_INTEGERS);
    Tensor y = pool.typed(x.type());
    boolean divides = !x.dtype().isFloating() && (op instanceof Op.IDiv || op instanceof Op.Mod);
    Tensor right = divides && !pool.careless() ? y.or(Tensor.scalar(y.dtype(), 1).broadcastTo(y.shape())) : y;
    return pool.choices().oneIn(5) && !divides ? PointwiseCases.apply(op, right, x) : PointwiseCases.apply(op, x, right);
  }

  static void comparison(Pool pool) {
    Tensor x = pool.operand(List.of(Samples.ALL), 0);
    pool.add(PointwiseCases.apply(pool.choices().of(COMPARISONS), x, pool.typed(x.type())));
  }

  static void choice(Pool pool) {
    Tensor x = pool.operand(List.of(Samples.ALL), 0);
    Tensor y = pool.typed(x.type());
    Tensor condition = pool.choices().oneIn(2)
        ? PointwiseCases.apply(pool.choices().of(COMPARISONS), x, y) : pool.typed(new TensorType(DType.BOOL, x.shape()));
    pool.add(condition.where(x, y));
  }

  static void conversion(Pool pool) {
    Tensor x = pool.operand(List.of(Samples.ALL), 0);
    pool.add(PointwiseCases.apply(new Op.Cast(pool.choices().of(List.of(Samples.ALL))), x));
  }

  static void bitsAsAnotherType(Pool pool) {
    Tensor x = pool.operand(Samples.NUMERIC, 0);
    List<DType> asWide = Samples.NUMERIC.stream().filter(d -> d.bytes() == x.dtype().bytes()).toList();
    Tensor settled = !x.dtype().isFloating() || keepsBits(x.node()) ? x : x.equal(x).where(x, Tensor.zeros(x.type()));
    pool.add(PointwiseCases.apply(new Op.Bitcast(pool.choices().of(asWide)), settled));
  }

  /** Whether the bits of NaN are known: an operation on two of them may pass on those of either. */
  private static boolean keepsBits(Node node) {
    return switch (node.op()) {
      case Op.Source source -> !(source instanceof Op.Parameter);
      case Op.Movement _, Op.Copy _, Op.Barrier _ -> node.inputs().stream().allMatch(PointwiseGrowth::keepsBits);
      case Op.Gather _ -> keepsBits(node.input(0));
      case Op.Bitcast _ -> !node.input(0).type().dtype().isFloating() || keepsBits(node.input(0));
      default -> false;
    };
  }

  /** Operations of which each has no other reader than the next. */
  static void chain(Pool pool) {
    Tensor x = pool.operand(List.of(Samples.ALL), 0);
    int length = 2 + pool.choices().below(LONGEST_CHAIN - 1);
    for (int i = 0; i < length; i++) {
      x = pool.choices().oneIn(2) ? binary(pool, x) : unary(pool, x);
    }
    pool.add(x);
  }
}
