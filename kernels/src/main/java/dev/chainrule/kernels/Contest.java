package dev.chainrule.kernels;

import java.util.Arrays;
import java.util.Collection;
import java.util.function.IntToDoubleFunction;

/**
 * Measured times of some candidates for one piece of work, of which the first is the usual one. All take turns, so that what disturbs the
 * machine for a while disturbs all of them.
 */
public final class Contest {

  private static final int ROUNDS = 3;

  /** How much faster than the usual candidate another must be; less is noise. */
  private static final double GAIN = 1.05;

  private static final int MOST_REPETITIONS = 64;

  private final double[] best;

  private Contest(double[] best) {
    this.best = best;
  }

  /**
   * Measures them.
   *
   * @param candidates by their numbers, the usual one's 0
   * @param seconds what a candidate takes
   */
  public static Contest of(Collection<Integer> candidates, IntToDoubleFunction seconds) {
    double[] best = new double[candidates.stream().mapToInt(candidate -> candidate + 1).max().orElse(1)];
    Arrays.fill(best, Double.POSITIVE_INFINITY);
    for (int round = 0; round < ROUNDS; round++) {
      candidates.forEach(candidate -> best[candidate] = Math.min(best[candidate], seconds.applyAsDouble(candidate)));
    }
    return new Contest(best);
  }

  /** How often work that takes {@code once} seconds is done in one measurement that takes {@code least} if so many do. */
  public static int repetitions(double least, double once) {
    return (int) Math.clamp(least / once, 1, MOST_REPETITIONS);
  }

  /** The number of the fastest; the usual one's unless another is faster by a twentieth. */
  public int winner() {
    int fastest = 0;
    for (int candidate = 0; candidate < best.length; candidate++) {
      fastest = best[candidate] < best[fastest] ? candidate : fastest;
    }
    return best[fastest] * GAIN < best[0] ? fastest : 0;
  }

  /** The shortest time that a candidate has taken, in seconds. */
  double seconds(int candidate) {
    return best[candidate];
  }
}
