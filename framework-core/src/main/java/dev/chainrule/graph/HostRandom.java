package dev.chainrule.graph;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.Stability;

/**
 * A small sequential generator for the host's choices (initial values, order, augmentation): SplitMix64 of Steele, Lea and Flood,
 * "Fast splittable pseudorandom number generators" (OOPSLA 2014). The same start gives the same numbers on every machine. Not for
 * several threads: take one generator per example, from {@link #of}.
 */
@Stability(Stability.Level.API)
public final class HostRandom {

  private long state;

  /** The stream of SplitMix64 that starts at this state. */
  public HostRandom(long state) {
    this.state = state;
  }

  /** A generator for a purpose and its numbers, such as (seed, "shuffle", epoch); unrelated to that of any other purpose or number. */
  public static HostRandom of(long seed, String purpose, long... numbers) {
    long key = Philox.key(seed, Philox.stream(purpose, 0));
    for (long number : numbers) {
      key = Philox.key(key, number);
    }
    return new HostRandom(key);
  }

  /** 64 uniform bits. */
  long nextLong() {
    state += 0x9E3779B97F4A7C15L;
    return Philox.mix(state);
  }

  /**
   * Uniform in 0 to {@code bound} - 1, without bias (Lemire, "Fast random integer generation in an interval", 2019).
   *
   * @throws InvalidArgumentException if {@code bound} is not positive
   */
  public int nextInt(int bound) {
    if (bound <= 0) {
      throw new InvalidArgumentException("nextInt", "bound " + bound + " is not positive", "");
    }
    long product = (nextLong() >>> 32) * bound;
    long low = product & 0xffffffffL;
    if (low < bound) {
      long threshold = (1L << 32) % bound;
      while (low < threshold) {
        product = (nextLong() >>> 32) * bound;
        low = product & 0xffffffffL;
      }
    }
    return (int) (product >>> 32);
  }

  /** Uniform in [0, 1), a multiple of 2^-53. */
  public double nextDouble() {
    return (nextLong() >>> 11) * 0x1p-53;
  }

  /** Permutes in place, each order equally likely (Fisher and Yates). */
  public void shuffle(int[] values) {
    for (int i = values.length - 1; i > 0; i--) {
      int j = nextInt(i + 1);
      int kept = values[i];
      values[i] = values[j];
      values[j] = kept;
    }
  }
}
