package dev.chainrule.graph;

import java.util.Arrays;

/** A list of ints without boxes. */
final class Ints {

  private int[] elements = new int[64];
  private int size;

  int size() {
    return size;
  }

  void add(int element) {
    reserve(1);
    elements[size++] = element;
  }

  /** Appends the last {@code count} elements of another list. */
  void addLastOf(Ints other, int count) {
    reserve(count);
    for (int i = other.size - count; i < other.size; i++) {
      elements[size++] = other.elements[i];
    }
  }

  int last() {
    return elements[size - 1];
  }

  void setLast(int element) {
    elements[size - 1] = element;
  }

  void removeLast(int count) {
    size -= count;
  }

  private void reserve(int more) {
    if (size + more > elements.length) {
      elements = Arrays.copyOf(elements, Math.max(4 * elements.length, size + more));
    }
  }

  int[] toArray() {
    return Arrays.copyOf(elements, size);
  }
}
