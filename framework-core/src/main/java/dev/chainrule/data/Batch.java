package dev.chainrule.data;

import dev.chainrule.graph.HostArray;
import java.util.List;

/**
 * Some examples side by side.
 *
 * @param fields one array per field of the dataset, each with a leading axis of {@code size} examples
 * @param size the number of examples
 */
public record Batch(List<HostArray> fields, int size) {
  /** Copies the list; the arrays are immutable. */
  public Batch {
    fields = List.copyOf(fields);
  }
}
