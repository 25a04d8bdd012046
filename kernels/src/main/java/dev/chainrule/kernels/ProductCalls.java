package dev.chainrule.kernels;

import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.schedule.Layout;
import dev.chainrule.schedule.Operand;
import java.util.ArrayList;
import java.util.List;

/** Sums of products: the matrix product, the convolution and its gradients, all in the tiles of {@code product.cl}. */
final class ProductCalls {

  /** Rows and columns of a tile. */
  private static final int TILE = 64;

  private ProductCalls() {}

  /**
   * What a product is made of.
   *
   * @param leftAlongDepth whether the left operand's elements follow one another along the depth
   * @param rightAlongDepth likewise
   */
  private record Product(long parts, long rows, long columns, long depth, boolean leftAlongDepth, boolean rightAlongDepth) {}

  static void dot(Operand x, Operand y, Operand out, Launches to) {
    Layout left = x.layout();
    Layout right = y.layout();
    Shape shape = out.shape();
    int batchAxes = shape.rank() - 2;
    var product = new Product(shape.slice(0, batchAxes).elements(), shape.dim(-2), shape.dim(-1), x.shape().dim(-1),
        left.stride(-1) == 1, right.stride(-2) == 1);
    List<Long> numbers = new ArrayList<>(List.of(left.stride(-2), left.stride(-1), right.stride(-2), right.stride(-1), (long) batchAxes));
    for (int axis = 0; axis < batchAxes; axis++) {
      numbers.addAll(List.of(shape.dim(axis), left.stride(axis), right.stride(axis)));
    }
    launch("dot.cl", product, x, y, out, numbers, to);
  }

  /** The sizes of a convolution that takes x to y, as {@code conv.cl} wants them. */
  private record Sizes(Op.Geometry geometry, Shape x, Shape y, Shape w) {
    long samples() {
      return x.dim(0);
    }

    long channels() {
      return w.dim(1);
    }

    long filters() {
      return w.dim(0) / geometry.groups();
    }

    long inputs() {
      return x.slice(2, x.rank()).elements();
    }

    long positions() {
      return y.slice(2, y.rank()).elements();
    }

    long places() {
      return w.slice(2, w.rank()).elements();
    }

    List<Long> numbers() {
      List<Long> numbers = new ArrayList<>(List.of(samples(), channels(), filters(), (long) geometry.groups(), inputs(), positions(),
          places(), (long) geometry.axes().size()));
      for (int axis = 0; axis < geometry.axes().size(); axis++) {
        Op.Spatial s = geometry.axes().get(axis);
        numbers.addAll(List.of(x.dim(axis + 2), y.dim(axis + 2), w.dim(axis + 2), s.stride(), s.dilation(), s.low()));
      }
      return numbers;
    }
  }

  static void conv(Op.Geometry geometry, Operand x, Operand w, Operand out, Launches to) {
    var sizes = new Sizes(geometry, x.shape(), out.shape(), w.shape());
    launch("conv.cl", new Product(geometry.groups(), sizes.filters(), sizes.samples() * sizes.positions(),
        sizes.channels() * sizes.places(), true, false), w, x, out, sizes.numbers(), to);
  }

  static void inputGradient(Op.Geometry geometry, Operand cotangent, Operand w, Operand out, Launches to) {
    var sizes = new Sizes(geometry, out.shape(), cotangent.shape(), w.shape());
    launch("conv_input_gradient.cl", new Product(geometry.groups(), sizes.channels(), sizes.samples() * sizes.inputs(),
        sizes.filters() * sizes.places(), true, false), w, cotangent, out, sizes.numbers(), to);
  }

  static void weightGradient(Op.Geometry geometry, Operand cotangent, Operand x, Operand out, Launches to) {
    var sizes = new Sizes(geometry, x.shape(), cotangent.shape(), out.shape());
    launch("conv_weight_gradient.cl", new Product(geometry.groups(), sizes.filters(), sizes.channels() * sizes.places(),
        sizes.samples() * sizes.positions(), true, true), cotangent, x, out, sizes.numbers(), to);
  }

  private static void launch(
      String file, Product product, Operand left, Operand right, Operand out, List<Long> own, Launches to) {
    List<Long> numbers = new ArrayList<>(List.of(product.parts, product.rows, product.columns, product.depth,
        product.leftAlongDepth ? 1L : 0L, product.rightAlongDepth ? 1L : 0L));
    numbers.addAll(own);
    long tiles = product.parts * Math.ceilDiv(product.rows, TILE) * Math.ceilDiv(product.columns, TILE);
    to.groups(Math.min(tiles, GeneratedSource.MOST_GROUPS), Template.of(file, "product.cl").on(out.dtype()).source(),
        to.places(List.of(left, right, out)), numbers.stream().mapToLong(Long::longValue).toArray());
  }
}
