package dev.chainrule.kernels;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.Layout;
import dev.chainrule.schedule.Operand;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Sums of products: the matrix product, the convolution and its gradients, all in the tiles of {@code product.cl}. */
final class ProductCalls {

  /** Steps of depth that are summed before the sum is rounded into the whole, S19.14. */
  private static final long CHAIN = 256;

  /** Tiles of the usual size that keep a device busy; what has fewer is split along a depth of at least so many chains. */
  private static final long FEW_TILES = 64;
  private static final long SPLIT_CHAINS = 4;

  private ProductCalls() {}

  /**
   * What a product is made of.
   *
   * @param leftAlongDepth whether the left operand's elements follow one another along the depth
   * @param rightAlongDepth likewise
   */
  private record Product(long parts, long rows, long columns, long depth, boolean leftAlongDepth, boolean rightAlongDepth) {

    long tiles(ProductTile tile) {
      return parts * Math.ceilDiv(rows, tile.rows()) * Math.ceilDiv(columns, tile.columns());
    }

    long chains() {
      return Math.ceilDiv(depth, CHAIN);
    }

    /** A property of the shape alone, like all that decides how a plan looks. */
    boolean isThin() {
      return tiles(ProductTile.DEFAULT) < FEW_TILES && chains() >= SPLIT_CHAINS;
    }

    long elements() {
      return parts * rows * columns;
    }
  }

  /** What the sums of chains need where a thin product is split; at most about as much as its operands. */
  static long workspaceBytes(Op op, List<TensorType> in, TensorType out) {
    Product product = switch (op) {
      case Op.Dot _ -> dot(in.get(0).shape(), out.shape(), false, false);
      case Op.Conv(var geometry) -> conv(new Sizes(geometry, in.get(0).shape(), out.shape(), in.get(1).shape()));
      case Op.ConvInputGradient(var geometry, var _) ->
          inputGradient(new Sizes(geometry, out.shape(), in.get(0).shape(), in.get(1).shape()));
      case Op.ConvWeightGradient(var geometry, var _) ->
          weightGradient(new Sizes(geometry, in.get(1).shape(), in.get(0).shape(), out.shape()));
      default -> throw new IllegalArgumentException(op.label() + " is no product");
    };
    return product.isThin() ? product.chains() * product.elements() * out.dtype().accumulator().bytes() : 0;
  }

  static void launch(Instruction.Call call, Launches to) {
    Operand x = call.inputs().get(0);
    Operand y = call.inputs().get(1);
    Operand out = call.outputs().getFirst();
    Optional<Operand> sums = call.workspace().stream().findFirst();
    switch (call.op()) {
      case Op.Dot _ -> dot(x, y, out, sums, to);
      case Op.Conv(var geometry) -> {
        var sizes = new Sizes(geometry, x.shape(), out.shape(), y.shape());
        launch("conv.cl", conv(sizes), List.of(y, x, out), sums, sizes.numbers(), to);
      }
      case Op.ConvInputGradient(var geometry, var _) -> {
        var sizes = new Sizes(geometry, out.shape(), x.shape(), y.shape());
        launch("conv_input_gradient.cl", inputGradient(sizes), List.of(y, x, out), sums, sizes.numbers(), to);
      }
      case Op.ConvWeightGradient(var geometry, var _) -> {
        var sizes = new Sizes(geometry, y.shape(), x.shape(), out.shape());
        launch("conv_weight_gradient.cl", weightGradient(sizes), List.of(x, y, out), sums, sizes.numbers(), to);
      }
      default -> throw new IllegalArgumentException(call.op().label() + " is no product");
    }
  }

  private static Product dot(Shape x, Shape out, boolean leftAlongDepth, boolean rightAlongDepth) {
    return new Product(out.slice(0, out.rank() - 2).elements(), out.dim(-2), out.dim(-1), x.dim(-1), leftAlongDepth, rightAlongDepth);
  }

  private static void dot(Operand x, Operand y, Operand out, Optional<Operand> sums, Launches to) {
    Layout left = x.layout();
    Layout right = y.layout();
    Shape shape = out.shape();
    int batchAxes = shape.rank() - 2;
    List<Long> numbers = new ArrayList<>(List.of(left.stride(-2), left.stride(-1), right.stride(-2), right.stride(-1), (long) batchAxes));
    for (int axis = 0; axis < batchAxes; axis++) {
      numbers.addAll(List.of(shape.dim(axis), left.stride(axis), right.stride(axis)));
    }
    Product product = dot(x.shape(), shape, left.stride(-1) == 1, right.stride(-2) == 1);
    launch("dot.cl", product, List.of(x, y, out), sums, numbers, to);
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

  private static Product conv(Sizes sizes) {
    return new Product(sizes.geometry.groups(), sizes.filters(), sizes.samples() * sizes.positions(), sizes.channels() * sizes.places(),
        true, false);
  }

  private static Product inputGradient(Sizes sizes) {
    return new Product(sizes.geometry.groups(), sizes.channels(), sizes.samples() * sizes.inputs(), sizes.filters() * sizes.places(),
        true, false);
  }

  private static Product weightGradient(Sizes sizes) {
    return new Product(sizes.geometry.groups(), sizes.filters(), sizes.channels() * sizes.places(), sizes.samples() * sizes.positions(),
        true, true);
  }

  /**
   * @param operands left, right, result
   * @param sums where those of chains lie, of a product that is split; a device may give others a workspace, for a library
   */
  private static void launch(
      String file, Product product, List<Operand> operands, Optional<Operand> sums, List<Long> own, Launches to) {
    List<Long> all = new ArrayList<>(List.of(product.parts, product.rows, product.columns, product.depth,
        product.leftAlongDepth ? 1L : 0L, product.rightAlongDepth ? 1L : 0L));
    all.addAll(own);
    long[] numbers = all.stream().mapToLong(Long::longValue).toArray();
    DType dtype = operands.get(2).dtype();
    ProductTile tile = to.tiles().of(dtype, product.rows, product.columns, product.depth);
    Template template = tile.in(Template.of(file, "product.cl").on(dtype));
    long tiles = product.tiles(tile);
    List<Place> places = new ArrayList<>(to.places(operands));
    if (sums.isEmpty() || !product.isThin()) {
      to.groups(Math.min(tiles, GeneratedSource.MOST_GROUPS), template.with("split", "0").source(), places, numbers);
      return;
    }
    Place result = places.removeLast();
    places.add(to.start(sums.get()));
    to.groups(Math.min(tiles * product.chains(), GeneratedSource.MOST_GROUPS), template.with("split", "1").source(), places, numbers);
    to.groups(Math.min(Math.ceilDiv(product.elements(), Source.THREADS), GeneratedSource.MOST_GROUPS),
        Template.of(file, "product_join.cl").on(dtype).source(), List.of(places.getLast(), result), numbers);
  }
}
