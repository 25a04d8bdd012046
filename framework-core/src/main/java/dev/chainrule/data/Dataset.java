package dev.chainrule.data;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;

/**
 * Examples by number. Each is a fixed list of fields, such as an image f32[28,28] and a label i32[]; their types are the same for all
 * examples. Implementations keep what is compact and convert when a batch is made. Many threads may read at once.
 */
public interface Dataset {

  /** The number of examples. */
  int size();

  /** The type of each field of one example, without a batch axis. */
  List<TensorType> fields();

  /**
   * Writes one example. The targets' former content is undefined.
   *
   * @param index 0 to {@link #size()} - 1
   * @param targets one segment per field, of exactly the field's bytes, to be filled in native byte order; not necessarily aligned
   */
  void read(int index, List<MemorySegment> targets);

  /**
   * Examples of columns in memory.
   *
   * @throws InvalidArgumentException if there are none or their sizes differ
   */
  static Dataset of(Column... columns) {
    return new Columns(List.of(columns));
  }

  /**
   * The examples {@code from} (inclusive) to {@code to} (exclusive), as a view.
   *
   * @throws InvalidArgumentException if they are not within this dataset
   */
  default Dataset subset(int from, int to) {
    return new Subset(this, from, to);
  }

  /** The first {@code count} examples and the rest, as views. */
  default Split split(int count) {
    return new Split(subset(0, count), subset(count, size()));
  }

  /** Two parts of one dataset. */
  record Split(Dataset head, Dataset tail) {
    /** Refuses null. */
    public Split {
      Objects.requireNonNull(head, "head");
      Objects.requireNonNull(tail, "tail");
    }
  }
}
