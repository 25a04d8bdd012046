package dev.chainrule.tensor;

import dev.chainrule.DTypeMismatchException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;

/** Look-ups in {@link Tensor}s by positions that are themselves tensors. */
sealed interface Indexing permits Tensor {

  private Tensor self() {
    return (Tensor) this;
  }

  /**
   * x[a..., n, b...] at i[c...] -> [a..., c..., b...].
   *
   * @param indices i32 or i64; one outside [0, n) makes the run fail and name it
   */
  default Tensor take(int axis, Tensor indices) {
    return Tensor.made(Ops.node(new Op.Gather(self().axis("take", axis)), self().node(), indices.node()));
  }

  /**
   * This tensor x[a..., n, b...] with updates[a..., c..., b...] added at i[c...] along the axis, in index order; equal indices add up.
   *
   * @param indices i32 or i64; one outside [0, n) makes the run fail and name it
   * @param updates of this tensor's type
   */
  default Tensor scatterAdd(int axis, Tensor indices, Tensor updates) {
    return Tensor.made(Ops.node(new Op.ScatterAdd(self().axis("scatterAdd", axis)), self().node(), indices.node(), updates.node()));
  }

  /** {@link #take} at the indices of a vector: x[a..., n, b...] at i[k] -> [a..., k, b...]. */
  default Tensor indexSelect(int axis, Tensor indices) {
    if (indices.rank() != 1) {
      throw new ShapeMismatchException("indexSelect",
          "expected a vector of indices, got " + indices.type(), "For any other shape use take.");
    }
    return take(axis, indices);
  }

  /**
   * An index of its own for each element: {@code result[..., k, ...] = x[..., indices[..., k, ...], ...]}, both along the axis. So
   * {@code x.takeAlong(a, x.argsort(a))} is sorted. As numpy.take_along_axis.
   *
   * @param indices i32 or i64 of this tensor's rank; on the other axes its sizes and this tensor's are equal or 1. An index outside
   *     [0, n) makes the run fail and name it, as the one of a {@code gather} from the axis's own n numbers
   */
  default Tensor takeAlong(int axis, Tensor indices) {
    return AlongAxis.take(self(), self().axis("takeAlong", axis), indices);
  }

  /**
   * This tensor with {@code updates[..., k, ...]} added at {@code [..., indices[..., k, ...], ...]}, in row-major order of the updates;
   * equal indices add up. The adjoint of {@link #takeAlong}.
   *
   * @param indices i32 or i64 of this tensor's rank; on the other axes of its size or of size 1. An index outside [0, n) makes the run
   *     fail and name it
   * @param updates of this tensor's type but for the axis, which has the size of the indices'
   */
  default Tensor scatterAlongAdd(int axis, Tensor indices, Tensor updates) {
    return AlongAxis.scatterAdd(self(), self().axis("scatterAlongAdd", axis), indices, updates);
  }

  /** {@code value} where the bool mask is true, this tensor elsewhere; both broadcast. */
  default Tensor maskedFill(Tensor mask, double value) {
    return mask.where(self().like(value), self());
  }

  /** {@code value} where the bool mask is true, this tensor elsewhere; both broadcast. */
  default Tensor maskedFill(Tensor mask, long value) {
    return mask.where(self().like(value), self());
  }

  /** bool [..., classes]: true at each integer's own place, nowhere for an integer outside [0, classes). */
  default Tensor oneHot(long classes) {
    if (!self().dtype().isInteger()) {
      throw new DTypeMismatchException("oneHot",
          self().type() + " are not class numbers, expected integers", "Cast them first: cast(DType.I32).");
    }
    Tensor number = self().cast(self().dtype() == DType.I64 ? DType.I64 : DType.I32); // u8 cannot count the classes
    var type = new TensorType(number.dtype(), self().shape().concat(Shape.of(classes)));
    return number.unsqueeze(self().rank()).equal(Tensor.indices(type, self().rank()));
  }
}
