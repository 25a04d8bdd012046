package dev.chainrule.tensor;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.Axes;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.ScalarValue;
import dev.chainrule.graph.Shape;
import java.util.List;
import java.util.stream.Stream;

/** Rearrangements of {@link Tensor}s: hardly anything is computed, and mostly nothing is copied. Axes may count from the end. */
sealed interface Shaping permits Tensor {

  private Tensor self() {
    return (Tensor) this;
  }

  /**
   * The same elements in row-major order in another shape of as many; one size may be -1 and is worked out.
   *
   * @throws dev.chainrule.ShapeMismatchException when the elements do not fill the shape
   * @throws dev.chainrule.InvalidArgumentException when several sizes are -1
   */
  default Tensor reshape(long... shape) {
    return reshape(Movement.resolve(self().type(), shape));
  }

  /** The same elements in row-major order in another shape of as many. */
  default Tensor reshape(Shape shape) {
    return shape.equals(self().shape()) ? self() : self().unary(new Op.Reshape(shape));
  }

  /** All elements in one axis, row-major; a scalar gives [1]. */
  default Tensor flatten() {
    return reshape(Shape.of(self().shape().elements()));
  }

  /** [a..., b...] -> [a..., product of b]: the axis and everything behind it in one. */
  default Tensor flatten(int from) {
    int first = self().axis("flatten", from);
    Shape kept = self().shape().slice(0, first);
    return reshape(kept.concat(Shape.of(self().shape().slice(first, self().rank()).elements())));
  }

  /** Axis i of the result is axis {@code order[i]} of this: [2, 3, 5] by (2, 0, 1) -> [5, 2, 3]. Every axis is named once. */
  default Tensor permute(int... order) {
    int[] fromZero = new int[order.length];
    for (int i = 0; i < order.length; i++) {
      fromZero[i] = self().axis("permute", order[i]);
    }
    return self().unary(new Op.Permute(Axes.of(fromZero)));
  }

  /** The last two axes exchanged: [..., m, n] -> [..., n, m]. */
  default Tensor transpose() {
    return Movement.transpose(self());
  }

  /** Two axes exchanged. */
  default Tensor swapAxes(int a, int b) {
    return Movement.swapAxes(self(), self().axis("swapAxes", a), self().axis("swapAxes", b));
  }

  /** The axis {@code from} at position {@code to} of the result; the others keep their order. */
  default Tensor moveAxis(int from, int to) {
    return Movement.moveAxis(self(), self().axis("moveAxis", from), self().axis("moveAxis", to));
  }

  /** A new axis of size 1 at this position of the result: [m, n] at 1 -> [m, 1, n]. */
  default Tensor unsqueeze(int axis) {
    return Movement.unsqueeze(self(), axis);
  }

  /** Without an axis of size 1. */
  default Tensor squeeze(int axis) {
    return Movement.squeeze(self(), self().axis("squeeze", axis));
  }

  /** The elements repeated along axes of size 1 and along new ones in front, as NumPy does. */
  default Tensor broadcastTo(Shape shape) {
    return shape.equals(self().shape()) ? self() : Tensor.made(Broadcast.to(self().node(), shape));
  }

  /** Elements [from, to) along an axis; negative bounds count from the end. */
  default Tensor slice(int axis, long from, long to) {
    return slice(axis, from, to, 1);
  }

  /**
   * Of the elements [from, to) along an axis every {@code |step|}-th: from the first one on, or with a negative step from the last one
   * back. In NumPy's notation {@code x[from:to][::step]}, so {@code slice(0, 0, n, -1)} is all of them reversed. (NumPy's
   * {@code x[from:to:step]} names the ends in the order of the walk; there an end before the first element cannot be written, as -1 is
   * the last one.) Negative bounds count from the end, bounds outside the axis and a step of 0 are errors.
   */
  default Tensor slice(int axis, long from, long to, long step) {
    return Movement.slice(self(), self().axis("slice", axis), from, to, step);
  }

  /** One element along an axis, which disappears; a negative index counts from the end. */
  default Tensor select(int axis, long index) {
    return Movement.select(self(), self().axis("select", axis), index);
  }

  /** Every axis {@code range} of the result's elements; the general form of {@link #slice}. */
  default Tensor slice(List<Op.Range> ranges) {
    return self().unary(new Op.Slice(ranges));
  }

  /** The order along an axis reversed. */
  default Tensor flip(int axis) {
    return slice(axis, 0, self().dim(axis), -1);
  }

  /** Elements moved {@code shift} places towards higher positions along an axis, those beyond the end to its beginning. */
  default Tensor roll(int axis, long shift) {
    return Movement.roll(self(), self().axis("roll", axis), shift);
  }

  /** As many parts of equal size along an axis: {@code split(0, 3)} is three parts, not parts of three as in PyTorch. */
  default List<Tensor> split(int axis, long parts) {
    return Movement.split(self(), self().axis("split", axis), parts);
  }

  /** Parts of the given sizes along an axis, one after another; the sizes add up to the axis's. */
  default List<Tensor> split(int axis, long... sizes) {
    return Movement.split(self(), self().axis("split", axis), sizes);
  }

  /** Repeated as a whole, {@code repeats} times along each axis; aligned at the last axis, what is missing on either side counts as 1. */
  default Tensor tile(long... repeats) {
    return Movement.tile(self(), repeats);
  }

  /** Each element along an axis {@code times} times in a row. */
  default Tensor repeatInterleave(int axis, long times) {
    return Movement.repeatInterleave(self(), self().axis("repeatInterleave", axis), times);
  }

  /** The lower triangle of the last two axes, the main diagonal included; zeros above it. */
  default Tensor tril() {
    return tril(0);
  }

  /** Element [..., i, j] where {@code j - i <= diagonal}, 0 elsewhere. */
  default Tensor tril(long diagonal) {
    return Triangles.lower(self(), diagonal);
  }

  /** The upper triangle of the last two axes, the main diagonal included; zeros below it. */
  default Tensor triu() {
    return triu(0);
  }

  /** Element [..., i, j] where {@code j - i >= diagonal}, 0 elsewhere. */
  default Tensor triu(long diagonal) {
    return Triangles.upper(self(), diagonal);
  }

  /** The main diagonal of the last two axes: [..., rows, columns] to [..., min(rows, columns)]. */
  default Tensor diagonal() {
    return diagonal(0);
  }

  /** The elements [..., i, i + offset] of the last two axes, as a new last axis; empty where the offset leaves the matrix. */
  default Tensor diagonal(long offset) {
    return Triangles.diagonal(self(), offset);
  }

  /**
   * Sliding windows along an axis, without padding: its size n becomes their count {@code (n - (size - 1) dilation - 1) / stride + 1},
   * rounded down, and a new last axis holds the {@code size} elements of each, {@code dilation} apart. {@link #fold} is the adjoint.
   */
  default Tensor window(int axis, long size, long stride, long dilation) {
    return self().unary(new Op.Window(self().axis("window", axis), size, stride, dilation));
  }

  /**
   * Windows [..., count, ..., size] added up where they came from, [..., length, ...]: overlapping ones add, what none covers is 0. The
   * adjoint of {@link #window}, whose arguments it takes; not for bool.
   *
   * @param axis of the result, and of the windows' count
   * @param length of the result along the axis
   */
  default Tensor fold(int axis, long length, long size, long stride, long dilation) {
    return Movement.fold(self(), axis, new Op.Overlap(0, length, size, stride, dilation));
  }

  /** {@code value} added {@code low} times before and {@code high} times after along an axis. */
  default Tensor pad(int axis, long low, long high, double value) {
    return Movement.pad(self(), self().axis("pad", axis), low, high, Tensor.literal(ScalarValue.of(self().dtype(), value)));
  }

  /** {@code value} added {@code low} times before and {@code high} times after along an axis. */
  default Tensor pad(int axis, long low, long high, long value) {
    return Movement.pad(self(), self().axis("pad", axis), low, high, Tensor.literal(ScalarValue.of(self().dtype(), value)));
  }

  /** The general form of {@link #pad}; the value is a scalar tensor. */
  default Tensor pad(List<Op.Edge> edges, Tensor value) {
    return Tensor.made(Ops.node(new Op.Pad(edges), self().node(), value.node()));
  }
}
