package dev.chainrule.backend.cpu;

import dev.chainrule.graph.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Windows over the last one to three axes of an input, brought to three: those missing in front have size 1. The axes before them are
 * planes, which have nothing to do with one another.
 */
final class PoolingSizes {

  private static final int AXES = 3;

  private final long planes;
  private final long[] lengths = ones();
  private final long[] sizes = ones();
  private final long[] strides = ones();
  private final long[] paddings = new long[AXES];
  private final long[] counts = ones();
  private final boolean sideBySide;
  private final boolean quarters;

  /** @param attributes the composite's: {@code size}, {@code stride} and {@code padding} along each axis */
  PoolingSizes(Map<String, Object> attributes, Shape input) {
    List<?> size = numbers(attributes, "size");
    int missing = AXES - size.size();
    int first = input.rank() - size.size();
    this.planes = input.slice(0, first).elements();
    for (int i = missing; i < AXES; i++) {
      lengths[i] = input.dim(first + i - missing);
      sizes[i] = (Long) size.get(i - missing);
      strides[i] = (Long) numbers(attributes, "stride").get(i - missing);
      paddings[i] = (Long) numbers(attributes, "padding").get(i - missing);
      counts[i] = (lengths[i] + 2 * paddings[i] - sizes[i]) / strides[i] + 1;
    }
    this.sideBySide = Arrays.equals(sizes, strides) && Arrays.stream(paddings).allMatch(padding -> padding == 0);
    this.quarters = sideBySide && sizes[0] == 1 && sizes[1] == 2 && sizes[2] == 2;
  }

  private static List<?> numbers(Map<String, Object> attributes, String name) {
    return (List<?>) Objects.requireNonNull(attributes.get(name), name);
  }

  private static long[] ones() {
    long[] ones = new long[AXES];
    Arrays.fill(ones, 1);
    return ones;
  }

  long planes() {
    return planes;
  }

  long length(int axis) {
    return lengths[axis];
  }

  long size(int axis) {
    return sizes[axis];
  }

  /** Windows along an axis. */
  long count(int axis) {
    return counts[axis];
  }

  /** Elements of a plane. */
  long elements() {
    return lengths[0] * lengths[1] * lengths[2];
  }

  /** Windows of a plane. */
  long windows() {
    return counts[0] * counts[1] * counts[2];
  }

  /** Elements of a window, those in the padding too. */
  long windowElements() {
    return sizes[0] * sizes[1] * sizes[2];
  }

  /** The first element of a window along an axis that lies in the input. */
  long begin(int axis, long window) {
    return Math.max(0, window * strides[axis] - paddings[axis]);
  }

  /** Where its elements along an axis end in the input. */
  long end(int axis, long window) {
    return Math.min(lengths[axis], window * strides[axis] - paddings[axis] + sizes[axis]);
  }

  /** The first window that holds an element along an axis; beyond {@link #lastWindow} if none does. */
  long firstWindow(int axis, long element) {
    return Math.max(0, Math.ceilDiv(element + paddings[axis] - sizes[axis] + 1, strides[axis]));
  }

  long lastWindow(int axis, long element) {
    return Math.min(counts[axis] - 1, (element + paddings[axis]) / strides[axis]);
  }

  /** Whether no element is in two windows, and none of a window's is in the padding. */
  boolean sideBySide() {
    return sideBySide;
  }

  /** Whether windows are two by two elements side by side. */
  boolean quarters() {
    return quarters;
  }

  /** Whether some element is in no window, where windows are side by side. */
  boolean leavesOut() {
    return windows() * windowElements() < elements();
  }
}
