package dev.chainrule.interop.nd4j;

import org.nd4j.linalg.api.ndarray.INDArray;

/** How an array's elements lie. */
final class Strides {

  private Strides() {}

  /** Whether the elements lie one after another in row-major order; the steps along axes of size 1 don't matter. */
  static boolean areDense(INDArray array) {
    long step = 1;
    for (int axis = array.rank() - 1; axis >= 0; axis--) {
      long size = array.size(axis);
      if (size != 1 && array.stride(axis) != step) {
        return false;
      }
      step *= size;
    }
    return true;
  }
}
