package dev.chainrule.tensor;

import dev.chainrule.DTypeMismatchException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.Axes;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** What users say about one axis, as operations on all of them. */
final class Movement {

  private Movement() {}

  /** The shape with a single -1 worked out. */
  static Shape resolve(TensorType type, long... dims) {
    requireSizes(type, dims);
    int open = -1;
    long known = 1;
    for (int i = 0; i < dims.length; i++) {
      if (dims[i] == -1) {
        open = i;
      } else {
        known = Math.multiplyExact(known, dims[i]);
      }
    }
    if (open < 0) {
      return Shape.of(dims);
    }
    if (known == 0 || type.elements() % known != 0) {
      throw new ShapeMismatchException("reshape", type + ": " + type.elements() + " elements do not divide by " + known, "");
    }
    long[] resolved = dims.clone();
    resolved[open] = type.elements() / known;
    return Shape.of(resolved);
  }

  private static void requireSizes(TensorType type, long... dims) {
    int open = 0;
    for (long size : dims) {
      if (size < -1) {
        throw new InvalidArgumentException("reshape", type + " to " + Arrays.toString(dims) + ": a negative size",
            "One size may be -1 and is worked out.");
      }
      open += size == -1 ? 1 : 0;
    }
    if (open > 1) {
      throw new InvalidArgumentException("reshape", type + " to " + Arrays.toString(dims) + ": several sizes are -1",
          "Only one can be worked out: give the others.");
    }
  }

  static Tensor transpose(Tensor x) {
    if (x.rank() < 2) {
      throw new ShapeMismatchException("transpose", x.type() + " has no two axes to exchange", "");
    }
    return swapAxes(x, x.rank() - 2, x.rank() - 1);
  }

  static Tensor swapAxes(Tensor x, int a, int b) {
    if (a == b) {
      return x;
    }
    int[] order = new int[x.rank()];
    for (int i = 0; i < order.length; i++) {
      order[i] = i == a ? b : i == b ? a : i;
    }
    return x.permute(order);
  }

  static Tensor moveAxis(Tensor x, int from, int to) {
    List<Integer> order = new ArrayList<>(IntStream.range(0, x.rank()).boxed().toList());
    order.add(to, order.remove(from));
    return from == to ? x : x.permute(order.stream().mapToInt(Integer::intValue).toArray());
  }

  static Tensor unsqueeze(Tensor x, int axis) {
    int at = newAxis("unsqueeze", x, axis);
    return x.reshape(x.shape().slice(0, at).concat(Shape.of(1)).concat(x.shape().slice(at, x.rank())));
  }

  /** Where a new axis comes to stand, counted from 0. */
  private static int newAxis(String what, Tensor x, int axis) {
    int at = axis < 0 ? axis + x.rank() + 1 : axis;
    if (at < 0 || at > x.rank()) {
      throw new InvalidArgumentException(what, "axis " + axis + " for " + x.type(),
          "The new axis stands at " + -(x.rank() + 1) + " to " + x.rank() + ".");
    }
    return at;
  }

  static Tensor stack(int axis, Tensor... parts) {
    if (parts.length == 0) {
      throw new InvalidArgumentException("stack", "no tensors given", "The result's type would be unknown.");
    }
    TensorType type = parts[0].type();
    for (Tensor part : parts) {
      if (part.dtype() != type.dtype()) {
        throw new DTypeMismatchException("stack", "element types differ: " + type + " and " + part.type(),
            "Types never mix silently: cast one of them.");
      }
      if (!part.type().equals(type)) {
        throw new ShapeMismatchException("stack", "shapes differ: " + type + " and " + part.type(),
            "concat(axis, ...) joins tensors that differ along its axis.");
      }
    }
    int at = newAxis("stack", parts[0], axis);
    return Tensor.concat(at, Stream.of(parts).map(part -> unsqueeze(part, at)).toArray(Tensor[]::new));
  }

  static Tensor squeeze(Tensor x, int axis) {
    if (x.dim(axis) != 1) {
      throw new ShapeMismatchException("squeeze", "axis " + axis + " of " + x.type() + " is not of size 1", "");
    }
    return x.reshape(x.shape().without(Axes.of(axis)));
  }

  static Tensor slice(Tensor x, int axis, long from, long to, long step) {
    long n = x.dim(axis);
    long start = from < 0 ? from + n : from;
    long end = to < 0 ? to + n : to;
    if (start < 0 || end > n || start > end) {
      throw new ShapeMismatchException("slice", "[" + from + ", " + to + ") of axis " + axis + " of " + x.type(), "");
    }
    if (step == 0) {
      throw new InvalidArgumentException("slice", "step 0 along axis " + axis + " of " + x.type(), "Steps are positive or negative.");
    }
    long size = start == end ? 0 : Math.abs((end - start - 1) / step) + 1;
    List<Op.Range> ranges = whole(x);
    ranges.set(axis, new Op.Range(step > 0 ? start : end - 1, size, size > 1 ? step : 1));
    return x.slice(ranges);
  }

  static Tensor select(Tensor x, int axis, long index) {
    long n = x.dim(axis);
    if (index < -n || index >= n) {
      throw new ShapeMismatchException("select", "index " + index + " of axis " + axis + " of " + x.type(),
          n == 0 ? "The axis is empty." : "Indices go from " + -n + " to " + (n - 1) + ".");
    }
    long at = index < 0 ? index + n : index;
    return squeeze(x.slice(axis, at, at + 1), axis);
  }

  static Tensor roll(Tensor x, int axis, long shift) {
    long n = x.dim(axis);
    long moved = n == 0 ? 0 : Math.floorMod(shift, n);
    return moved == 0 ? x : Tensor.concat(axis, x.slice(axis, n - moved, n), x.slice(axis, 0, n - moved));
  }

  static List<Tensor> split(Tensor x, int axis, long parts) {
    long n = x.dim(axis);
    if (parts < 1 || n % parts != 0) {
      throw new ShapeMismatchException("split", "axis " + axis + " of " + x.type() + " does not divide into " + parts + " equal parts",
          "Give the sizes of the parts: split(axis, sizes...).");
    }
    long[] sizes = new long[Math.toIntExact(parts)];
    Arrays.fill(sizes, n / parts);
    return split(x, axis, sizes);
  }

  static List<Tensor> split(Tensor x, int axis, long... sizes) {
    if (Arrays.stream(sizes).anyMatch(size -> size < 0) || Arrays.stream(sizes).sum() != x.dim(axis)) {
      throw new ShapeMismatchException("split",
          "parts of " + Arrays.toString(sizes) + " do not make up axis " + axis + " of " + x.type() + ", which has " + x.dim(axis), "");
    }
    List<Tensor> parts = new ArrayList<>();
    long from = 0;
    for (long size : sizes) {
      parts.add(x.slice(axis, from, from + size));
      from += size;
    }
    return List.copyOf(parts);
  }

  /** Each axis as two, of which the first is repeated. */
  static Tensor tile(Tensor x, long... repeats) {
    int rank = Math.max(x.rank(), repeats.length);
    long[] apart = new long[2 * rank];
    long[] joined = new long[rank];
    Arrays.fill(apart, 1);
    for (int i = 1; i <= rank; i++) {
      apart[2 * (rank - i) + 1] = i <= x.rank() ? x.dim(-i) : 1;
    }
    long[] repeated = apart.clone();
    for (int i = 1; i <= rank; i++) {
      long times = i <= repeats.length ? repeats[repeats.length - i] : 1;
      requireCount("tile", times, x);
      repeated[2 * (rank - i)] = times;
      joined[rank - i] = Math.multiplyExact(times, apart[2 * (rank - i) + 1]);
    }
    return x.reshape(apart).broadcastTo(Shape.of(repeated)).reshape(joined);
  }

  static Tensor repeatInterleave(Tensor x, int axis, long times) {
    requireCount("repeatInterleave", times, x);
    Shape repeated = x.shape().slice(0, axis + 1).concat(Shape.of(times)).concat(x.shape().slice(axis + 1, x.rank()));
    return x.unsqueeze(axis + 1).broadcastTo(repeated).reshape(x.shape().with(axis, Math.multiplyExact(times, x.dim(axis))));
  }

  private static void requireCount(String what, long times, Tensor x) {
    if (times < 0) {
      throw new InvalidArgumentException(what, times + " copies of " + x.type(), "The number of copies is 0 or more.");
    }
  }

  /** {@code windows} has the axis of the result's elements and one more. */
  static Tensor fold(Tensor windows, int axis, Op.Overlap op) {
    int rank = windows.rank() - 1;
    if (axis < -rank || axis >= rank) {
      throw new InvalidArgumentException("fold", "axis " + axis + " of the result of folding " + windows.type(),
          "Axes go from " + -rank + " to " + (rank - 1) + ": the last axis holds the windows' elements.");
    }
    return windows.unary(new Op.Overlap(axis < 0 ? axis + rank : axis, op.length(), op.size(), op.stride(), op.dilation()));
  }

  static Tensor pad(Tensor x, int axis, long low, long high, Tensor value) {
    List<Op.Edge> edges = new ArrayList<>();
    for (int i = 0; i < x.rank(); i++) {
      edges.add(i == axis ? new Op.Edge(low, high) : new Op.Edge(0, 0));
    }
    return x.pad(edges, value);
  }

  private static List<Op.Range> whole(Tensor x) {
    List<Op.Range> ranges = new ArrayList<>();
    for (int i = 0; i < x.rank(); i++) {
      ranges.add(new Op.Range(0, x.dim(i), 1));
    }
    return ranges;
  }
}
