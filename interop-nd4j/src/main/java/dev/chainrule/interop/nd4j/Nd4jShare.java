package dev.chainrule.interop.nd4j;

import dev.chainrule.DTypeMismatchException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.device.Device;
import dev.chainrule.device.Devices;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.TensorType;
import dev.chainrule.graph.Value;
import dev.chainrule.plan.Loan;
import dev.chainrule.plan.Placement;
import dev.chainrule.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.executioner.OpExecutioner;
import org.nd4j.linalg.factory.Nd4j;

/**
 * One piece of memory that is both a tensor and an ND4J array, without a copy. On the CPU only, on both sides.
 *
 * <p>What is written through the array shows in the tensor, at once and in everything that is computed from it afterwards; what was
 * computed before keeps its values. The tensor itself never writes. Nobody orders the two libraries: write to the array only while no
 * thread computes with the tensor.
 *
 * <p>Lifetime: the array of {@link #of(INDArray)} stays the caller's. Once the share or that array is closed, uses of the tensor are an
 * {@link InvalidArgumentException}; what had been computed from it stays. Closing the array itself while another thread computes with the
 * tensor is a fault of the program; closing the share waits. The array of {@link #of(Tensor)} is closed with the share and with the
 * device, after which ND4J refuses its use; views of it that were taken before must then not be touched. As long as either is reachable
 * and nothing is closed, the memory stays.
 */
public final class Nd4jShare implements AutoCloseable {

  private static final Cleaner CLEANER = Cleaner.create();

  private final Tensor tensor;
  private final INDArray array;
  private final Runnable ending;

  private Nd4jShare(Tensor tensor, INDArray array, Runnable ending) {
    this.tensor = tensor;
    this.array = array;
    this.ending = ending;
  }

  /**
   * A tensor in an array's memory, for Chainrule's current device.
   *
   * @param array dense and in 'c' order; a view that is so counts, too
   * @throws InvalidArgumentException where that cannot be: other orders and strides, empty arrays, arrays of a workspace, other devices
   *     than the CPU; {@link Nd4jArrays#toTensor} copies any of them. Also when the array has been closed
   * @throws DTypeMismatchException when there is no such element type
   */
  public static Nd4jShare of(INDArray array) {
    ArrayMemory.requireOpen(array);
    TensorType type = ElementTypes.of(array);
    requireHostBackend();
    if (array.isEmpty()) {
      throw copyInstead(type + " is empty");
    }
    if (array.isAttached()) {
      throw copyInstead(type + " belongs to a workspace, which will use its memory again");
    }
    if (!Strides.areDense(array)) {
      throw copyInstead(type + " has strides " + Arrays.toString(array.stride()) + " in '" + array.ordering()
          + "' order, expected " + Arrays.toString(type.shape().strides()));
    }
    MemorySegment memory = ArrayMemory.of(array, type);
    ArrayMemory.requireTruthValues(type, memory);
    Device device = Devices.current();
    Loan.Lent lent = Loan.of(device, type, memory, () -> ArrayMemory.requireOpen(array))
        .orElseThrow(() -> copyInstead("the device " + device.info().id() + " cannot compute in ND4J's memory"));
    return new Nd4jShare(Tensor.of(Ops.input(lent.value())), array, lent.loan()::close);
  }

  /**
   * An array in a tensor's memory on the current device; computes the tensor if need be. One that lies in Java's heap, as those made
   * from Java's arrays and results of up to 4 KB do, is copied to the device once: {@link #tensor()} is then the one that shares.
   *
   * @throws InvalidArgumentException inside a Step, for a tensor without elements or of more than 32 axes, and on other devices than
   *     the CPU; {@link Nd4jArrays#toArray(Tensor)} copies
   */
  public static Nd4jShare of(Tensor tensor) {
    TensorType type = tensor.type();
    ElementTypes.requireRank(type);
    requireHostBackend();
    if (type.elements() == 0) {
      throw copyInstead(type + " is empty");
    }
    Device device = Devices.current();
    Tensor there = tensor.to(device);
    Value value = there.node().value().orElseThrow();
    MemorySegment memory = Placement.seenByHost(value)
        .orElseThrow(() -> copyInstead("the device " + device.info().id() + " has memory of its own"));
    INDArray array = ArrayMemory.over(memory, type);
    CLEANER.register(array.data(), () -> keep(value));
    var weakly = new WeakReference<>(array);
    Runnable atDeviceEnd = () -> closeArray(weakly);
    device.lifetime().atEnd(atDeviceEnd);
    return new Nd4jShare(there, array, () -> {
      device.lifetime().forget(atDeviceEnd);
      closeArray(weakly);
    });
  }

  /** An action that refers to a value keeps the value's memory for as long as the action is registered: while the array is reachable. */
  private static void keep(Value value) {
    Reference.reachabilityFence(value);
  }

  private static void closeArray(WeakReference<INDArray> weakly) {
    INDArray array = weakly.get();
    if (array != null && !array.wasClosed()) {
      array.close();
    }
  }

  private static void requireHostBackend() {
    OpExecutioner.ExecutionerType type = Nd4j.getExecutioner().type();
    if (type != OpExecutioner.ExecutionerType.NATIVE_CPU) {
      throw copyInstead("ND4J computes on " + type);
    }
  }

  private static InvalidArgumentException copyInstead(String problem) {
    return new InvalidArgumentException("nd4j", problem + ", so its memory cannot be shared", "Nd4jArrays copies.");
  }

  /** The tensor. */
  public Tensor tensor() {
    return tensor;
  }

  /** The array. */
  public INDArray array() {
    return array;
  }

  /** Ends the sharing; once ended, does nothing. */
  @Override
  public void close() {
    ending.run();
  }
}
