package dev.chainrule.backend.cpu;

import dev.chainrule.graph.Shape;

/** The index along an axis, for blocks of a domain in row-major order. */
record Counting(long length, long inner) {

  static Counting along(int axis, Shape shape) {
    return new Counting(shape.dim(axis), shape.slice(axis + 1, shape.rank()).elements());
  }

  void count(long[] to, long start, int n) {
    long k = start / inner % length;
    long repeated = start % inner;
    for (int i = 0; i < n; i++) {
      to[i] = k;
      if (++repeated == inner) {
        repeated = 0;
        k = k + 1 == length ? 0 : k + 1;
      }
    }
  }
}
