package dev.chainrule.tensor;

import dev.chainrule.DTypeMismatchException;
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

  /** x[a..., n, b...] at i[c...] -> [a..., c..., b...]; an index outside [0, n) makes the run fail and name it. */
  default Tensor take(int axis, Tensor indices) {
    return Tensor.made(Ops.node(new Op.Gather(self().axis(axis)), self().node(), indices.node()));
  }

  /** This tensor with updates[a..., c..., b...] added at i[c...] along the axis, in index order. */
  default Tensor scatterAdd(int axis, Tensor indices, Tensor updates) {
    return Tensor.made(Ops.node(new Op.ScatterAdd(self().axis(axis)), self().node(), indices.node(), updates.node()));
  }

  /** bool [..., classes]: true at each integer's own place, nowhere for an integer outside [0, classes). */
  default Tensor oneHot(long classes) {
    if (!self().dtype().isInteger()) {
      throw new DTypeMismatchException("oneHot", self().type() + " are not class numbers, expected integers", "Cast them first: cast(DType.I32).");
    }
    Tensor number = self().cast(self().dtype() == DType.I64 ? DType.I64 : DType.I32); // u8 cannot count the classes
    var type = new TensorType(number.dtype(), self().shape().concat(Shape.of(classes)));
    return number.unsqueeze(self().rank()).equal(Tensor.indices(type, self().rank()));
  }
}
