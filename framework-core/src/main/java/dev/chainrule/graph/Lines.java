package dev.chainrule.graph;

import java.util.function.IntConsumer;

/**
 * A dense tensor seen along one axis: [outer, length, inner], as many lines of {@code length} elements as there are positions beside
 * the axis.
 */
record Lines(int outer, int length, int inner) {

  static Lines along(Shape shape, int axis) {
    return new Lines(
        Math.toIntExact(shape.slice(0, axis).elements()),
        Math.toIntExact(shape.dim(axis)),
        Math.toIntExact(shape.slice(axis + 1, shape.rank()).elements()));
  }

  /** The lines of a tensor whose axis has another length. */
  Lines withLength(int other) {
    return new Lines(outer, other, inner);
  }

  /** Runs over the numbers of all lines. */
  void forEach(IntConsumer body) {
    for (int line = 0; line < outer * inner; line++) {
      body.accept(line);
    }
  }

  /** Where element k of a line lies in the row-major tensor. */
  int index(int line, int k) {
    return (line / inner * length + k) * inner + line % inner;
  }
}
