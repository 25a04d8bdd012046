package dev.chainrule.tensor;

import dev.chainrule.DTypeMismatchException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import java.util.List;

/**
 * The last axes of a tensor, over which windows move.
 *
 * @param operation the name in messages, such as conv2d
 * @param count how many
 */
record SpatialAxes(String operation, int count) {

  private static final List<String> NAMES = List.of("depth", "height", "width");

  static SpatialAxes of(String operation, int count) {
    return new SpatialAxes(operation + count + "d", count);
  }

  /** {@code height, width}. */
  String names() {
    return count == 1 ? "length" : String.join(", ", NAMES.subList(NAMES.size() - count, NAMES.size()));
  }

  /** The number for the axis, of one for all or one for each. */
  <T> T choose(String what, List<T> numbers, int axis) {
    if (numbers.size() != 1 && numbers.size() != count) {
      throw new InvalidArgumentException(operation,
          what + " has " + numbers.size() + " numbers, expected 1" + (count == 1 ? "" : " or " + count), "");
    }
    return numbers.get(numbers.size() == 1 ? 0 : axis);
  }

  void requireFloating(Tensor x) {
    if (!x.dtype().isFloating()) {
      throw new DTypeMismatchException(operation, "not defined for " + x.type(), "Cast to f32 first.");
    }
  }

  /** A window that is longer than its axis. */
  ShapeMismatchException doesNotFit(int axis, String window, Tensor x, String padded) {
    return new ShapeMismatchException(operation,
        "axis " + axis + " of " + x.type() + ": " + window + " does not fit a length of " + padded, "Padding makes the input longer.");
  }
}
