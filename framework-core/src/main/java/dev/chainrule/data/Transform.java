package dev.chainrule.data;

import dev.chainrule.graph.HostRandom;
import dev.chainrule.graph.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A random change of one example (augmentation). The loader gives each example of each epoch a generator of its own, so the result
 * depends on nothing else. Many threads may call it at once.
 */
public interface Transform {

  /**
   * Changes an example in place.
   *
   * @param fields the dataset's types
   * @param values one segment per field in native byte order; not necessarily aligned
   */
  void apply(List<TensorType> fields, List<MemorySegment> values, HostRandom random);

  /**
   * Says early whether this can be applied to such examples.
   *
   * @throws dev.chainrule.ShapeMismatchException if not
   */
  default void check(List<TensorType> fields) {}
}
