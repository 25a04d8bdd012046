package dev.chainrule.conformance;

import dev.chainrule.graph.Axes;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** Grows random graphs by operations that rearrange elements. */
final class MovementGrowth {

  private static final int HIGHEST_RANK = 5;

  private MovementGrowth() {}

  private static Tensor any(Pool pool, int leastRank) {
    return pool.operand(List.of(Samples.ALL), leastRank);
  }

  /** All in one axis, an axis more, two neighbours joined, one axis split. */
  static void reshape(Pool pool) {
    Tensor x = any(pool, 0);
    Shape shape = x.shape();
    pool.add(x.reshape(switch (pool.choices().below(4)) {
      case 1 -> {
        int at = pool.choices().below(x.rank() + 1);
        yield x.rank() < HIGHEST_RANK ? shape.slice(0, at).concat(Shape.of(1)).concat(shape.slice(at, x.rank())) : shape;
      }
      case 2 -> {
        int at = pool.choices().below(Math.max(x.rank() - 1, 1));
        yield x.rank() < 2 ? shape
            : shape.slice(0, at).concat(Shape.of(shape.dim(at) * shape.dim(at + 1))).concat(shape.slice(at + 2, x.rank()));
      }
      case 3 -> x.rank() == 0 || x.rank() == HIGHEST_RANK ? shape : split(pool, shape, pool.axis(x));
      default -> Shape.of(shape.elements());
    }));
  }

  private static Shape split(Pool pool, Shape shape, int axis) {
    long size = shape.dim(axis);
    List<Long> divisors = LongStream.of(1, 2, 3, 4, 5, 7, 8, 16).filter(d -> size % d == 0).boxed().toList();
    long divisor = pool.choices().of(divisors);
    return shape.slice(0, axis).concat(Shape.of(size / divisor, divisor)).concat(shape.slice(axis + 1, shape.rank()));
  }

  static void permute(Pool pool) {
    Tensor x = any(pool, 2);
    List<Integer> left = new ArrayList<>(IntStream.range(0, x.rank()).boxed().toList());
    int[] order = IntStream.range(0, x.rank()).map(_ -> left.remove(pool.choices().below(left.size()))).toArray();
    pool.add(PointwiseCases.apply(new Op.Permute(Axes.of(order)), x));
  }

  /** Axes of size 1 repeated, and perhaps one more in front. */
  static void expand(Pool pool) {
    Tensor x = any(pool, 0);
    Shape shape = x.shape();
    for (int axis = 0; axis < x.rank(); axis++) {
      shape = shape.dim(axis) == 1 && pool.choices().oneIn(2) ? shape.with(axis, pool.size()) : shape;
    }
    boolean more = x.rank() < HIGHEST_RANK && pool.choices().oneIn(2);
    pool.add(PointwiseCases.apply(new Op.Expand(more ? Shape.of(pool.size()).concat(shape) : shape), x));
  }

  static void pad(Pool pool) {
    Tensor x = any(pool, 0);
    List<Op.Edge> edges = IntStream.range(0, x.rank())
        .mapToObj(_ -> new Op.Edge(pool.choices().below(4), pool.choices().below(4))).toList();
    pool.add(PointwiseCases.apply(new Op.Pad(edges), x, pool.typed(TensorType.scalar(x.dtype()))));
  }

  static void slice(Pool pool) {
    Tensor x = any(pool, 1);
    List<Op.Range> ranges = LongStream.of(x.shape().dims()).mapToObj(size -> range(pool, Math.toIntExact(size))).toList();
    pool.add(PointwiseCases.apply(new Op.Slice(ranges), x));
  }

  private static Op.Range range(Pool pool, int size) {
    int step = pool.choices().of(List.of(1, -1, 2, -2, 3, -3));
    int most = (size + Math.abs(step) - 1) / Math.abs(step);
    int count = most - pool.choices().below(most + 1);
    int span = count == 0 ? 0 : (count - 1) * Math.abs(step) + 1;
    int first = pool.choices().below(size - span + 1);
    return new Op.Range(step > 0 ? first : first + Math.max(span - 1, 0), count, step);
  }

  static void concat(Pool pool) {
    Tensor x = any(pool, 1);
    int axis = pool.axis(x);
    List<Tensor> parts = new ArrayList<>(List.of(x));
    int more = pool.choices().below(3);
    for (int i = 0; i < more; i++) {
      Shape shape = pool.choices().oneIn(2) ? x.shape().with(axis, pool.size()) : x.shape();
      if (shape.elements() <= x.shape().elements() + 2_000) {
        parts.add(pool.choices().below(parts.size() + 1), pool.typed(x.type().withShape(shape)));
      }
    }
    pool.add(PointwiseCases.apply(new Op.Concat(axis), parts.toArray(Tensor[]::new)));
  }

  static void window(Pool pool) {
    Tensor x = any(pool, 1);
    int axis = pool.axis(x);
    int length = Math.toIntExact(x.dim(axis));
    if (length == 0 || x.rank() == HIGHEST_RANK) {
      return;
    }
    int size = pool.choices().between(1, Math.min(length, 4));
    int widest = size == 1 ? 3 : Math.min(3, (length - 1) / (size - 1));
    int dilation = pool.choices().between(1, widest);
    pool.add(PointwiseCases.apply(new Op.Window(axis, size, pool.choices().between(1, 3), dilation), x));
  }

  static void copy(Pool pool) {
    pool.add(any(pool, 0).copy());
  }

  static void barrier(Pool pool) {
    pool.add(any(pool, 0).barrier());
  }
}
