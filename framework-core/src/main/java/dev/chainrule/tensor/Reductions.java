package dev.chainrule.tensor;

import dev.chainrule.DTypeMismatchException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.ScalarValue;

/**
 * Reductions of {@link Tensor}s over the named axes, over all without any; the axes disappear. Running totals keep their
 * axis, of which a scalar has none.
 */
sealed interface Reductions permits Tensor {

  private Tensor self() {
    return (Tensor) this;
  }

  /** Sums over the axes, which the result lacks, or over all; of bool and u8 as i64, other integers wrap. 0 of nothing. */
  default Tensor sum(int... axes) {
    return reduce("sum", Op.Fold.SUM, axes);
  }

  /** Products over the axes, which the result lacks, or over all; of bool and u8 as i64, other integers wrap. 1 of nothing. */
  default Tensor prod(int... axes) {
    return reduce("prod", Op.Fold.PROD, axes);
  }

  /** The largest element over the axes, or over all; NaN if there is one; -infinity, or the smallest integer, of nothing. */
  default Tensor max(int... axes) {
    return reduce("max", Op.Fold.MAX, axes);
  }

  /** The smallest element over the axes, or over all; NaN if there is one; infinity, or the largest integer, of nothing. */
  default Tensor min(int... axes) {
    return reduce("min", Op.Fold.MIN, axes);
  }

  /** Floating types only; the mean of nothing is NaN. Of 16-bit floats neither the sum nor the count need fit the type. */
  default Tensor mean(int... axes) {
    return average(accumulated("mean", axes), axes).cast(self().dtype());
  }

  /** The mean squared distance from the mean (divided by n, not n - 1). Of 16-bit floats only the result need fit the type. */
  default Tensor variance(int... axes) {
    Tensor x = accumulated("variance", axes);
    return squaredDistance(x, axes).cast(self().dtype());
  }

  /**
   * The standard deviation sqrt({@link #variance}): divided by n, not n - 1. Where all elements are equal it is 0 as far as their mean is
   * exact, else that mean's rounding error, about u |mean|. The gradient, which has no limit at 0, is 0 where the result is. Of 16-bit
   * floats only the result need fit the type.
   */
  default Tensor std(int... axes) {
    return rootOrFlat(squaredDistance(accumulated("std", axes), axes)).cast(self().dtype());
  }

  /**
   * The Euclidean norm sqrt(sum x^2) over the axes: {@code norm(1)} is that of each row, not the 1-norm. 0 of nothing. The gradient is
   * x / norm, and 0 where the norm is 0. Floating types only: squares that overflow make it infinite, squares that underflow count as 0.
   * Of 16-bit floats only the result need fit the type.
   */
  default Tensor norm(int... axes) {
    return rootOrFlat(accumulated("norm", axes).square().sum(axes)).cast(self().dtype());
  }

  /**
   * log(sum exp(x)), finite wherever its exact value is: the largest element is taken out first. -inf of nothing and where all are
   * -inf; +inf where one is +inf; NaN where one is NaN. The gradient is exp(x) / sum exp(x), as accurate as {@link Tensor#softmax}.
   * Floating types only; of 16-bit floats only the result need fit the type.
   */
  default Tensor logsumexp(int... axes) {
    return LogSumExp.of(accumulated("logsumexp", axes), self().axes("logsumexp", axes)).cast(self().dtype());
  }

  /** This tensor in the type to compute in, when the operation is defined for it and the axes. */
  private Tensor accumulated(String what, int... axes) {
    self().axes(what, axes);
    return Precision.wide(self().floating(what));
  }

  /** {@code x} has this tensor's shape. */
  private Tensor squaredDistance(Tensor x, int... axes) {
    return average(x.sub(x.keep(average(x, axes), axes)).square(), axes);
  }

  /** sqrt(x), with the gradient 0 at 0: the argument is chosen before the root, whose slope is infinite there. */
  private static Tensor rootOrFlat(Tensor x) {
    Tensor flat = x.equal(0);
    return flat.where(Tensor.zeros(x.type()), flat.where(Tensor.ones(x.type()), x).sqrt());
  }

  /** {@code x} has this tensor's shape. */
  private Tensor average(Tensor x, int... axes) {
    return x.sum(axes).div(Tensor.literal(ScalarValue.of(x.dtype(), count(axes))));
  }

  /** bool: whether one element or more is true; false of nothing. Only of bool tensors. */
  default Tensor any(int... axes) {
    return truth("any", Op.Fold.MAX, axes);
  }

  /** bool: whether all elements are true, also of nothing. Only of bool tensors. */
  default Tensor all(int... axes) {
    return truth("all", Op.Fold.MIN, axes);
  }

  private Tensor truth(String what, Op.Fold fold, int... axes) {
    if (self().dtype() != DType.BOOL) {
      throw new DTypeMismatchException(what, "of " + self().type() + ", expected bool", "Compare first: notEqual(0)." + what + "().");
    }
    return reduce(what, fold, axes);
  }

  /** The sum of each element and all before it along the axis: [..., n, ...] -> [..., n, ...]. Types as {@link #sum}: bool, u8 to i64. */
  default Tensor cumsum(int axis) {
    return cumulate("cumsum", Op.Fold.SUM, axis);
  }

  /**
   * The product of each element and all before it along the axis: [..., n, ...] -> [..., n, ...]. Types as {@link #prod}: bool, u8 to i64.
   * The gradient is right with zeros too; it takes about 2 log2(n) operations of this tensor's size.
   */
  default Tensor cumprod(int axis) {
    return cumulate("cumprod", Op.Fold.PROD, axis);
  }

  private Tensor cumulate(String what, Op.Fold fold, int axis) {
    boolean narrow = self().dtype() == DType.BOOL || self().dtype() == DType.U8;
    return self().cast(narrow ? DType.I64 : self().dtype()).unary(new Op.Cumulate(fold, self().axis(what, axis), false));
  }

  /** i32 index of the largest element along the axis, the first of equals. A scalar has no axis: {@link #argmax()}. */
  default Tensor argmax(int axis) {
    return position("argmax", Op.Fold.MAX, self().axis("argmax", axis));
  }

  /** i32 scalar: the position of the largest of all elements in row-major order, the first of equals. */
  default Tensor argmax() {
    return ((Reductions) self().flatten()).position("argmax", Op.Fold.MAX, 0);
  }

  /** i32 index of the smallest element along the axis, the first of equals. A scalar has no axis: {@link #argmin()}. */
  default Tensor argmin(int axis) {
    return position("argmin", Op.Fold.MIN, self().axis("argmin", axis));
  }

  /** i32 scalar: the position of the smallest of all elements in row-major order, the first of equals. */
  default Tensor argmin() {
    return ((Reductions) self().flatten()).position("argmin", Op.Fold.MIN, 0);
  }

  private Tensor position(String what, Op.Fold fold, int axis) {
    if (self().dim(axis) == 0) {
      throw new ShapeMismatchException(what, "axis " + axis + " of " + self().type() + " is empty: no element to point at", "");
    }
    return self().unary(new Op.ArgReduce(fold, axis));
  }

  /** A reduction of this tensor with the reduced axes put back at size 1, so that it broadcasts against this. */
  default Tensor keep(Tensor reduced, int... axes) {
    return reduced.reshape(self().shape().keeping(self().axes("keep", axes)));
  }

  private Tensor reduce(String what, Op.Fold fold, int... axes) {
    return self().unary(new Op.Reduce(fold, self().axes(what, axes)));
  }

  private long count(int... axes) {
    Axes reduced = self().axes("count", axes);
    long count = 1;
    for (int i = 0; i < reduced.count(); i++) {
      count *= self().shape().dim(reduced.get(i));
    }
    return count;
  }
}
