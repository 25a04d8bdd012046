package dev.chainrule.tensor;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.Op;

/** Arithmetic of {@link Tensor}s, element by element. Operands broadcast as in NumPy; a Java number takes the tensor's type. */
sealed interface Arithmetic permits Tensor {

  private Tensor self() {
    return (Tensor) this;
  }

  /** Sums; integers wrap. */
  default Tensor add(Tensor y) {
    return Broadcast.apply(new Op.Add(), self(), y);
  }

  /** As {@link #add(Tensor)}, with a Java number for {@code y}. */
  default Tensor add(double y) {
    return add(self().like(y));
  }

  /** As {@link #add(Tensor)}, with a Java number for {@code y}. */
  default Tensor add(long y) {
    return add(self().like(y));
  }

  /** Differences; integers wrap. */
  default Tensor sub(Tensor y) {
    return Broadcast.apply(new Op.Sub(), self(), y);
  }

  /** As {@link #sub(Tensor)}, with a Java number for {@code y}. */
  default Tensor sub(double y) {
    return sub(self().like(y));
  }

  /** As {@link #sub(Tensor)}, with a Java number for {@code y}. */
  default Tensor sub(long y) {
    return sub(self().like(y));
  }

  /** Products; integers wrap. */
  default Tensor mul(Tensor y) {
    return Broadcast.apply(new Op.Mul(), self(), y);
  }

  /** As {@link #mul(Tensor)}, with a Java number for {@code y}. */
  default Tensor mul(double y) {
    return mul(self().like(y));
  }

  /** As {@link #mul(Tensor)}, with a Java number for {@code y}. */
  default Tensor mul(long y) {
    return mul(self().like(y));
  }

  /** The quotient; floating types only, for integers see {@link #floorDiv}. */
  default Tensor div(Tensor y) {
    return Broadcast.apply(new Op.Div(), self(), y);
  }

  /** As {@link #div(Tensor)}, with a Java number for {@code y}. */
  default Tensor div(double y) {
    return div(self().like(y));
  }

  /** As {@link #div(Tensor)}, with a Java number for {@code y}. */
  default Tensor div(long y) {
    return div(self().like(y));
  }

  /**
   * The quotient rounded down; integers too. Of floats it is the exact quotient that is rounded down, as by NumPy's {@code //}: 1 by 0.1f,
   * which is a little more than a tenth, gives 9, though {@code div} gives 10. Divisor 0 gives what {@code div} gives, an infinite
   * dividend NaN.
   */
  default Tensor floorDiv(Tensor y) {
    Tensor remainder = mod(y);
    Tensor inexactAndSignsDiffer = remainder.notEqual(0).and(self().less(0).xor(y.less(0))).cast(self().dtype());
    if (!self().dtype().isFloating()) {
      return Broadcast.apply(new Op.IDiv(), self(), y).sub(inexactAndSignsDiffer);
    }
    // Without its remainder the dividend is a multiple of the divisor, but for rounding: to the nearest integer, halves down.
    Tensor multiple = sub(remainder).div(y).sub(inexactAndSignsDiffer);
    Tensor below = multiple.floor();
    Tensor nearest = below.add(multiple.sub(below).greater(0.5).cast(self().dtype()));
    // Only the quotient itself has the sign of a zero, and infinities at divisor 0.
    return multiple.equal(0).or(y.equal(0)).where(div(y).floor(), nearest);
  }

  /** As {@link #floorDiv(Tensor)}, with a Java number for {@code y}. */
  default Tensor floorDiv(double y) {
    return floorDiv(self().like(y));
  }

  /** As {@link #floorDiv(Tensor)}, with a Java number for {@code y}. */
  default Tensor floorDiv(long y) {
    return floorDiv(self().like(y));
  }

  /** The remainder with this tensor's sign, as Java's {@code %}. */
  default Tensor mod(Tensor y) {
    return Broadcast.apply(new Op.Mod(), self(), y);
  }

  /** As {@link #mod(Tensor)}, with a Java number for {@code y}. */
  default Tensor mod(double y) {
    return mod(self().like(y));
  }

  /** As {@link #mod(Tensor)}, with a Java number for {@code y}. */
  default Tensor mod(long y) {
    return mod(self().like(y));
  }

  /** Powers, as Java's {@code Math.pow}; floating types only. */
  default Tensor pow(Tensor y) {
    return Broadcast.apply(new Op.Pow(), self(), y);
  }

  /** As {@link #pow(Tensor)}, with a Java number for {@code y}. */
  default Tensor pow(double y) {
    return pow(self().like(y));
  }

  /** As {@link #pow(Tensor)}, with a Java number for {@code y}. */
  default Tensor pow(long y) {
    return pow(self().like(y));
  }

  /** The larger of each pair; NaN where either is NaN. */
  default Tensor maximum(Tensor y) {
    return Broadcast.apply(new Op.Max(), self(), y);
  }

  /** As {@link #maximum(Tensor)}, with a Java number for {@code y}. */
  default Tensor maximum(double y) {
    return maximum(self().like(y));
  }

  /** As {@link #maximum(Tensor)}, with a Java number for {@code y}. */
  default Tensor maximum(long y) {
    return maximum(self().like(y));
  }

  /** The smaller of each pair; NaN where either is NaN. */
  default Tensor minimum(Tensor y) {
    return Broadcast.apply(new Op.Min(), self(), y);
  }

  /** As {@link #minimum(Tensor)}, with a Java number for {@code y}. */
  default Tensor minimum(double y) {
    return minimum(self().like(y));
  }

  /** As {@link #minimum(Tensor)}, with a Java number for {@code y}. */
  default Tensor minimum(long y) {
    return minimum(self().like(y));
  }

  /**
   * {@code low} below it, {@code high} above it, else the element itself: NaN stays, and so does a zero's sign between the bounds. With
   * {@code low} above {@code high} all but NaN is {@code high}. The gradient is 1 from {@code low} to {@code high}, both included, and at
   * NaN; 0 elsewhere.
   *
   * @throws InvalidArgumentException if a bound is NaN
   */
  default Tensor clamp(double low, double high) {
    if (Double.isNaN(low) || Double.isNaN(high)) {
      throw new InvalidArgumentException("clamp", "between " + low + " and " + high + ", expected numbers", "Infinity bounds nothing.");
    }
    return between(self().like(low), self().like(high));
  }

  /** As {@link #clamp(double, double)}. */
  default Tensor clamp(long low, long high) {
    return between(self().like(low), self().like(high));
  }

  private Tensor between(Tensor low, Tensor high) {
    Tensor raised = self().less(low).where(low, self());
    return raised.greater(high).where(high, raised);
  }

  /** -x; integers wrap. */
  default Tensor neg() {
    return self().unary(new Op.Neg());
  }

  /** Sizes without signs; the smallest i32 and i64 stay as they are. */
  default Tensor abs() {
    return self().unary(new Op.Abs());
  }

  /** -1, 0 or 1. */
  default Tensor sign() {
    return self().unary(new Op.Sign());
  }

  /** The nearest whole number that is not above; floating types only. */
  default Tensor floor() {
    return self().unary(new Op.Floor());
  }

  /** The nearest whole number that is not below; floating types only. */
  default Tensor ceil() {
    return self().unary(new Op.Ceil());
  }

  /** To the nearest integer, ties to even. */
  default Tensor round() {
    return self().unary(new Op.Round());
  }

  /** e to the power of each element; floating types only. */
  default Tensor exp() {
    return self().unary(new Op.Exp());
  }

  /** e^x - 1, exact near 0. */
  default Tensor expm1() {
    return self().unary(new Op.Expm1());
  }

  /** Natural logarithms; of 0 negative infinity, of negative numbers NaN; floating types only. */
  default Tensor log() {
    return self().unary(new Op.Log());
  }

  /** log(1 + x), exact near 0. */
  default Tensor log1p() {
    return self().unary(new Op.Log1p());
  }

  /** Square roots, correctly rounded; of negative numbers NaN; floating types only. */
  default Tensor sqrt() {
    return self().unary(new Op.Sqrt());
  }

  /** 1 / sqrt(x). */
  default Tensor rsqrt() {
    return self().unary(new Op.Rsqrt());
  }

  /** Each element times itself. */
  default Tensor square() {
    return mul(self());
  }

  /** 1 / x; floating types only. */
  default Tensor reciprocal() {
    return self().onesLike().div(self().floating("reciprocal"));
  }

  /** {@code x + weight (end - x)}: this tensor at weight 0, {@code end}, but for rounding, at 1. */
  default Tensor lerp(Tensor end, Tensor weight) {
    return add(weight.mul(end.sub(self())));
  }

  /** {@code x + weight (end - x)}: this tensor at weight 0, {@code end}, but for rounding, at 1; floating types only. */
  default Tensor lerp(Tensor end, double weight) {
    return lerp(end, self().like(weight));
  }

  /** Sines of angles in radians; floating types only. */
  default Tensor sin() {
    return self().unary(new Op.Sin());
  }

  /** Cosines of angles in radians; floating types only. */
  default Tensor cos() {
    return self().unary(new Op.Cos());
  }

  /** Tangents of angles in radians; floating types only. */
  default Tensor tan() {
    return self().unary(new Op.Tan());
  }

  /** Hyperbolic tangents; floating types only. */
  default Tensor tanh() {
    return self().unary(new Op.Tanh());
  }

  /** The error function. */
  default Tensor erf() {
    return self().unary(new Op.Erf());
  }
}
