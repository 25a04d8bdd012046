package dev.chainrule.data;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.HostRandom;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Makes batches of a dataset. Which examples are in which batch, and how each is transformed, depends on the seed and the epoch alone:
 * not on threads, not on epochs loaded before.
 *
 * <pre>{@code
 * var loader = DataLoader.of(data, 64).withSeed(42).withShuffle(true).withTransforms(new RandomShift(2));
 * try (Epoch epoch = loader.epoch(0)) {
 *   for (Batch batch : epoch) { ... }
 * }
 * }</pre>
 *
 * @param batchSize examples in a batch, at least 1
 * @param seed of order and transforms; 0 by default
 * @param shuffle whether each epoch has an order of its own; false by default: the dataset's order
 * @param last what becomes of an incomplete last batch; kept by default
 * @param transforms applied to each example in turn; none by default
 * @param threads that make batches ahead of the consumer; 0, the default, makes each when asked for, in the consumer's thread
 * @param prefetch the most batches made or being made ahead, at least 1; 4 by default; only with threads
 */
public record DataLoader(
    Dataset dataset, int batchSize, long seed, boolean shuffle, LastBatch last, List<Transform> transforms, int threads, int prefetch) {

  /**
   * Copies the list of transforms.
   *
   * @throws InvalidArgumentException when a number is below what is said of it
   * @throws dev.chainrule.ShapeMismatchException when a transform cannot be applied to the dataset's examples
   */
  public DataLoader {
    Objects.requireNonNull(dataset, "dataset");
    Objects.requireNonNull(last, "last");
    transforms = List.copyOf(transforms);
    requireAtLeast(1, "batchSize", batchSize);
    requireAtLeast(0, "threads", threads);
    requireAtLeast(1, "prefetch", prefetch);
    transforms.forEach(t -> t.check(dataset.fields()));
  }

  private static void requireAtLeast(int least, String name, int value) {
    if (value < least) {
      throw new InvalidArgumentException("DataLoader", name + " is " + value + ", expected " + least + " or more", "");
    }
  }

  /** A loader with the defaults of everything else. */
  public static DataLoader of(Dataset dataset, int batchSize) {
    return new DataLoader(dataset, batchSize, 0, false, LastBatch.KEEP, List.of(), 0, 4);
  }

  /** This loader with another seed of order and transforms. */
  public DataLoader withSeed(long value) {
    return new DataLoader(dataset, batchSize, value, shuffle, last, transforms, threads, prefetch);
  }

  /** This loader with an order of its own for each epoch, or with the dataset's. */
  public DataLoader withShuffle(boolean value) {
    return new DataLoader(dataset, batchSize, seed, value, last, transforms, threads, prefetch);
  }

  /** This loader with another rule for an incomplete last batch. */
  public DataLoader withLast(LastBatch value) {
    return new DataLoader(dataset, batchSize, seed, shuffle, value, transforms, threads, prefetch);
  }

  /** This loader with these transforms, applied to each example in turn, instead of its own. */
  public DataLoader withTransforms(Transform... values) {
    return new DataLoader(dataset, batchSize, seed, shuffle, last, List.of(values), threads, prefetch);
  }

  /** Batches made ahead by {@code count} daemon threads, at most {@code ahead} of them at a time. */
  public DataLoader withThreads(int count, int ahead) {
    return new DataLoader(dataset, batchSize, seed, shuffle, last, transforms, count, ahead);
  }

  /** The number of batches in an epoch. */
  public int batches() {
    int full = dataset.size() / batchSize;
    return switch (last) {
      case KEEP -> full + (dataset.size() % batchSize == 0 ? 0 : 1);
      case DROP -> full;
    };
  }

  /**
   * One pass over the dataset.
   *
   * @param epoch its number, 0 or more, from which the order follows
   * @throws InvalidArgumentException if dropping the last batch leaves none of a dataset that has examples
   */
  public Epoch epoch(int epoch) {
    return epoch(epoch, 0);
  }

  /** The batches of {@link #epoch(int)} from number {@code firstBatch} on, without making those before: for resuming. */
  public Epoch epoch(int epoch, int firstBatch) {
    requireAtLeast(0, "epoch", epoch);
    if (firstBatch < 0 || firstBatch > batches()) {
      throw new InvalidArgumentException("DataLoader", "first batch " + firstBatch + " of an epoch of " + batches(), "");
    }
    if (batches() == 0 && dataset.size() > 0) {
      throw new InvalidArgumentException("DataLoader", "no batch of " + batchSize + " in " + dataset.size() + " examples",
          "make batches smaller or keep the last one");
    }
    int[] order = order(epoch);
    return new Epoch(number -> batch(epoch, order, number), firstBatch, batches(), threads, prefetch);
  }

  private int[] order(int epoch) {
    int[] order = new int[dataset.size()];
    for (int i = 0; i < order.length; i++) {
      order[i] = i;
    }
    if (shuffle) {
      HostRandom.of(seed, "shuffle", epoch).shuffle(order);
    }
    return order;
  }

  private Batch batch(int epoch, int[] order, int number) {
    int first = number * batchSize;
    int size = Math.min(batchSize, order.length - first);
    List<TensorType> types = dataset.fields();
    List<byte[]> bytes = types.stream().map(type -> new byte[Math.toIntExact(Math.multiplyExact(type.bytes(), (long) size))]).toList();
    List<MemorySegment> segments = bytes.stream().map(MemorySegment::ofArray).toList();
    for (int i = 0; i < size; i++) {
      var example = new ArrayList<MemorySegment>(types.size());
      for (int f = 0; f < types.size(); f++) {
        example.add(segments.get(f).asSlice(i * types.get(f).bytes(), types.get(f).bytes()));
      }
      int index = order[first + i];
      dataset.read(index, example);
      for (int t = 0; t < transforms.size(); t++) {
        transforms.get(t).apply(types, example, HostRandom.of(seed, "transform", t, epoch, index));
      }
    }
    var fields = new ArrayList<HostArray>(types.size());
    for (int f = 0; f < types.size(); f++) {
      TensorType type = types.get(f);
      fields.add(HostArray.owning(type.withShape(Shape.of(size).concat(type.shape())), bytes.get(f)));
    }
    return new Batch(fields, size);
  }
}
