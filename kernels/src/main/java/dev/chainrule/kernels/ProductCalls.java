package dev.chainrule.kernels;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.BufferRef;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.Layout;
import dev.chainrule.schedule.Operand;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Sums of products: the matrix product, the convolution and its gradients, all in the tiles of {@code product.cl}. */
final class ProductCalls {

  /** Steps of depth that are summed before the sum is rounded into the whole, S19.14. */
  private static final long CHAIN = 256;

  /** Tiles of the usual size that keep a device busy; what has fewer is split along a depth of at least so many chains. */
  private static final long FEW_TILES = 64;
  private static final long SPLIT_CHAINS = 4;

  private ProductCalls() {}

  /** Buffers of a kernel beside an epilogue's: both operands, the word of faults, the numbers. */
  static final long MOST_OWN_BUFFERS = 4;

  /** Bytes that are loaded together, of at most so many elements. */
  private static final int PACK_BYTES = 16;
  private static final int MOST_IN_PACK = 8;

  /** Sums that a thread takes from shared memory together. */
  private static final int WIDE = 4;

  /**
   * The operations, each with the file that says where its operands lie.
   *
   * @param leftPacks whether the left operand can be loaded by packs
   * @param rightPacks likewise
   */
  private enum Kind {
    DOT("dot.cl", true, true),
    CONV("conv.cl", true, false),
    CONV_INPUT_GRADIENT("conv_input_gradient.cl", false, false),
    CONV_WEIGHT_GRADIENT("conv_weight_gradient.cl", true, false);

    private final String file;
    private final boolean leftPacks;
    private final boolean rightPacks;

    Kind(String file, boolean leftPacks, boolean rightPacks) {
      this.file = file;
      this.leftPacks = leftPacks;
      this.rightPacks = rightPacks;
    }
  }

  /**
   * How an operand lies in memory.
   *
   * @param alongDepth whether its elements follow one another along the depth
   * @param packs whether they do, along that axis or the other, in packs
   */
  private record Lying(boolean alongDepth, boolean packs) {

    static final Lying ALONG_DEPTH = new Lying(true, false);
    static final Lying ACROSS_DEPTH = new Lying(false, false);

    /** Of an operand of a matrix product, whose axis of depth and other axis are given. */
    static Lying of(Operand operand, int depth, int other) {
      Layout layout = operand.layout();
      boolean alongDepth = layout.stride(depth) == 1;
      int dense = Math.floorMod(alongDepth ? depth : other, layout.shape().rank());
      int length = packLength(operand.dtype());
      boolean packs = layout.stride(dense) == 1 && beginsWithPack(operand) && layout.shape().dim(dense) % length == 0;
      for (int axis = 0; axis < layout.shape().rank(); axis++) {
        packs &= axis == dense || layout.stride(axis) % length == 0;
      }
      return new Lying(alongDepth, packs);
    }

    /** Of a dense operand that follows the depth for so many elements. */
    static Lying alongDepth(Operand operand, long elements) {
      return new Lying(true, beginsWithPack(operand) && elements % packLength(operand.dtype()) == 0);
    }

    /** As memory does; slices move on by whatever a repetition's part is long. */
    private static boolean beginsWithPack(Operand operand) {
      return !(operand.buffer() instanceof BufferRef.Slice) && operand.layout().offset() % packLength(operand.dtype()) == 0;
    }

    long bits(boolean withPacks) {
      return (alongDepth ? 1 : 0) + (packs && withPacks ? 2 : 0);
    }
  }

  private static int packLength(DType dtype) {
    return Math.min(PACK_BYTES / dtype.bytes(), MOST_IN_PACK);
  }

  /** What a product is made of. */
  private record Product(long parts, long rows, long columns, long depth) {

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
      case Op.Dot _ -> dot(in.get(0).shape(), out.shape());
      case Op.Conv(var geometry) -> conv(new Sizes(geometry, in.get(0).shape(), out.shape(), in.get(1).shape()));
      case Op.ConvInputGradient(var geometry, var _) ->
          inputGradient(new Sizes(geometry, out.shape(), in.get(0).shape(), in.get(1).shape()));
      case Op.ConvWeightGradient(var geometry, var _) ->
          weightGradient(new Sizes(geometry, in.get(1).shape(), in.get(0).shape(), out.shape()));
      default -> throw new IllegalArgumentException(op.label() + " is no product");
    };
    return product.isThin() ? product.chains() * product.elements() * out.dtype().accumulator().bytes() : 0;
  }

  static boolean isProduct(Op op) {
    return op instanceof Op.Dot || op instanceof Op.Conv || op instanceof Op.ConvInputGradient || op instanceof Op.ConvWeightGradient;
  }

  /** @param epilogue what becomes of each element of the result, if anything */
  static void launch(Instruction.Call call, Optional<Epilogue> epilogue, Launches to) {
    Operand x = call.inputs().get(0);
    Operand y = call.inputs().get(1);
    Operand out = call.outputs().getFirst();
    var end = new End(out, call.workspace().stream().findFirst(), epilogue);
    switch (call.op()) {
      case Op.Dot _ -> launch(Kind.DOT, dot(x.shape(), out.shape()), new Side(x, Lying.of(x, -1, -2)), new Side(y, Lying.of(y, -2, -1)), end,
          strides(x.layout(), y.layout(), out.shape()), to);
      case Op.Conv(var geometry) -> {
        var sizes = new Sizes(geometry, x.shape(), out.shape(), y.shape());
        Product product = conv(sizes);
        launch(Kind.CONV, product, new Side(y, Lying.alongDepth(y, product.depth)), new Side(x, Lying.ACROSS_DEPTH), end, sizes.numbers(), to);
      }
      case Op.ConvInputGradient(var geometry, var _) -> {
        var sizes = new Sizes(geometry, out.shape(), x.shape(), y.shape());
        launch(Kind.CONV_INPUT_GRADIENT, inputGradient(sizes), new Side(y, Lying.ALONG_DEPTH), new Side(x, Lying.ACROSS_DEPTH), end,
            sizes.numbers(), to);
      }
      case Op.ConvWeightGradient(var geometry, var _) -> {
        var sizes = new Sizes(geometry, y.shape(), x.shape(), out.shape());
        launch(Kind.CONV_WEIGHT_GRADIENT, weightGradient(sizes), new Side(x, Lying.alongDepth(x, sizes.positions())),
            new Side(y, Lying.ALONG_DEPTH), end, sizes.numbers(), to);
      }
      default -> throw new IllegalArgumentException(call.op().label() + " is no product");
    }
  }

  private static Product dot(Shape x, Shape out) {
    return new Product(out.slice(0, out.rank() - 2).elements(), out.dim(-2), out.dim(-1), x.dim(-1));
  }

  private static List<Long> strides(Layout left, Layout right, Shape out) {
    int batchAxes = out.rank() - 2;
    List<Long> numbers = new ArrayList<>(List.of(left.stride(-2), left.stride(-1), right.stride(-2), right.stride(-1), (long) batchAxes));
    for (int axis = 0; axis < batchAxes; axis++) {
      numbers.addAll(List.of(out.dim(axis), left.stride(axis), right.stride(axis)));
    }
    return numbers;
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
    return new Product(sizes.geometry.groups(), sizes.filters(), sizes.samples() * sizes.positions(), sizes.channels() * sizes.places());
  }

  private static Product inputGradient(Sizes sizes) {
    return new Product(sizes.geometry.groups(), sizes.channels(), sizes.samples() * sizes.inputs(), sizes.filters() * sizes.places());
  }

  private static Product weightGradient(Sizes sizes) {
    return new Product(sizes.geometry.groups(), sizes.filters(), sizes.channels() * sizes.places(), sizes.samples() * sizes.positions());
  }

  /** One of the operands. */
  private record Side(Operand operand, Lying lying) {}

  /**
   * Where a product goes.
   *
   * @param sums where those of chains lie, of a product that is split; a device may give others a workspace, for a library
   * @param epilogue what becomes of the elements of the result before
   */
  private record End(Operand result, Optional<Operand> sums, Optional<Epilogue> epilogue) {

    /** Of a kernel that stores the result. */
    List<Place> places(Launches to) {
      return epilogue.map(Epilogue::places).orElseGet(() -> List.of(to.start(result)));
    }

    long[] numbersBefore() {
      return epilogue.map(Epilogue::geometry).orElseGet(() -> new long[0]);
    }

    /** @param own how many buffers the kernel has before those of {@link #places} */
    Template in(Template template, int own) {
      epilogue.ifPresent(e -> template.after(e.function()).and(e.label()));
      int buffers = own + epilogue.map(Epilogue::buffers).orElse(1) + 1;
      return template.with("leave", epilogue.map(e -> e.call(own)).orElse("AT(mem_$T, " + own + ")[at] = STORE_$T(total);"))
          .with("before", Integer.toString(numbersBefore().length))
          .with("buffers", IntStream.range(0, buffers).mapToObj("BUFFER(%d)"::formatted).collect(Collectors.joining(", ")))
          .on(result.dtype());
    }
  }

  private static void launch(Kind kind, Product product, Side left, Side right, End end, List<Long> own, Launches to) {
    boolean packs = to.target().registers();
    List<Long> all = new ArrayList<>(List.of(product.parts, product.rows, product.columns, product.depth,
        left.lying.bits(packs && kind.leftPacks), right.lying.bits(packs && kind.rightPacks)));
    all.addAll(own);
    long[] numbers = all.stream().mapToLong(Long::longValue).toArray();
    DType dtype = end.result.dtype();
    ProductTile tile = to.target().tiles().of(dtype, product.rows, product.columns, product.depth);
    Template template = wide(tile, dtype, tile.in(Template.of(kind.file, "product.cl")))
        .with("left_packs", packs && kind.leftPacks ? "1" : "0").with("right_packs", packs && kind.rightPacks ? "1" : "0");
    long tiles = product.tiles(tile);
    List<Place> operands = to.places(List.of(left.operand, right.operand));
    if (end.sums.isEmpty() || !product.isThin()) {
      to.groupsAfter(end.numbersBefore(), Math.min(tiles, GeneratedSource.MOST_GROUPS),
          end.in(template.with("split", "0"), operands.size()).source(), joined(operands, end.places(to)), numbers);
      return;
    }
    var between = new End(end.result, Optional.empty(), Optional.empty());
    Place sums = to.start(end.sums.get());
    to.groups(Math.min(tiles * product.chains(), GeneratedSource.MOST_GROUPS),
        between.in(template.with("split", "1"), operands.size()).source(), joined(operands, List.of(sums)), numbers);
    to.groupsAfter(end.numbersBefore(), Math.min(Math.ceilDiv(product.elements(), Source.THREADS), GeneratedSource.MOST_GROUPS),
        end.in(Template.of(kind.file, "product_join.cl"), 1).source(), joined(List.of(sums), end.places(to)), numbers);
  }

  /** What is loaded together, from memory and from shared memory. */
  private static Template wide(ProductTile tile, DType dtype, Template template) {
    int x = Math.min(WIDE, tile.ownRows());
    int y = Math.min(WIDE, tile.ownColumns());
    int sum = dtype.accumulator().bytes();
    int pack = packLength(dtype);
    return template.with("pack_length", Integer.toString(pack)).with("pack_bytes", Integer.toString(pack * dtype.bytes()))
        .with("x_wide", Integer.toString(x)).with("x_bytes", Integer.toString(x * sum))
        .with("y_wide", Integer.toString(y)).with("y_bytes", Integer.toString(y * sum));
  }

  private static List<Place> joined(List<Place> first, List<Place> then) {
    return Stream.concat(first.stream(), then.stream()).toList();
  }
}
