package dev.chainrule.tensor;

import dev.chainrule.DTypeMismatchException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;

/** Elements with an index of their own along one axis, reached by their positions in the flattened tensor. */
final class AlongAxis {

  private AlongAxis() {}

  static Tensor take(Tensor x, int axis, Tensor indices) {
    requireIndices("takeAlong", x, indices);
    long[] dims = x.shape().dims();
    for (int i = 0; i < dims.length; i++) {
      long at = indices.dim(i);
      if (i != axis && dims[i] != at && dims[i] != 1 && at != 1) {
        throw new ShapeMismatchException("takeAlong", x.type() + " at " + indices.type() + " along axis " + axis + " (" + dims[i] + " vs "
            + at + ")", "On the other axes sizes must be equal or 1.");
      }
      dims[i] = i == axis || dims[i] == 1 ? at : dims[i];
    }
    return flat(x).take(0, positions(x.shape(), axis, indices, Shape.of(dims)));
  }

  static Tensor scatterAdd(Tensor x, int axis, Tensor indices, Tensor updates) {
    requireIndices("scatterAlongAdd", x, indices);
    TensorType expected = x.type().withShape(x.shape().with(axis, indices.dim(axis)));
    if (updates.dtype() != x.dtype()) {
      throw new DTypeMismatchException("scatterAlongAdd",
          "element types differ: " + x.type() + " and updates " + updates.type(), "Types never mix silently: cast one of them.");
    }
    boolean fits = updates.type().equals(expected);
    for (int i = 0; i < x.rank(); i++) {
      fits &= i == axis || indices.dim(i) == 1 || indices.dim(i) == x.dim(i);
    }
    if (!fits) {
      throw new ShapeMismatchException("scatterAlongAdd", "updates " + updates.type() + " at " + indices.type() + " along axis " + axis
          + " of " + x.type(), "Updates are " + expected + "; on the other axes indices are as many or one.");
    }
    return flat(x).scatterAdd(0, positions(x.shape(), axis, indices, expected.shape()), updates).reshape(x.shape());
  }

  /**
   * For each element of {@code result} its place in a dense tensor of the given shape. A wrong index would be a right place in some other
   * line, so each is first looked up among the numbers that the axis has: that changes nothing but faults.
   */
  private static Tensor positions(Shape shape, int axis, Tensor indices, Shape result) {
    var type = new TensorType(DType.I64, result);
    long[] strides = shape.strides();
    Tensor checked = Tensor.arange(indices.dtype(), shape.dim(axis)).take(0, indices);
    Tensor position = checked.cast(DType.I64).mul(strides[axis]);
    for (int i = 0; i < strides.length; i++) {
      if (i != axis && shape.dim(i) > 1) {
        position = position.add(Tensor.indices(type, i).mul(strides[i]));
      }
    }
    return position.broadcastTo(result);
  }

  private static Tensor flat(Tensor x) {
    return x.reshape(Shape.of(x.shape().elements()));
  }

  private static void requireIndices(String what, Tensor x, Tensor indices) {
    if (indices.dtype() != DType.I32 && indices.dtype() != DType.I64) {
      throw new DTypeMismatchException(what,
          "indices are " + indices.type() + ", expected i32 or i64", "Cast them first: cast(DType.I32).");
    }
    if (indices.rank() != x.rank()) {
      throw new ShapeMismatchException(what, "indices " + indices.type() + " are not of the rank of " + x.type(),
          "take(axis, indices) reads whole rows at indices of any shape.");
    }
  }
}
