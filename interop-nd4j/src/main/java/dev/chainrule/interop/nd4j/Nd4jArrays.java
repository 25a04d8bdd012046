package dev.chainrule.interop.nd4j;

import dev.chainrule.DTypeMismatchException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import org.nd4j.linalg.api.concurrency.AffinityManager;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Copies between tensors and ND4J's arrays: same shape, same element type, same bits. The copy has no tie to what it was made of.
 *
 * <p>Views, arrays in 'f' order and broadcast arrays are read by their indices, so the tensor has the values that {@code getDouble}
 * gives. Element types of ND4J's that Chainrule lacks (BYTE, SHORT, UINT16, UINT32, UINT64, UTF8) are errors.
 */
public final class Nd4jArrays {

  private Nd4jArrays() {}

  /**
   * A tensor of the array's shape and elements.
   *
   * @throws DTypeMismatchException when there is no such element type
   * @throws InvalidArgumentException when the array has been closed, or takes 2 GiB or more, which a host array cannot hold
   */
  public static Tensor toTensor(INDArray array) {
    return Tensor.of(toHostArray(array));
  }

  /** As {@link #toTensor}, as host data. */
  public static HostArray toHostArray(INDArray array) {
    ArrayMemory.requireOpen(array);
    TensorType type = ElementTypes.of(array);
    if (array.isEmpty() || type.elements() == 0) {
      return HostArray.zeros(type);
    }
    INDArray dense = Strides.areDense(array) ? array : array.dup('c');
    MemorySegment memory = ArrayMemory.of(dense, type);
    ArrayMemory.requireTruthValues(type, memory);
    HostArray copy = HostArray.copyOf(type, memory);
    if (dense != array) {
      dense.close();
    }
    return copy;
  }

  /**
   * An array of the tensor's shape and elements, in 'c' order, in memory of ND4J's own; computes the tensor if need be.
   *
   * @throws InvalidArgumentException for more than 32 axes, which ND4J does not have; and inside a Step, as of {@link Tensor#eval()}
   */
  public static INDArray toArray(Tensor tensor) {
    return toArray(tensor.toHostArray());
  }

  /** As {@link #toArray(Tensor)}, of host data. */
  public static INDArray toArray(HostArray values) {
    TensorType type = values.type();
    ElementTypes.requireRank(type);
    INDArray array = Nd4j.create(ElementTypes.dataType(type.dtype()), type.shape().dims(), 'c');
    if (type.elements() > 0) {
      ArrayMemory.of(array, type).copyFrom(values.segment());
      Nd4j.getAffinityManager().tagLocation(array, AffinityManager.Location.HOST);
    }
    return array;
  }
}
