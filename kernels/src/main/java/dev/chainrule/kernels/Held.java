package dev.chainrule.kernels;

import dev.chainrule.schedule.KernelExpression;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * What each lane keeps of its elements of a row in registers, so that a kernel that goes through the row several times reads memory once.
 *
 * @param values that are computed when the row is gone through first, and needed again later
 * @param perLane for so many elements each lane has room, a class of lengths; 0 if nothing is kept
 */
record Held(Set<Integer> values, int perLane) {

  /** Nothing is kept. */
  static final Held NONE = new Held(Set.of(), 0);

  /** Elements that a lane may have: up to 128, 256, 512, 768, 1,024 and 2,048 in a row. */
  private static final List<Integer> CLASSES = List.of(4, 8, 16, 24, 32, 64);

  /** Registers of 4 bytes for what is kept; of the 255 that a thread has on NVIDIA's GPUs, or the 128 of which two groups have enough. */
  private static final int MOST_REGISTERS = 96;

  /** Copies the set. */
  Held {
    values = Set.copyOf(values);
  }

  /** For rows of this length, of at most a chunk. */
  static Held of(KernelValues kernel, long length) {
    Set<Integer> values = values(kernel);
    int words = values.stream().mapToInt(value -> Math.ceilDiv(kernel.dtype(value).bytes(), Integer.BYTES)).sum();
    long own = Math.ceilDiv(length, GeneratedSource.LANES);
    int perLane = CLASSES.stream().filter(most -> own <= most).findFirst().orElse(0);
    return words == 0 || perLane == 0 || words * perLane > MOST_REGISTERS ? NONE : new Held(values, perLane);
  }

  /**
   * What is loaded for each element and needed in several passes. Instead of what only goes into one value that needs no fold, that value:
   * of a sum that is normalised the sum, of numbers that are converted the results. What is the same for all rows lies in caches anyway.
   */
  private static Set<Integer> values(KernelValues kernel) {
    List<KernelValues.Pass> passes = kernel.passes();
    Set<Integer> held = new TreeSet<>();
    for (int i = 0; i < kernel.count(); i++) {
      int value = i;
      if (kernel.expression(i) instanceof KernelExpression.Load && kernel.differsByRow(i)
          && passes.stream().filter(pass -> pass.needed()[value]).count() > 1) {
        held.add(i);
      } else if (kernel.expression(i) instanceof KernelExpression.Apply apply && kernel.needsNoFold(i)) {
        List<Integer> only = apply.arguments().stream().distinct().filter(held::contains)
            .filter(argument -> goesOnlyInto(value, argument, kernel, passes)).toList();
        if (!only.isEmpty()) {
          only.forEach(held::remove);
          held.add(i);
        }
      }
    }
    return held;
  }

  /** Whether all later passes that need a value need it for one other. */
  private static boolean goesOnlyInto(int user, int value, KernelValues kernel, List<KernelValues.Pass> passes) {
    return passes.stream().skip(1).filter(pass -> pass.needed()[value]).allMatch(pass -> !pass.roots().contains(value)
        && IntStream.range(0, kernel.count()).filter(i -> pass.needed()[i] && kernel.inputs(i).contains(value)).allMatch(i -> i == user));
  }

  /** The values in order. */
  List<Integer> inOrder() {
    return new ArrayList<>(new TreeSet<>(values));
  }
}
