package dev.chainrule.data;

import dev.chainrule.DTypeMismatchException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** One field of every example. Many threads may read at once. */
public interface Column {

  /** The number of examples. */
  int size();

  /** The type of the field in one example. */
  TensorType type();

  /** Writes the field of one example into a segment of exactly {@code type().bytes()} bytes, in native byte order. */
  void read(int index, MemorySegment target);

  /**
   * The rows of an array as they are.
   *
   * @param values [examples, ...]
   */
  static Column of(HostArray values) {
    TensorType type = Rows.rowType(values);
    return new Rows(values, type, type.bytes(), MemorySegment::copyFrom);
  }

  /**
   * Bytes 0 to 255, kept as bytes and read as floats 0 to 1.
   *
   * @param bytes u8[examples, ...]
   * @throws DTypeMismatchException for other element types
   */
  static Column unitScaled(HostArray bytes) {
    Rows.require(bytes, DType.U8);
    TensorType row = Rows.rowType(bytes);
    float[] scaled = new float[256];
    for (int i = 0; i < scaled.length; i++) {
      scaled[i] = i / 255f;
    }
    return new Rows(bytes, row.withDType(DType.F32), row.bytes(), (target, source) -> {
      for (long i = 0; i < source.byteSize(); i++) {
        target.setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i, scaled[source.get(ValueLayout.JAVA_BYTE, i) & 0xff]);
      }
    });
  }

  /**
   * Class numbers, kept as bytes and read as i32.
   *
   * @param labels u8[examples]
   * @throws DTypeMismatchException for other element types
   * @throws ShapeMismatchException for other ranks
   */
  static Column labels(HostArray labels) {
    Rows.require(labels, DType.U8);
    if (labels.type().rank() != 1) {
      throw new ShapeMismatchException("dataset", "expected labels u8[examples], found " + labels.type(), "");
    }
    return new Rows(labels, TensorType.scalar(DType.I32), 1,
        (target, source) -> target.set(ValueLayout.JAVA_INT_UNALIGNED, 0, source.get(ValueLayout.JAVA_BYTE, 0) & 0xff));
  }
}
