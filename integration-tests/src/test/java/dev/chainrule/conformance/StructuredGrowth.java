package dev.chainrule.conformance;

import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.RandomStream;
import dev.chainrule.tensor.Tensor;
import java.util.List;
import java.util.stream.IntStream;

/** Grows random graphs by operations that look at several elements: reductions, products, indexing, sorting, random bits. */
final class StructuredGrowth {

  /** Products of sums that the interpreter computes in a few milliseconds. */
  private static final long MOST_PRODUCTS = 200_000;

  private StructuredGrowth() {}

  // --- reductions --------------------------------------------------------------------------------------------------------------------

  static void reduce(Pool pool) {
    Tensor x = pool.operand(List.of(Samples.ALL), 0);
    Op.Fold fold = pool.choices().of(List.of(Op.Fold.values()));
    int[] axes = IntStream.range(0, x.rank()).filter(_ -> !pool.choices().oneIn(2)).toArray();
    pool.add(PointwiseCases.apply(new Op.Reduce(fold, Axes.of(axes)), x));
  }

  static void argReduce(Pool pool) {
    Tensor x = pool.operand(List.of(Samples.ALL), 1);
    int axis = pool.axis(x);
    if (x.dim(axis) > 0) {
      pool.add(PointwiseCases.apply(new Op.ArgReduce(pool.choices().of(List.of(Op.Fold.MAX, Op.Fold.MIN)), axis), x));
    }
  }

  static void cumulate(Pool pool) {
    Tensor x = pool.operand(Samples.NUMERIC, 1);
    Op.Fold fold = pool.choices().of(List.of(Op.Fold.SUM, Op.Fold.PROD));
    pool.add(PointwiseCases.apply(new Op.Cumulate(fold, pool.axis(x), pool.choices().oneIn(2)), x));
  }

  static void sort(Pool pool) {
    Tensor x = pool.operand(List.of(Samples.ALL), 1);
    Tensor sorted = PointwiseCases.apply(new Op.Sort(pool.axis(x), pool.choices().oneIn(2)), x);
    pool.add(PointwiseCases.apply(new Op.Result(0), sorted));
    pool.add(PointwiseCases.apply(new Op.Result(1), sorted));
  }

  static void overlap(Pool pool) {
    Tensor x = pool.operand(Samples.NUMERIC, 2);
    int axis = pool.choices().below(x.rank() - 1);
    long count = x.dim(axis);
    long size = x.dim(-1);
    if (count == 0 || size == 0) {
      return;
    }
    long stride = pool.choices().between(1, 3);
    long dilation = pool.choices().between(1, 3);
    long length = (count - 1) * stride + (size - 1) * dilation + 1 + pool.choices().below(Math.toIntExact(stride));
    pool.add(PointwiseCases.apply(new Op.Overlap(axis, length, size, stride, dilation), x));
  }

  // --- products ----------------------------------------------------------------------------------------------------------------------

  /** x y, x y^T or x x^T. */
  static void dot(Pool pool) {
    Tensor x = pool.operand(Samples.NUMERIC, 2);
    int kind = pool.choices().below(3);
    long n = kind == 2 ? x.dim(-2) : pool.size();
    if (x.shape().elements() * n > MOST_PRODUCTS) {
      return;
    }
    Shape batch = x.shape().slice(0, x.rank() - 2);
    Tensor y = switch (kind) {
      case 0 -> pool.typed(x.type().withShape(batch.concat(Shape.of(x.dim(-1), n))));
      case 1 -> pool.typed(x.type().withShape(batch.concat(Shape.of(n, x.dim(-1))))).transpose();
      default -> x.transpose();
    };
    pool.add(PointwiseCases.apply(new Op.Dot(), x, y));
  }

  /** A convolution of a tensor that has the axes for it, or one of its gradients. */
  static void convolution(Pool pool) {
    Choices choices = pool.choices();
    Tensor x = pool.operand(t -> t.dtype().isFloating() && t.rank() > 2 && t.rank() < 6 && t.shape().elements() < 10_000)
        .orElseGet(() -> pool.source(new TensorType(choices.of(Samples.FLOATING), images(choices))));
    int groups = choices.oneIn(3) ? Math.max(1, Math.toIntExact(x.dim(1))) : 1;
    int filters = groups * choices.between(1, 3);
    long[] kernel = IntStream.range(2, x.rank()).mapToLong(_ -> choices.between(1, 3)).toArray();
    List<Op.Spatial> axes = IntStream.range(2, x.rank()).mapToObj(axis -> {
      int least = Math.toIntExact(Math.max(0, kernel[axis - 2] - x.dim(axis)));
      int low = choices.between(least, least + 2);
      int widest = kernel[axis - 2] == 1 ? 2 : Math.toIntExact((x.dim(axis) + low - 1) / (kernel[axis - 2] - 1));
      return new Op.Spatial(choices.between(1, 3), choices.between(1, Math.min(widest, 2)), low, choices.below(3));
    }).toList();
    var geometry = new Op.Geometry(axes, groups);
    Shape weights = Shape.of(filters, x.dim(1) / groups).concat(Shape.of(kernel));
    convolution(pool, geometry, x, x.type().withShape(weights));
  }

  private static Shape images(Choices choices) {
    int spatial = choices.between(1, 3);
    long[] dims = new long[2 + spatial];
    for (int i = 0; i < dims.length; i++) {
      dims[i] = i < 2 ? choices.of(List.of(1, 2, 3, 4, 0)) : choices.of(List.of(1, 2, 3, 5, 8, 0));
    }
    return Shape.of(dims);
  }

  private static void convolution(Pool pool, Op.Geometry geometry, Tensor x, TensorType weights) {
    Tensor w = pool.typed(weights);
    Tensor y = PointwiseCases.apply(new Op.Conv(geometry), x, w);
    if (y.shape().elements() * Math.max(1, weights.elements()) > 4 * MOST_PRODUCTS) {
      return;
    }
    switch (pool.choices().below(4)) {
      case 2 -> pool.add(PointwiseCases.apply(new Op.ConvInputGradient(geometry, x.shape()), pool.typed(y.type()), w));
      case 3 -> pool.add(PointwiseCases.apply(new Op.ConvWeightGradient(geometry, w.shape()), pool.typed(y.type()), x));
      default -> pool.add(y);
    }
  }

  // --- indexing ----------------------------------------------------------------------------------------------------------------------

  static void gather(Pool pool) {
    Tensor x = pool.operand(List.of(Samples.ALL), 1);
    int axis = pool.axis(x);
    pool.add(x.take(axis, pool.indices(Math.toIntExact(x.dim(axis)))));
  }

  static void scatterAdd(Pool pool) {
    Tensor x = pool.operand(Samples.NUMERIC, 1);
    int axis = pool.axis(x);
    Tensor at = pool.indices(Math.toIntExact(x.dim(axis)));
    Shape updates = x.shape().slice(0, axis).concat(at.shape()).concat(x.shape().slice(axis + 1, x.rank()));
    if (updates.elements() <= MOST_PRODUCTS) {
      pool.add(x.scatterAdd(axis, at, pool.typed(x.type().withShape(updates))));
    }
  }

  // --- random bits -------------------------------------------------------------------------------------------------------------------

  static void randomBits(Pool pool) {
    Choices choices = pool.choices();
    Shape shape = pool.shape(0);
    pool.add(switch (choices.below(4)) {
      case 1 -> RandomStream.of(choices.below(100)).uniform(shape);
      case 2 -> RandomStream.of(choices.below(100)).normal(shape);
      case 3 -> RandomStream.of(choices.below(100)).bernoulli(choices.of(List.of(0.5, 0.1, 0.0, 1.0)), shape);
      default -> {
        TensorType number = TensorType.scalar(DType.I64);
        yield PointwiseCases.apply(
            new Op.PhiloxBits(shape, choices.below(100)), pool.typed(number), pool.typed(number), pool.typed(number));
      }
    });
  }
}
