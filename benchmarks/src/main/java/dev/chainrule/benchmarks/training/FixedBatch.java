package dev.chainrule.benchmarks.training;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** The batch that every library gets: random inputs with random labels, the same numbers in each process. */
public final class FixedBatch {

  private static final long SEED = 7;

  private final Workload workload;

  /** The batch of a workload. */
  public FixedBatch(Workload workload) {
    this.workload = workload;
  }

  /** Batch first: {@code [batch, inputShape...]}. */
  public long[] inputShape() {
    var inputs = workload.network().inputShape().stream();
    return Stream.concat(Stream.of((long) workload.batch()), inputs).mapToLong(Long::longValue).toArray();
  }

  private int count() {
    return Math.toIntExact(Arrays.stream(inputShape()).reduce(1, (a, b) -> a * b));
  }

  /** Uniform in [0, 1), row by row; of networks that read no characters. */
  public float[] values() {
    var random = new SplittableRandom(SEED);
    var values = new float[count()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextDouble();
    }
    return values;
  }

  /** Uniform among the characters, row by row; of networks that read characters. */
  public int[] characters() {
    return uniform(SEED, count());
  }

  /** Uniform among the classes, for each example in turn. */
  public int[] labels() {
    return uniform(SEED + 1, workload.batch() * workload.network().labels());
  }

  private int[] uniform(long seed, int count) {
    var random = new SplittableRandom(seed);
    return IntStream.range(0, count).map(_ -> random.nextInt(workload.network().classes())).toArray();
  }
}
