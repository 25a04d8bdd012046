package dev.chainrule.data;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;

/** A range of another dataset. */
record Subset(Dataset base, int from, int to) implements Dataset {

  Subset {
    if (from < 0 || from > to || to > base.size()) {
      throw new InvalidArgumentException("subset", from + " to " + to + " of a dataset of " + base.size(), "");
    }
  }

  @Override
  public int size() {
    return to - from;
  }

  @Override
  public List<TensorType> fields() {
    return base.fields();
  }

  @Override
  public void read(int index, List<MemorySegment> targets) {
    base.read(from + Objects.checkIndex(index, size()), targets);
  }
}
