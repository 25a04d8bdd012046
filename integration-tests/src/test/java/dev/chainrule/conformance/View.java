package dev.chainrule.conformance;

import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * A way for a tensor to lie in memory: dense of some shape, then moved. Kernels must read them all.
 *
 * @param source shape of the input
 * @param move from the input to the tensor that the operation sees
 */
record View(String name, Shape source, UnaryOperator<Tensor> move) {

  static View dense(long... shape) {
    return new View("dense" + Arrays.toString(shape).replace(" ", ""), Shape.of(shape), x -> x);
  }

  static View transposed(long rows, long columns) {
    return new View("transposed[" + rows + "," + columns + "]", Shape.of(columns, rows), Tensor::transpose);
  }

  /** Every other row from the last one back, every third column from the second on. */
  static View stepped(long rows, long columns) {
    return new View("stepped[" + rows + "," + columns + "]", Shape.of(2 * rows + 1, 3 * columns + 1),
        x -> x.slice(List.of(new Op.Range(2 * rows, rows, -2), new Op.Range(1, columns, 3))));
  }

  /** One row for all. */
  static View repeatedRow(long rows, long columns) {
    return new View("repeated row[" + rows + "," + columns + "]", Shape.of(columns), x -> x.broadcastTo(Shape.of(rows, columns)));
  }

  /** One column for all. */
  static View repeatedColumn(long rows, long columns) {
    return new View("repeated column[" + rows + "," + columns + "]", Shape.of(rows, 1), x -> x.broadcastTo(Shape.of(rows, columns)));
  }

  static View repeatedScalar(long rows, long columns) {
    return new View("repeated scalar[" + rows + "," + columns + "]", Shape.SCALAR, x -> x.broadcastTo(Shape.of(rows, columns)));
  }

  /** From the middle of a buffer. */
  static View middle(long rows, long columns) {
    return new View("middle[" + rows + "," + columns + "]", Shape.of(rows + 3, columns), x -> x.slice(0, 2, rows + 2));
  }

  /** Scalar, empty, one element, odd sizes around vector widths, and every kind of movement. */
  static List<View> all() {
    return List.of(dense(), dense(0), dense(1), dense(1, 1, 1), dense(7), dense(16), dense(17), dense(3, 5), dense(33),
        transposed(0, 4), transposed(5, 7), transposed(67, 35), stepped(4, 5), stepped(33, 17), repeatedRow(5, 19), repeatedColumn(5, 19),
        repeatedScalar(3, 6), middle(4, 9), permuted());
  }

  private static View permuted() {
    return new View("permuted[5,3,4]", Shape.of(3, 4, 5), x -> x.permute(2, 0, 1));
  }

  /** Two tensors of one shape, lying differently. */
  static List<List<View>> pairs() {
    return List.of(
        List.of(dense(), dense()), List.of(dense(0), dense(0)), List.of(dense(1), dense(1)), List.of(dense(3, 5), dense(3, 5)),
        List.of(transposed(5, 7), dense(5, 7)), List.of(stepped(5, 7), transposed(5, 7)), List.of(dense(33, 17), stepped(33, 17)),
        List.of(dense(5, 19), repeatedRow(5, 19)), List.of(repeatedRow(5, 19), repeatedColumn(5, 19)),
        List.of(repeatedColumn(5, 19), middle(5, 19)),
        List.of(repeatedScalar(5, 19), dense(5, 19)), List.of(middle(5, 19), repeatedScalar(5, 19)),
        List.of(repeatedColumn(300, 257), repeatedRow(300, 257)), List.of(transposed(257, 263), dense(257, 263)));
  }

  @Override
  public String toString() {
    return name;
  }
}
