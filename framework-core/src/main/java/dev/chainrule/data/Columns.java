package dev.chainrule.data;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Examples whose fields lie in columns of equal size. */
record Columns(List<Column> columns) implements Dataset {

  Columns {
    columns = List.copyOf(columns);
    if (columns.isEmpty()) {
      throw new InvalidArgumentException("dataset", "no columns", "");
    }
    List<Integer> sizes = columns.stream().map(Column::size).toList();
    if (sizes.stream().distinct().count() > 1) {
      throw new InvalidArgumentException("dataset", "columns of different sizes " + sizes, "");
    }
  }

  @Override
  public int size() {
    return columns.getFirst().size();
  }

  @Override
  public List<TensorType> fields() {
    return columns.stream().map(Column::type).toList();
  }

  @Override
  public void read(int index, List<MemorySegment> targets) {
    for (int i = 0; i < columns.size(); i++) {
      columns.get(i).read(index, targets.get(i));
    }
  }
}
