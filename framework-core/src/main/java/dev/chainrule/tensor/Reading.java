package dev.chainrule.tensor;

import dev.chainrule.DTypeMismatchException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.device.Device;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Scope;
import dev.chainrule.graph.Value;
import dev.chainrule.plan.Engine;
import dev.chainrule.plan.Evaluator;
import dev.chainrule.plan.Placement;
import java.util.List;

/** {@link Tensor}s' values in Java, and on a device of one's choice. */
sealed interface Reading permits Tensor {

  private Tensor self() {
    return (Tensor) this;
  }

  /**
   * The same values in a device's memory, without a copy if they lie there already; computes them on the current device if need be. The
   * result has no history: no gradient flows back through it. Outside Steps only.
   */
  default Tensor to(Device device) {
    Node node = self().node();
    requireOutsideBody("to");
    if (Trace.surrounding().isPresent()) {
      throw new InvalidArgumentException("to", "called inside a Step, which runs on one device", "Move the tensor before the Step.");
    }
    if (node.op() instanceof Op.State(Value version) && node.value().isEmpty()) { // lies on some device, maybe not the current one
      return Tensor.of(Ops.input(Placement.on(device, version)));
    }
    Tensor.eval(self());
    return Tensor.of(Ops.input(Placement.on(device, node.value().orElseThrow())));
  }

  /** The values on the host; computes them if need be. Inside a Step that part is computed extra, which is logged once. */
  default HostArray toHostArray() {
    Node node = self().node();
    requireOutsideBody("toHostArray");
    if (node.value().isPresent()) {
      return Engine.read(node.value().get());
    }
    var trace = Trace.surrounding();
    if (trace.isPresent()) {
      trace.get().noteHostRead(self());
      return Engine.read(Evaluator.compute(List.of(node)).getFirst());
    }
    if (node.op() instanceof Op.State(var variable)) {
      // Read where it lies: a value of its own would be a second copy on the device.
      return Engine.read(variable);
    }
    Evaluator.evaluate(List.of(node));
    return toHostArray();
  }

  /**
   * The only element.
   *
   * @throws InvalidArgumentException when it is an i64 that no double holds
   */
  default double item() {
    HostArray one = only("item");
    double value = one.doubleAt(0);
    if (self().dtype() == DType.I64 && (value == 0x1p63 || (long) value != one.longAt(0))) {
      throw new InvalidArgumentException("item", one.longAt(0) + " is not exact as a double", "Use itemAsLong().");
    }
    return value;
  }

  /** The only element of an integer or bool tensor, true as 1. */
  default long itemAsLong() {
    if (self().dtype().isFloating()) {
      throw new DTypeMismatchException("itemAsLong", "not defined for " + self().type(), "Use item(), or cast(DType.I64) first, which truncates.");
    }
    return only("itemAsLong").longAt(0);
  }

  private HostArray only(String what) {
    if (self().shape().elements() != 1) {
      throw new ShapeMismatchException(what, self().type() + " has " + self().shape().elements() + " elements, expected one", "");
    }
    return toHostArray();
  }

  /** All elements, each rounded to a float. */
  default float[] toFloatArray() {
    return toHostArray().toFloatArray();
  }

  /** All elements, each of an i64 tensor rounded to a double. */
  default double[] toDoubleArray() {
    return toHostArray().toDoubleArray();
  }

  /** All elements; floats as {@code cast} to i64 does. */
  default long[] toLongArray() {
    return toHostArray().toLongArray();
  }

  /** A body is traced once for all its uses: there are no values yet. */
  static void requireOutsideBody(String what) {
    if (Scope.current().isBody()) {
      throw new InvalidArgumentException(what, "values were read inside a composite or loop body", "Compute with the tensor itself.");
    }
  }
}
