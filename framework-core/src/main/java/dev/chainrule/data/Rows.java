package dev.chainrule.data;

import dev.chainrule.DTypeMismatchException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** A column over the leading axis of an array, converted row by row when read. */
record Rows(HostArray values, TensorType type, long rowBytes, Conversion conversion) implements Column {

  interface Conversion {
    void convert(MemorySegment target, MemorySegment source);
  }

  @Override
  public int size() {
    return (int) values.type().shape().dim(0);
  }

  @Override
  public void read(int index, MemorySegment target) {
    conversion.convert(target, values.segment().asSlice(Objects.checkIndex(index, size()) * rowBytes, rowBytes));
  }

  /** The type of the array without its leading axis. */
  static TensorType rowType(HostArray values) {
    TensorType type = values.type();
    if (type.rank() == 0) {
      throw new ShapeMismatchException("dataset", "a column needs a leading axis of examples, found " + type, "");
    }
    if (type.shape().dim(0) > Integer.MAX_VALUE) {
      throw new InvalidArgumentException("dataset", type + " has more examples than an int counts", "");
    }
    return type.withShape(type.shape().slice(1, type.rank()));
  }

  static void require(HostArray values, DType dtype) {
    if (values.type().dtype() != dtype) {
      throw new DTypeMismatchException("dataset", "expected " + dtype + ", found " + values.type(), "");
    }
  }
}
