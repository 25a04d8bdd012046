package dev.chainrule.backend.cuda;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A convolution of ours, or a gradient of one, as cuDNN wants it: of images x [samples, channels, spatial...], filters w [filters, channels
 * of a group, spatial...] and responses y [samples, filters, spatial...], of which two are given and one is computed. The library knows two
 * and three spatial axes; one is two of which the first has size 1. Groups are not told: the library divides x's channels by w's.
 *
 * @param data type of all three, in the library's numbers
 * @param tf32 whether tensor cores may take operands of f32, which they round to 11 bits
 * @param low zeros before each spatial axis of x, {@code high} those behind it
 */
record DnnConvolution(Kind kind, int data, boolean tf32, Tensor x, Tensor w, Tensor y, List<Long> low, List<Long> high, List<Long> strides,
    List<Long> dilations) {

  private static final int MOST_AXES = 3;

  /** What is computed, and where x, w and y are among first operand, second operand and result. */
  enum Kind {
    FORWARD(0, 1, 2), INPUT_GRADIENT(2, 1, 0), WEIGHT_GRADIENT(1, 2, 0);

    private final List<Integer> places;

    Kind(int x, int w, int y) {
      this.places = List.of(x, w, y);
    }

    /** The operands' numbers, x's first, then w's, then y's. */
    List<Integer> places() {
      return places;
    }
  }

  /**
   * One of the three.
   *
   * @param alignment bytes that its address is a multiple of
   */
  record Tensor(List<Long> sizes, List<Long> strides, long alignment) {}

  DnnConvolution {
    low = List.copyOf(low);
    high = List.copyOf(high);
    strides = List.copyOf(strides);
    dilations = List.copyOf(dilations);
  }

  /**
   * Empty if it is no such operation, or if the library has no words for it.
   *
   * @param operands first, second, result
   * @param alignments of their addresses
   */
  static Optional<DnnConvolution> of(Op op, List<TensorType> operands, List<Long> alignments) {
    return switch (op) {
      case Op.Conv(var geometry) -> of(Kind.FORWARD, geometry, operands, alignments);
      case Op.ConvInputGradient(var geometry, Shape _) -> of(Kind.INPUT_GRADIENT, geometry, operands, alignments);
      case Op.ConvWeightGradient(var geometry, Shape _) -> of(Kind.WEIGHT_GRADIENT, geometry, operands, alignments);
      default -> Optional.empty();
    };
  }

  private static Optional<DnnConvolution> of(Kind kind, Op.Geometry geometry, List<TensorType> operands, List<Long> alignments) {
    int axes = geometry.axes().size();
    Optional<Integer> data = data(operands.getFirst().dtype());
    boolean fits = axes > 0 && axes <= MOST_AXES && operands.stream().allMatch(type -> type.elements() > 0)
        && geometry.axes().stream().allMatch(axis -> axis.low() >= 0 && axis.high() >= 0);
    if (data.isEmpty() || !fits) {
      return Optional.empty();
    }
    List<Tensor> roles = kind.places.stream().map(i -> tensor(operands.get(i).shape(), alignments.get(i))).toList();
    return Optional.of(new DnnConvolution(kind, data.get(), geometry.tf32(), roles.get(0), roles.get(1), roles.get(2), each(geometry, 0, Op.Spatial::low),
        each(geometry, 0, Op.Spatial::high), each(geometry, 1, Op.Spatial::stride), each(geometry, 1, Op.Spatial::dilation)));
  }

  /** Those whose sums are f32. */
  private static Optional<Integer> data(DType dtype) {
    return switch (dtype) {
      case F32 -> Optional.of(Cudnn.CUDNN_DATA_FLOAT);
      case F16 -> Optional.of(Cudnn.CUDNN_DATA_HALF);
      case BF16 -> Optional.of(Cudnn.CUDNN_DATA_BFLOAT16);
      case F64, I32, I64, U8, BOOL -> Optional.empty();
    };
  }

  private static Tensor tensor(Shape shape, long alignment) {
    Shape sizes = shape.rank() == 3 ? Shape.of(shape.dim(0), shape.dim(1), 1, shape.dim(2)) : shape;
    return new Tensor(IntStream.range(0, sizes.rank()).mapToObj(sizes::dim).toList(),
        Arrays.stream(sizes.strides()).boxed().toList(), alignment);
  }

  /** A number of each spatial axis. */
  private static List<Long> each(Op.Geometry geometry, long ofAddedAxis, ToLongFunction<Op.Spatial> number) {
    List<Long> all = new ArrayList<>();
    if (geometry.axes().size() == 1) {
      all.add(ofAddedAxis);
    }
    geometry.axes().forEach(axis -> all.add(number.applyAsLong(axis)));
    return all;
  }

  /** Bytes of all three. */
  long bytes() {
    long bytes = data == Cudnn.CUDNN_DATA_FLOAT ? Float.BYTES : Short.BYTES;
    return Stream.of(x, w, y).mapToLong(tensor -> tensor.sizes.stream().reduce(bytes, (i, j) -> i * j)).sum();
  }
}
