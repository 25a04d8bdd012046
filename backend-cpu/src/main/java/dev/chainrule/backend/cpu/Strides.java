package dev.chainrule.backend.cpu;

import dev.chainrule.schedule.Layout;
import java.util.Arrays;

/**
 * A layout with as few axes as say the same: axes of size 1 are gone, neighbours that one stride walks are one axis. Elements keep their
 * row-major order.
 */
final class Strides {

  private final long[] dims;
  private final long[] strides;
  private final long offset;

  Strides(long[] dims, long[] strides, long offset) {
    this.dims = dims;
    this.strides = strides;
    this.offset = offset;
  }

  static Strides of(Layout layout) {
    int rank = layout.shape().rank();
    long[] dims = new long[rank];
    long[] strides = new long[rank];
    int kept = 0;
    for (int axis = 0; axis < rank; axis++) {
      long dim = layout.shape().dim(axis);
      long stride = layout.stride(axis);
      if (dim == 1) {
        continue;
      }
      if (kept > 0 && strides[kept - 1] == stride * dim) {
        dims[kept - 1] *= dim;
        strides[kept - 1] = stride;
      } else {
        dims[kept] = dim;
        strides[kept] = stride;
        kept++;
      }
    }
    return new Strides(Arrays.copyOf(dims, kept), Arrays.copyOf(strides, kept), layout.offset());
  }

  /** All axes as they are: row r of the last one is the r-th in row-major order, however long. */
  static Strides rows(Layout layout) {
    int rank = layout.shape().rank();
    long[] strides = new long[rank];
    Arrays.setAll(strides, layout::stride);
    return new Strides(layout.shape().dims(), strides, layout.offset());
  }

  /** Every element is the same one. */
  boolean isUniform() {
    return Arrays.stream(strides).allMatch(s -> s == 0);
  }

  /** Whether there are several rows, and all are the same. */
  boolean isRepeated() {
    return dims.length > 1 && Arrays.stream(strides, 0, dims.length - 1).allMatch(s -> s == 0);
  }

  /** Whether all elements lie evenly spaced in one row. */
  boolean isRow() {
    return dims.length <= 1;
  }

  /** The length of the last axis, 1 without axes. */
  long rowLength() {
    return dims.length == 0 ? 1 : dims[dims.length - 1];
  }

  /** The step along the last axis. */
  long rowStride() {
    return dims.length == 0 ? 0 : strides[dims.length - 1];
  }

  /**
   * How many pieces of {@code length} elements from number {@code piece} on are evenly spaced; rows are whole pieces.
   *
   * @param at the element that the first one begins with
   */
  long evenPieces(long piece, long at, long length) {
    if (isRow()) {
      return Long.MAX_VALUE;
    }
    if (rowLength() > length) {
      return (rowLength() - at % rowLength()) / length;
    }
    return dims.length == 2 ? Long.MAX_VALUE : dims[dims.length - 2] - piece % dims[dims.length - 2];
  }

  /** From one of these pieces to the next. */
  long step(long length) {
    return rowLength() > length || dims.length < 2 ? length * rowStride() : strides[dims.length - 2];
  }

  /** Where the row with number {@code row} begins, in elements. */
  long rowOffset(long row) {
    long at = offset;
    for (int axis = dims.length - 2; axis > 0; axis--) {
      at += row % dims[axis] * strides[axis];
      row /= dims[axis];
    }
    return dims.length < 2 ? at : at + row * strides[0];
  }
}
