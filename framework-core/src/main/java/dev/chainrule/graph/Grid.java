package dev.chainrule.graph;

/** Row-major numbering of a shape's elements: index to coordinates and back. */
final class Grid {

  private final long[] dims;
  private final long[] strides;
  private final int elements;

  Grid(Shape shape) {
    this.dims = shape.dims();
    this.strides = shape.strides();
    this.elements = Math.toIntExact(shape.elements());
  }

  int elements() {
    return elements;
  }

  /** The coordinates of element i. */
  long[] at(long i) {
    long[] at = new long[dims.length];
    for (int axis = 0; axis < at.length; axis++) {
      at[axis] = i / strides[axis] % dims[axis];
    }
    return at;
  }

  /** The number of the element at these coordinates; further coordinates are ignored. */
  int index(long[] at) {
    long index = 0;
    for (int axis = 0; axis < dims.length; axis++) {
      index += at[axis] * strides[axis];
    }
    return (int) index;
  }

  boolean contains(long[] at) {
    for (int axis = 0; axis < dims.length; axis++) {
      if (at[axis] < 0 || at[axis] >= dims[axis]) {
        return false;
      }
    }
    return true;
  }
}
