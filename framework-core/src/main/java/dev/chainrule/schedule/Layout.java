package dev.chainrule.schedule;

import dev.chainrule.graph.Axes;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;

/**
 * Where the elements of a tensor lie in a buffer: element (i0, i1, ...) is at {@code offset + i0*stride0 + i1*stride1 + ...}, counted
 * in elements. Most movement operations only change the layout: a broadcast axis has stride 0, a flipped one a negative stride.
 */
public final class Layout {

  private final Shape shape;
  private final long offset;
  private final long[] strides;

  /** The stride of an axis of size 1 is never taken: it is 0, so that equal layouts are equal. */
  private Layout(Shape shape, long offset, long[] strides) {
    this.shape = shape;
    this.offset = offset;
    this.strides = strides;
    for (int axis = 0; axis < strides.length; axis++) {
      strides[axis] = shape.dim(axis) == 1 ? 0 : strides[axis];
    }
  }

  /** Row-major without gaps, from the start of the buffer. */
  public static Layout dense(Shape shape) {
    return new Layout(shape, 0, shape.strides());
  }

  /** Over {@code domain}, row-major without gaps in the axes that are not folded; an index along the others changes nothing. */
  public static Layout folded(Shape domain, Axes folded) {
    return dense(domain.keeping(folded)).expand(domain);
  }

  /** How many elements along each axis. */
  public Shape shape() {
    return shape;
  }

  /** Where its first element lies, in elements. */
  public long offset() {
    return offset;
  }

  /** Elements between neighbours along an axis; negative axes count from the last. */
  public long stride(int axis) {
    return strides[axis < 0 ? axis + strides.length : axis];
  }

  /** True when the elements follow one another in row-major order, wherever the first one lies. */
  public boolean isContiguous() {
    long step = 1;
    for (int i = shape.rank() - 1; i >= 0; i--) {
      if (shape.dim(i) != 1 && strides[i] != step) {
        return shape.elements() == 0;
      }
      step *= shape.dim(i);
    }
    return true;
  }

  /** The same elements with axes in another order. */
  public Layout permute(Axes order) {
    long[] result = new long[strides.length];
    for (int i = 0; i < strides.length; i++) {
      result[i] = strides[order.get(i)];
    }
    return new Layout(shape.permute(order), offset, result);
  }

  /** Axes of size 1 repeated, and new ones in front, to reach {@code target}. */
  public Layout expand(Shape target) {
    int added = target.rank() - strides.length;
    long[] result = new long[target.rank()];
    for (int i = added; i < result.length; i++) {
      result[i] = shape.dim(i - added) == target.dim(i) ? strides[i - added] : 0;
    }
    return new Layout(target, offset, result);
  }

  /** The elements in these ranges, one for each axis. */
  public Layout slice(List<Op.Range> ranges) {
    long[] dims = new long[strides.length];
    long[] result = new long[strides.length];
    long start = offset;
    for (int i = 0; i < strides.length; i++) {
      Op.Range r = ranges.get(i);
      dims[i] = r.size();
      result[i] = strides[i] * r.step();
      start += strides[i] * r.start();
    }
    return new Layout(Shape.of(dims), start, result);
  }

  /** The first part along the first axis, which disappears; the others are {@code stride(0)} apart. */
  public Layout first() {
    return new Layout(shape.slice(1, shape.rank()), 0, Arrays.copyOfRange(strides, 1, strides.length));
  }

  /** Overlapping windows along an axis; their elements become a new last axis. */
  public Layout window(Op.Window window, Shape result) {
    long[] windowed = Arrays.copyOf(strides, strides.length + 1);
    windowed[window.axis()] = strides[window.axis()] * window.stride();
    windowed[strides.length] = strides[window.axis()] * window.dilation();
    return new Layout(result, offset, windowed);
  }

  /** The same elements in the same order under another shape; empty when no strides express that. */
  public Optional<Layout> reshape(Shape target) {
    if (isContiguous()) {
      return Optional.of(new Layout(target, offset, target.strides()));
    }
    long[] result = new long[target.rank()];
    int from = 0;
    int to = 0;
    while (from < shape.rank() || to < target.rank()) {
      int fromStart = from;
      int toStart = to;
      long a = from < shape.rank() ? shape.dim(from++) : 1;
      long b = to < target.rank() ? target.dim(to++) : 1;
      while (a != b) {
        if (a < b) {
          a *= shape.dim(from++);
        } else {
          b *= target.dim(to++);
        }
      }
      if (!mergeable(fromStart, from)) {
        return Optional.empty();
      }
      long step = innermostStride(fromStart, from);
      for (int i = to - 1; i >= toStart; i--) {
        result[i] = step;
        step *= target.dim(i);
      }
    }
    return Optional.of(new Layout(target, offset, result));
  }

  /**
   * Whether no element of this layout is one of the other's, in one buffer, as strides show it: seen as rows of some length, the two lie
   * in different columns. Parts of a tensor along an axis do.
   */
  public boolean isApartFrom(Layout other) {
    return LongStream.concat(LongStream.concat(Arrays.stream(strides), Arrays.stream(other.strides)), LongStream.of(Long.MAX_VALUE))
        .filter(row -> row > 0).anyMatch(row -> {
          long here = offset % row;
          long there = other.offset % row;
          long end = columnsEnd(row);
          long otherEnd = other.columnsEnd(row);
          return end > 0 && otherEnd > 0 && (end <= there || otherEnd <= here);
        });
  }

  /** The column behind the last, seen as rows of this length; 0 if elements go on from one row to the next. */
  private long columnsEnd(long row) {
    long end = offset % row + 1;
    for (int axis = 0; axis < strides.length; axis++) {
      if (strides[axis] < 0) {
        return 0;
      }
      end += strides[axis] < row ? strides[axis] * (shape.dim(axis) - 1) : 0;
      if (strides[axis] >= row && strides[axis] % row != 0) {
        return 0;
      }
    }
    return end <= row ? end : 0;
  }

  /** True when the axes [from, to) can be walked with one stride. */
  private boolean mergeable(int from, int to) {
    int inner = -1;
    for (int i = to - 1; i >= from; i--) {
      if (shape.dim(i) == 1) {
        continue;
      }
      if (inner >= 0 && strides[i] != strides[inner] * shape.dim(inner)) {
        return false;
      }
      inner = i;
    }
    return true;
  }

  private long innermostStride(int from, int to) {
    for (int i = to - 1; i >= from; i--) {
      if (shape.dim(i) != 1) {
        return strides[i];
      }
    }
    return 1;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Layout l && shape.equals(l.shape) && offset == l.offset && Arrays.equals(strides, l.strides);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * shape.hashCode() + Long.hashCode(offset)) + Arrays.hashCode(strides);
  }

  @Override
  public String toString() {
    return shape + "@" + offset + Arrays.toString(strides).replace(" ", "");
  }
}
