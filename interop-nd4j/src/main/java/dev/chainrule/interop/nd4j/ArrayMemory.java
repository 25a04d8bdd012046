package dev.chainrule.interop.nd4j;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.TensorType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.concurrency.AffinityManager;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Where ND4J's arrays lie, as Java's own memory segments, and arrays at addresses of ours. */
final class ArrayMemory {

  private ArrayMemory() {}

  /** The elements of a dense row-major array in the host's memory, its offset as a view included. Valid while the array is. */
  @SuppressWarnings("restricted") // the one place where ND4J's addresses become memory
  static MemorySegment of(INDArray array, TensorType type) {
    Nd4j.getAffinityManager().ensureLocation(array, AffinityManager.Location.HOST);
    return MemorySegment.ofAddress(array.data().addressPointer().address()).reinterpret(type.bytes());
  }

  /** A dense row-major array over memory that stays ours: ND4J neither keeps nor frees it. */
  static INDArray over(MemorySegment memory, TensorType type) {
    var dataType = ElementTypes.dataType(type.dtype());
    var bytes = new BytePointer(new Address(memory.address())).capacity(type.bytes()).limit(type.bytes());
    DataBuffer buffer = Nd4j.createBuffer(bytes, type.elements(), dataType);
    return Nd4j.create(buffer, type.shape().dims(), type.shape().strides(), 0, 'c', dataType);
  }

  /** A JavaCPP pointer to memory that is nobody's to free. */
  private static final class Address extends Pointer {
    Address(long value) {
      this.address = value;
    }
  }

  static void requireOpen(INDArray array) {
    if (array.wasClosed()) {
      throw new InvalidArgumentException("nd4j", "the INDArray has been closed, and its memory is gone", "Convert or copy it before that.");
    }
  }

  /** ND4J keeps truth values as bytes, of which other values than 0 and 1 would be no truth value here. */
  static void requireTruthValues(TensorType type, MemorySegment memory) {
    if (type.dtype() == DType.BOOL) {
      for (long i = 0; i < memory.byteSize(); i++) {
        int value = memory.get(ValueLayout.JAVA_BYTE, i) & 0xff;
        if (value > 1) {
          throw new InvalidArgumentException("nd4j", "element " + i + " of " + type + " is " + value + ", expected 0 or 1", "");
        }
      }
    }
  }
}
