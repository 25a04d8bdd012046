package dev.chainrule.tensor;

import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.ScalarValue;
import dev.chainrule.graph.TensorType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntToLongFunction;
import java.util.stream.IntStream;

/** One number of each window over the last axes: sliding windows, whose elements are then reduced. */
final class Pooling {

  /**
   * x [..., lengths] -> the largest of each window, [..., windows along each axis]. Attributes: {@code size}, {@code stride} and
   * {@code padding}, lists with a number for each axis that windows move along.
   */
  static final CompositeFunction MAX_POOL = new CompositeFunction("maxPool", (in, attributes) -> {
    Pooling pool = maximum(in.getFirst(), attributes);
    return List.of(pool.windows(pool.x, lowest(pool.x.dtype())).max(pool.elements()));
  }, Optional.of((in, out, g, attributes) -> List.of(Optional.of(
      Pooling.MAX_POOL_GRADIENT.apply(attributes, in.getFirst(), out.getFirst(), Composites.only(g)).getFirst()))));

  /**
   * (x, the result of {@link #MAX_POOL} for it, the cotangent of that result) -> the cotangent of x. Equal maxima of a window share its
   * cotangent evenly.
   */
  static final CompositeFunction MAX_POOL_GRADIENT = new CompositeFunction("maxPoolGradient",
      (in, attributes) -> List.of(maximum(in.getFirst(), attributes).sharedAmongMaxima(in.get(1), in.get(2))), Optional.empty());

  private final SpatialAxes spatial;
  private final PoolOptions options;
  private final Tensor x;
  private final int first;

  private Pooling(SpatialAxes spatial, Tensor x, PoolOptions options) {
    this.spatial = spatial;
    this.options = options;
    this.x = x;
    this.first = x.rank() - spatial.count();
    requireFit();
  }

  static Tensor max(int axes, Tensor x, PoolOptions options) {
    var pool = new Pooling(SpatialAxes.of("maxPool", axes), x, options);
    return MAX_POOL.apply(pool.attributes(), x).getFirst();
  }

  private static Pooling maximum(Tensor x, Map<String, Object> attributes) {
    var options = new PoolOptions(numbers(attributes, "size"), numbers(attributes, "stride"), numbers(attributes, "padding"), true);
    return new Pooling(SpatialAxes.of("maxPool", options.size().size()), x, options);
  }

  private static List<Long> numbers(Map<String, Object> attributes, String name) {
    List<?> numbers = Composites.attribute(attributes, name, List.class);
    return numbers.stream().map(Long.class::cast).toList();
  }

  private Map<String, Object> attributes() {
    return Map.of("size", each(this::size), "stride", each(this::stride), "padding", each(this::padding));
  }

  private List<Long> each(IntToLongFunction number) {
    return IntStream.range(0, spatial.count()).mapToLong(number).boxed().toList();
  }

  /** In f32 for 16-bit floats, rounded at the end. */
  static Tensor average(int axes, Tensor x, PoolOptions options) {
    var pool = new Pooling(SpatialAxes.of("avgPool", axes), x, options);
    pool.spatial.requireFloating(x);
    Tensor wide = Precision.wide(x);
    Tensor sums = pool.windows(wide, ScalarValue.of(wide.dtype(), 0)).sum(pool.elements());
    return sums.div(pool.counts(wide.dtype())).cast(x.dtype());
  }

  // --- one axis ----------------------------------------------------------------------------------------------------------------------

  private long size(int axis) {
    return spatial.choose("size", options.size(), axis);
  }

  private long stride(int axis) {
    return spatial.choose("stride", options.stride(), axis);
  }

  private long padding(int axis) {
    return spatial.choose("padding", options.padding(), axis);
  }

  private long length(int axis) {
    return x.dim(first + axis);
  }

  private void requireFit() {
    if (first < 0) {
      throw new ShapeMismatchException(spatial.operation(), x.type() + ", expected [..., " + spatial.names() + "]", "");
    }
    for (int i = 0; i < spatial.count(); i++) {
      if (length(i) == 0 || size(i) > length(i) + 2 * padding(i)) {
        throw spatial.doesNotFit(first + i, "a window of " + size(i), x,
            length(i) + (padding(i) > 0 ? " + " + padding(i) + " + " + padding(i) : ""));
      }
    }
  }

  // --- all of them -------------------------------------------------------------------------------------------------------------------

  /** [..., windows along each axis, elements along each axis]. */
  private Tensor windows(Tensor of, ScalarValue around) {
    List<Op.Edge> edges = new ArrayList<>(Collections.nCopies(first, new Op.Edge(0, 0)));
    for (int i = 0; i < spatial.count(); i++) {
      edges.add(new Op.Edge(padding(i), padding(i)));
    }
    Tensor windows = edges.stream().allMatch(e -> e.low() == 0) ? of : of.pad(edges, Tensor.literal(around));
    for (int i = 0; i < spatial.count(); i++) {
      windows = windows.unary(new Op.Window(first + i, size(i), stride(i), 1));
    }
    return windows;
  }

  /** 16-bit floats are counted and divided in f32 and rounded at the end. */
  private Tensor sharedAmongMaxima(Tensor largest, Tensor cotangent) {
    Tensor windows = windows(x, lowest(x.dtype()));
    DType wide = x.dtype().accumulator();
    Tensor isLargest = windows.equal(forEachElement(largest)).cast(wide);
    Tensor part = isLargest.div(forEachElement(isLargest.sum(elements())));
    return addedUp(forEachElement(cotangent).cast(wide).mul(part).cast(x.dtype()));
  }

  /** One number for each window with axes of size 1 for its elements. */
  private Tensor forEachElement(Tensor perWindow) {
    Tensor result = perWindow;
    for (int i = 0; i < spatial.count(); i++) {
      result = result.unsqueeze(-1);
    }
    return result;
  }

  /** The adjoint of {@link #windows}. */
  private Tensor addedUp(Tensor windows) {
    Tensor sum = windows;
    for (int i = spatial.count() - 1; i >= 0; i--) {
      sum = sum.fold(first + i, length(i) + 2 * padding(i), size(i), stride(i), 1);
    }
    for (int i = 0; i < spatial.count(); i++) {
      sum = padding(i) == 0 ? sum : sum.slice(first + i, padding(i), padding(i) + length(i));
    }
    return sum;
  }

  private int[] elements() {
    return IntStream.range(x.rank(), x.rank() + spatial.count()).toArray();
  }

  /** What the sum of each window is divided by: one number, or one for each window. */
  private Tensor counts(DType dtype) {
    if (options.countPadding()) {
      return Tensor.literal(ScalarValue.of(dtype, IntStream.range(0, spatial.count()).mapToLong(this::size).reduce(1, (a, b) -> a * b)));
    }
    Tensor counts = inside(0, dtype);
    for (int i = 1; i < spatial.count(); i++) {
      counts = counts.unsqueeze(-1).mul(inside(i, dtype));
    }
    return counts;
  }

  /** How many elements of each window along an axis lie in the input. */
  private Tensor inside(int axis, DType dtype) {
    double[] counts = new double[Math.toIntExact((length(axis) + 2 * padding(axis) - size(axis)) / stride(axis) + 1)];
    for (int i = 0; i < counts.length; i++) {
      long start = i * stride(axis) - padding(axis);
      counts[i] = Math.min(length(axis), start + size(axis)) - Math.max(0, start);
    }
    return Tensor.constant(HostArray.ofDoubles(TensorType.of(dtype, counts.length), counts));
  }

  /** What is never the maximum beside another. */
  private static ScalarValue lowest(DType dtype) {
    return switch (dtype) {
      case F32, F64, F16, BF16 -> ScalarValue.of(dtype, Double.NEGATIVE_INFINITY);
      case I32 -> ScalarValue.of(dtype, Integer.MIN_VALUE);
      case I64 -> ScalarValue.of(dtype, Long.MIN_VALUE);
      case U8, BOOL -> ScalarValue.of(dtype, 0);
    };
  }
}
