package dev.chainrule.tensor;

import dev.chainrule.DTypeMismatchException;
import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.ScalarValue;

/** Reductions of {@link Tensor}s over the named axes, over all without any; the axes disappear. */
sealed interface Reductions permits Tensor {

  private Tensor self() {
    return (Tensor) this;
  }

  default Tensor sum(int... axes) {
    return reduce(Op.Fold.SUM, axes);
  }

  default Tensor prod(int... axes) {
    return reduce(Op.Fold.PROD, axes);
  }

  /** The largest element; NaN if there is one. */
  default Tensor max(int... axes) {
    return reduce(Op.Fold.MAX, axes);
  }

  /** The smallest element; NaN if there is one. */
  default Tensor min(int... axes) {
    return reduce(Op.Fold.MIN, axes);
  }

  /** Floating types only; the mean of nothing is NaN. Of 16-bit floats neither the sum nor the count need fit the type. */
  default Tensor mean(int... axes) {
    return average(accumulated("mean"), axes).cast(self().dtype());
  }

  /** The mean squared distance from the mean (divided by n, not n - 1). Of 16-bit floats only the result need fit the type. */
  default Tensor variance(int... axes) {
    Tensor x = accumulated("variance");
    return average(x.sub(x.keep(average(x, axes), axes)).square(), axes).cast(self().dtype());
  }

  private Tensor accumulated(String what) {
    if (!self().dtype().isFloating()) {
      throw new DTypeMismatchException(what, "not defined for " + self().type(), "Cast it first: cast(DType.F32)." + what + "().");
    }
    return self().cast(self().dtype().accumulator());
  }

  /** {@code x} has this tensor's shape. */
  private Tensor average(Tensor x, int... axes) {
    return x.sum(axes).div(Tensor.literal(ScalarValue.of(x.dtype(), count(axes))));
  }

  /** i32 index of the largest element along the axis, the first of equals. */
  default Tensor argmax(int axis) {
    return Tensor.made(Ops.node(new Op.ArgReduce(Op.Fold.MAX, self().axis(axis)), self().node()));
  }

  /** i32 index of the smallest element along the axis, the first of equals. */
  default Tensor argmin(int axis) {
    return Tensor.made(Ops.node(new Op.ArgReduce(Op.Fold.MIN, self().axis(axis)), self().node()));
  }

  /** A reduction of this tensor with the reduced axes put back at size 1, so that it broadcasts against this. */
  default Tensor keep(Tensor reduced, int... axes) {
    return reduced.reshape(self().shape().keeping(self().axes(axes)));
  }

  private Tensor reduce(Op.Fold fold, int... axes) {
    return self().unary(new Op.Reduce(fold, self().axes(axes)));
  }

  private long count(int... axes) {
    Axes reduced = self().axes(axes);
    long count = 1;
    for (int i = 0; i < reduced.count(); i++) {
      count *= self().shape().dim(reduced.get(i));
    }
    return count;
  }
}
