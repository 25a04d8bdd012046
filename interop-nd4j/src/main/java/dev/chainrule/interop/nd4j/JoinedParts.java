package dev.chainrule.interop.nd4j;

import dev.chainrule.ShapeMismatchException;
import dev.chainrule.data.Dataset;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;

/**
 * Examples that lie in several arrays, so that no single one has to hold all.
 *
 * @param parts in order of their first examples; each has some
 */
record JoinedParts(List<Part> parts, List<TensorType> fields, int size) implements Dataset {

  /** The examples from number {@code first} on: an array per field, each [examples, ...]. */
  record Part(int first, List<HostArray> fields) {

    List<TensorType> exampleTypes() {
      return fields.stream().map(f -> f.type().withShape(f.type().shape().slice(1, f.type().rank()))).toList();
    }
  }

  static JoinedParts of(List<Part> parts, int size) {
    List<TensorType> types = parts.getFirst().exampleTypes();
    for (Part part : parts) {
      if (!part.exampleTypes().equals(types)) {
        throw new ShapeMismatchException("nd4j", "from example " + part.first + " on an example is " + part.exampleTypes()
            + ", before that " + types, "");
      }
    }
    return new JoinedParts(List.copyOf(parts), types, size);
  }

  @Override
  public void read(int index, List<MemorySegment> targets) {
    int found = Collections.binarySearch(parts, new Part(index, List.of()), Comparator.comparingInt(Part::first));
    Part part = parts.get(found >= 0 ? found : -found - 2);
    for (int field = 0; field < targets.size(); field++) {
      MemorySegment target = targets.get(field);
      target.copyFrom(part.fields.get(field).segment().asSlice((index - part.first) * target.byteSize(), target.byteSize()));
    }
  }
}
