package dev.chainrule.backend.cpu;

import java.util.Arrays;

/** Repeats in registers what there is once for each place of a group, or once for all. */
final class Spreading {

  private Spreading() {}

  /** The first number {@code n} times. */
  static void first(Object register, int n) {
    fill(register, 0, n, register, 0);
  }

  /** A number for each place to one for each element of the tile, the same for all rows. */
  static void overRows(Object places, Object elements, Tile tile) {
    int columns = tile.columns;
    int length = tile.rows * columns;
    for (int outer = 0; outer < tile.outers; outer++) {
      if (columns == 1) {
        fill(elements, outer * length, length, places, outer);
      } else {
        repeat(places, outer * columns, columns, elements, outer * length, length);
      }
    }
  }

  /** Doubles what is there until it is long enough. */
  private static void repeat(Object from, int at, int n, Object to, int start, int length) {
    System.arraycopy(from, at, to, start, n);
    for (int done = n; done < length; done *= 2) {
      System.arraycopy(to, start, to, start + done, Math.min(done, length - done));
    }
  }

  private static void fill(Object to, int start, int length, Object from, int at) {
    switch (to) {
      case float[] floats -> Arrays.fill(floats, start, start + length, ((float[]) from)[at]);
      case double[] doubles -> Arrays.fill(doubles, start, start + length, ((double[]) from)[at]);
      case int[] ints -> Arrays.fill(ints, start, start + length, ((int[]) from)[at]);
      case long[] longs -> Arrays.fill(longs, start, start + length, ((long[]) from)[at]);
      default -> throw new IllegalArgumentException("no register: " + to);
    }
  }
}
