package dev.chainrule.tensor;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.Axes;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.ScalarValue;
import dev.chainrule.graph.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** Rearrangements of {@link Tensor}s: nothing is computed, and mostly nothing is copied. */
sealed interface Shaping permits Tensor {

  private Tensor self() {
    return (Tensor) this;
  }

  /** The same elements in the same order; one size may be -1 and is worked out. */
  default Tensor reshape(long... shape) {
    return reshape(Movement.resolve(self().type(), shape));
  }

  default Tensor reshape(Shape shape) {
    return shape.equals(self().shape()) ? self() : self().unary(new Op.Reshape(shape));
  }

  /** [first, rest]: everything behind the axis in one. */
  default Tensor flatten(int from) {
    Shape kept = self().shape().slice(0, self().axis(from));
    return reshape(kept.concat(Shape.of(self().shape().slice(self().axis(from), self().rank()).elements())));
  }

  /** Axis i of the result is axis {@code order[i]} of this. */
  default Tensor permute(int... order) {
    return self().unary(new Op.Permute(Axes.of(Arrays.stream(order).map(self()::axis).toArray())));
  }

  /** The last two axes exchanged. */
  default Tensor transpose() {
    return Movement.transpose(self());
  }

  /** A new axis of size 1 at this position of the result. */
  default Tensor unsqueeze(int axis) {
    return Movement.unsqueeze(self(), axis);
  }

  /** Without an axis of size 1. */
  default Tensor squeeze(int axis) {
    return Movement.squeeze(self(), self().axis(axis));
  }

  default Tensor broadcastTo(Shape shape) {
    return shape.equals(self().shape()) ? self() : Tensor.made(Broadcast.to(self().node(), shape));
  }

  /** Elements [from, to) along an axis; negative bounds count from the end. */
  default Tensor slice(int axis, long from, long to) {
    return Movement.slice(self(), self().axis(axis), from, to);
  }

  /** One element along an axis, which disappears. */
  default Tensor select(int axis, long index) {
    return slice(axis, index, index == -1 ? self().dim(axis) : index + 1).squeeze(axis);
  }

  /** Every axis {@code range} of the result's elements; the general form of {@link #slice}. */
  default Tensor slice(List<Op.Range> ranges) {
    return self().unary(new Op.Slice(ranges));
  }

  /** The order along an axis reversed. */
  default Tensor flip(int axis) {
    return Movement.flip(self(), self().axis(axis));
  }

  /** {@code value} added {@code low} times before and {@code high} times after along an axis. */
  default Tensor pad(int axis, long low, long high, double value) {
    return Movement.pad(self(), self().axis(axis), low, high, Tensor.literal(ScalarValue.of(self().dtype(), value)));
  }

  /** {@code value} added {@code low} times before and {@code high} times after along an axis. */
  default Tensor pad(int axis, long low, long high, long value) {
    return Movement.pad(self(), self().axis(axis), low, high, Tensor.literal(ScalarValue.of(self().dtype(), value)));
  }

  /** The general form of {@link #pad}; the value is a scalar tensor. */
  default Tensor pad(List<Op.Edge> edges, Tensor value) {
    return Tensor.made(Ops.node(new Op.Pad(edges), self().node(), value.node()));
  }
}
