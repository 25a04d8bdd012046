package dev.chainrule.graph;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.Stability;
import java.util.Arrays;

/** The size of a tensor along each of its axes. A scalar has rank 0 and one element. */
@Stability(Stability.Level.API)
public final class Shape {

  /** The shape without axes, of one element. */
  public static final Shape SCALAR = new Shape(new long[0]);

  private final long[] dims;
  private final long elements;

  /** 0 until it is asked for; functions' bodies and plans are looked up by it. */
  private int hash;

  private Shape(long[] dims) {
    this.dims = dims;
    long product = 1;
    for (long d : dims) {
      if (d < 0) {
        throw new InvalidArgumentException("shape", "negative size in " + Arrays.toString(dims), "");
      }
      product = Math.multiplyExact(product, d);
    }
    this.elements = product;
  }

  /** The shape of these sizes, outermost first; of none, that of a scalar. */
  public static Shape of(long... dims) {
    return dims.length == 0 ? SCALAR : new Shape(dims.clone());
  }

  /** The number of axes. */
  public int rank() {
    return dims.length;
  }

  /**
   * Size along an axis; negative axes count from the last.
   *
   * @throws InvalidArgumentException when there is no such axis
   */
  public long dim(int axis) {
    if (axis < -dims.length || axis >= dims.length) {
      throw new InvalidArgumentException("shape", "axis " + axis + " of " + this, "");
    }
    return dims[axis < 0 ? axis + dims.length : axis];
  }

  /** A copy of the sizes, outermost first. */
  public long[] dims() {
    return dims.clone();
  }

  /** The product of all sizes; 1 for a scalar. */
  public long elements() {
    return elements;
  }

  /** Elements between neighbours along each axis of a dense row-major tensor. */
  public long[] strides() {
    long[] strides = new long[dims.length];
    long step = 1;
    for (int i = dims.length - 1; i >= 0; i--) {
      strides[i] = step;
      step *= Math.max(dims[i], 1);
    }
    return strides;
  }

  /** This shape with another size along one axis. */
  public Shape with(int axis, long size) {
    long[] copy = dims.clone();
    copy[axis] = size;
    return new Shape(copy);
  }

  /** This shape without the given axes. */
  public Shape without(Axes axes) {
    long[] kept = new long[dims.length - axes.count()];
    int n = 0;
    for (int i = 0; i < dims.length; i++) {
      if (!axes.contains(i)) {
        kept[n++] = dims[i];
      }
    }
    return new Shape(kept);
  }

  /** This shape with the given axes at size 1. */
  public Shape keeping(Axes axes) {
    long[] copy = dims.clone();
    for (int i = 0; i < axes.count(); i++) {
      copy[axes.get(i)] = 1;
    }
    return new Shape(copy);
  }

  /** This shape with the axes in a new order: axis i of the result is axis {@code order.get(i)} of this. */
  public Shape permute(Axes order) {
    long[] result = new long[dims.length];
    for (int i = 0; i < dims.length; i++) {
      result[i] = dims[order.get(i)];
    }
    return new Shape(result);
  }

  /** The sizes {@code from} (inclusive) to {@code to} (exclusive). */
  public Shape slice(int from, int to) {
    return new Shape(Arrays.copyOfRange(dims, from, to));
  }

  /** This shape followed by another's axes. */
  public Shape concat(Shape tail) {
    long[] joined = Arrays.copyOf(dims, dims.length + tail.dims.length);
    System.arraycopy(tail.dims, 0, joined, dims.length, tail.dims.length);
    return new Shape(joined);
  }

  @Override
  public boolean equals(Object other) {
    return this == other || other instanceof Shape s && Arrays.equals(dims, s.dims);
  }

  @Override
  public int hashCode() {
    int known = hash;
    if (known == 0) {
      known = Arrays.hashCode(dims);
      hash = known;
    }
    return known;
  }

  /** {@code [64,784]}; {@code []} for a scalar. */
  @Override
  public String toString() {
    var text = new StringBuilder("[");
    for (int i = 0; i < dims.length; i++) {
      text.append(i == 0 ? "" : ",").append(dims[i]);
    }
    return text.append(']').toString();
  }
}
