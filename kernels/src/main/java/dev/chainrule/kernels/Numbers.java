package dev.chainrule.kernels;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** The sizes and strides of all launches of a program, one after the other; equal ones lie in one place. */
final class Numbers {

  private final Map<String, Integer> places = new HashMap<>();
  private long[] all = new long[64];
  private int count;

  /** Where these numbers begin. */
  int add(long... numbers) {
    return places.computeIfAbsent(Arrays.toString(numbers), _ -> {
      int start = count;
      count += numbers.length;
      all = count > all.length ? Arrays.copyOf(all, 2 * count) : all;
      System.arraycopy(numbers, 0, all, start, numbers.length);
      return start;
    });
  }

  long[] all() {
    return Arrays.copyOf(all, count);
  }
}
