package dev.chainrule.tensor;

import dev.chainrule.graph.Shape;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;

/** Plain loops over plain arrays, as an independent way to say where elements go. */
record Naive(long[] shape, double[] values) {

  /** The element at each multi-index, computed one by one. */
  static Naive of(long[] shape, ToDoubleFunction<long[]> element) {
    double[] values = new double[Math.toIntExact(Shape.of(shape).elements())];
    for (int i = 0; i < values.length; i++) {
      values[i] = element.applyAsDouble(unravel(shape, i));
    }
    return new Naive(shape, values);
  }

  /** Distinct numbers: 1, 2, ... */
  static Naive counting(long... shape) {
    var next = new double[1];
    return of(shape, _ -> ++next[0]);
  }

  static Naive of(Tensor t) {
    return new Naive(t.shape().dims(), Values.read(t));
  }

  double at(long... index) {
    long place = 0;
    for (int i = 0; i < shape.length; i++) {
      if (index[i] < 0 || index[i] >= shape[i]) {
        throw new IndexOutOfBoundsException("axis " + i + ": " + index[i] + " of " + shape[i]);
      }
      place = place * shape[i] + index[i];
    }
    return values[(int) place];
  }

  int rank() {
    return shape.length;
  }

  Tensor tensor() {
    return shape.length == 0 ? Tensor.of(values).reshape(Shape.SCALAR) : Tensor.of(values, shape);
  }

  static long[] unravel(long[] shape, long place) {
    long[] index = new long[shape.length];
    for (int i = shape.length - 1; i >= 0; i--) {
      index[i] = place % shape[i];
      place /= shape[i];
    }
    return index;
  }

  /** The index with another number on one axis. */
  static long[] with(long[] index, int axis, long number) {
    long[] copy = index.clone();
    copy[axis] = number;
    return copy;
  }

  /** A shape of the rank with sizes from {@code least} to 5. */
  static long[] shape(SplittableRandom random, int rank, int least) {
    return random.longs(rank, least, 6).toArray();
  }
}
