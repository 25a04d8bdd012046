package dev.chainrule.tensor;

import dev.chainrule.DTypeMismatchException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;

/** Comparisons, logic, choices and conversions of {@link Tensor}s, element by element. */
sealed interface Comparisons permits Tensor {

  private Tensor self() {
    return (Tensor) this;
  }

  /** bool; false where either is NaN. */
  default Tensor equal(Tensor y) {
    return Broadcast.apply(new Op.Equal(), self(), y);
  }

  /** As {@link #equal(Tensor)}, with a Java number for {@code y}. */
  default Tensor equal(double y) {
    return equal(self().like(y));
  }

  /** As {@link #equal(Tensor)}, with a Java number for {@code y}. */
  default Tensor equal(long y) {
    return equal(self().like(y));
  }

  /** bool; true where either is NaN. */
  default Tensor notEqual(Tensor y) {
    return equal(y).not();
  }

  /** As {@link #notEqual(Tensor)}, with a Java number for {@code y}. */
  default Tensor notEqual(double y) {
    return equal(y).not();
  }

  /** As {@link #notEqual(Tensor)}, with a Java number for {@code y}. */
  default Tensor notEqual(long y) {
    return equal(y).not();
  }

  /** bool; false where either is NaN. */
  default Tensor less(Tensor y) {
    return Broadcast.apply(new Op.Less(), self(), y);
  }

  /** As {@link #less(Tensor)}, with a Java number for {@code y}. */
  default Tensor less(double y) {
    return less(self().like(y));
  }

  /** As {@link #less(Tensor)}, with a Java number for {@code y}. */
  default Tensor less(long y) {
    return less(self().like(y));
  }

  /** bool; false where either is NaN. */
  default Tensor lessEqual(Tensor y) {
    return Broadcast.apply(new Op.LessEqual(), self(), y);
  }

  /** As {@link #lessEqual(Tensor)}, with a Java number for {@code y}. */
  default Tensor lessEqual(double y) {
    return lessEqual(self().like(y));
  }

  /** As {@link #lessEqual(Tensor)}, with a Java number for {@code y}. */
  default Tensor lessEqual(long y) {
    return lessEqual(self().like(y));
  }

  /** bool; false where either is NaN. */
  default Tensor greater(Tensor y) {
    return y.less(self());
  }

  /** As {@link #greater(Tensor)}, with a Java number for {@code y}. */
  default Tensor greater(double y) {
    return self().like(y).less(self());
  }

  /** As {@link #greater(Tensor)}, with a Java number for {@code y}. */
  default Tensor greater(long y) {
    return self().like(y).less(self());
  }

  /** bool; false where either is NaN. */
  default Tensor greaterEqual(Tensor y) {
    return y.lessEqual(self());
  }

  /** As {@link #greaterEqual(Tensor)}, with a Java number for {@code y}. */
  default Tensor greaterEqual(double y) {
    return self().like(y).lessEqual(self());
  }

  /** As {@link #greaterEqual(Tensor)}, with a Java number for {@code y}. */
  default Tensor greaterEqual(long y) {
    return self().like(y).lessEqual(self());
  }

  /** bool: whether each element is NaN. Floating types only; so are the next two. */
  default Tensor isNaN() {
    return notEqual(self().floating("isNaN"));
  }

  /** bool: whether each element is +infinity or -infinity. */
  default Tensor isInfinite() {
    return self().floating("isInfinite").abs().equal(Double.POSITIVE_INFINITY);
  }

  /** bool: whether each element is neither infinite nor NaN. */
  default Tensor isFinite() {
    return self().floating("isFinite").abs().less(Double.POSITIVE_INFINITY);
  }

  /** Logical on bool, bitwise on integers; so are {@link #or}, {@link #xor} and {@link #not}. */
  default Tensor and(Tensor y) {
    return Broadcast.apply(new Op.And(), self(), y);
  }

  /** Bitwise on integers, logical on bool. */
  default Tensor or(Tensor y) {
    return Broadcast.apply(new Op.Or(), self(), y);
  }

  /** Bitwise on integers, logical on bool. */
  default Tensor xor(Tensor y) {
    return Broadcast.apply(new Op.Xor(), self(), y);
  }

  /** Bitwise on integers, logical on bool. */
  default Tensor not() {
    return self().unary(new Op.Not());
  }

  /** Of bool tensors only; so are the next two. */
  default Tensor and(boolean y) {
    return and(truth("and", y));
  }

  /** As {@link #or(Tensor)} of a bool tensor, with one truth value. */
  default Tensor or(boolean y) {
    return or(truth("or", y));
  }

  /** As {@link #xor(Tensor)} of a bool tensor, with one truth value. */
  default Tensor xor(boolean y) {
    return xor(truth("xor", y));
  }

  private Tensor truth(String operation, boolean y) {
    if (self().dtype() != DType.BOOL) {
      throw new DTypeMismatchException(operation, "a boolean with " + self().type() + ", expected bool", "Compare first: notEqual(0).");
    }
    return self().like(y ? 1 : 0);
  }

  /** Integers shifted to the left; the distance counts modulo the width (8, 32, 64). */
  default Tensor shiftLeft(int distance) {
    return Broadcast.apply(new Op.ShiftLeft(), self(), self().like(distance));
  }

  /** Copies of the sign bit come in. */
  default Tensor shiftRight(int distance) {
    return Broadcast.apply(new Op.ShiftRight(), self(), self().like(distance));
  }

  /** Zeros come in. */
  default Tensor shiftRightLogical(int distance) {
    return Broadcast.apply(new Op.ShiftRightLogical(), self(), self().like(distance));
  }

  /** {@code x} where this bool tensor is true, {@code y} elsewhere. */
  default Tensor where(Tensor x, Tensor y) {
    return Broadcast.where(self(), x, y);
  }

  /** {@code x} where this bool tensor is true, elsewhere the number in x's type. */
  default Tensor where(Tensor x, double y) {
    return where(x, x.like(y));
  }

  /** {@code x} where this bool tensor is true, elsewhere the number in x's type. */
  default Tensor where(Tensor x, long y) {
    return where(x, x.like(y));
  }

  /** The number, in y's type, where this bool tensor is true, {@code y} elsewhere. */
  default Tensor where(double x, Tensor y) {
    return where(y.like(x), y);
  }

  /** The number, in y's type, where this bool tensor is true, {@code y} elsewhere. */
  default Tensor where(long x, Tensor y) {
    return where(y.like(x), y);
  }

  /** Values converted: float to integer truncates and saturates, NaN becomes 0, to bool non-zero is true. */
  default Tensor cast(DType to) {
    return to == self().dtype() ? self() : self().unary(new Op.Cast(to));
  }

  /** The same bits as another type of the same width. */
  default Tensor bitcast(DType to) {
    return self().unary(new Op.Bitcast(to));
  }
}
