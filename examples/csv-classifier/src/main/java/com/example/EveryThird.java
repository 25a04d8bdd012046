package com.example;

import dev.chainrule.data.Dataset;
import dev.chainrule.graph.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Every third example of a data set, or all the others: a data set of one's own is three methods. */
record EveryThird(Dataset all, boolean third) implements Dataset {

  @Override
  public int size() {
    int thirds = all.size() / 3;
    return third ? thirds : all.size() - thirds;
  }

  @Override
  public List<TensorType> fields() {
    return all.fields();
  }

  @Override
  public void read(int index, List<MemorySegment> targets) {
    all.read(third ? 3 * index + 2 : index / 2 * 3 + index % 2, targets);
  }
}
