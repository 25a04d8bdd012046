package dev.chainrule.graph;

import java.lang.foreign.MemorySegment;
import java.util.function.UnaryOperator;

/** A tensor put together from elements of others, bit for bit: what moves a number must not even change a NaN's payload. */
final class Assembly {

  private final TensorType type;
  private final MemorySegment bytes;

  Assembly(TensorType type) {
    this.type = type;
    this.bytes = MemorySegment.ofArray(new byte[Math.toIntExact(type.bytes())]);
  }

  /** Element i becomes element j of {@code from}. */
  void put(long i, HostArray from, long j) {
    int size = type.dtype().bytes();
    MemorySegment.copy(from.segment(), j * size, bytes, i * size, size);
  }

  HostArray done() {
    return HostArray.copyOf(type, bytes);
  }

  /** The tensor whose element at coordinates c is x's at {@code source(c)}. */
  static HostArray pick(TensorType type, HostArray x, UnaryOperator<long[]> source) {
    var result = new Assembly(type);
    var to = new Grid(type.shape());
    var from = new Grid(x.type().shape());
    for (int i = 0; i < to.elements(); i++) {
      result.put(i, x, from.index(source.apply(to.at(i))));
    }
    return result.done();
  }
}
