package dev.chainrule.backend.cpu;

import static org.junit.jupiter.api.Assertions.fail;

import dev.chainrule.device.Devices;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Interpreter;
import dev.chainrule.graph.Node;
import dev.chainrule.plan.Engine;
import dev.chainrule.plan.Evaluator;
import java.util.List;

/** Runs graphs on CPU devices and compares what comes out with the reference interpreter. */
final class Agreement {

  /** Devices of 1, 2 and 3 threads and one that runs generated code at once, shared by all tests: an open device keeps its threads. */
  static final List<CpuDevice> DEVICES =
      List.of(new CpuDevice(1), new CpuDevice(2), new CpuDevice(3), new CpuDevice(2, Generation.EAGER));

  private Agreement() {}

  static HostArray onDevice(CpuDevice device, Node node) {
    return Devices.with(device, () -> Engine.read(Evaluator.compute(List.of(node)).getFirst()));
  }

  static HostArray reference(Node node) {
    return Interpreter.evaluate(List.of(node), value -> {
      throw new AssertionError("not host data: " + value);
    }).getFirst();
  }

  /** Equal bits on all devices, and equal values to the reference. */
  static void exact(Node node) {
    within(node, 0, 0);
  }

  /**
   * Equal bits on all devices; within {@code ulps} units in the last place of the node's dtype at the reference's value, or within
   * {@code absolute} of it. Integers and what is not finite must be equal.
   */
  static void within(Node node, double ulps, double absolute) {
    HostArray expected = reference(node);
    HostArray first = onDevice(DEVICES.getFirst(), node);
    compare(node, expected, first, ulps, absolute);
    for (CpuDevice device : DEVICES.subList(1, DEVICES.size())) {
      if (!onDevice(device, node).equals(first)) {
        fail(node + ": other bits on " + device.info().description() + " than on one thread");
      }
    }
  }

  private static void compare(Node node, HostArray expected, HostArray actual, double ulps, double absolute) {
    if (!expected.type().equals(actual.type())) {
      fail(node + ": expected " + expected.type() + ", got " + actual.type());
    }
    for (long i = 0; i < expected.elements(); i++) {
      boolean ok = expected.type().dtype().isFloating()
          ? near(expected.type().dtype(), expected.doubleAt(i), actual.doubleAt(i), ulps, absolute)
          : expected.longAt(i) == actual.longAt(i);
      if (!ok) {
        fail(node + " element " + i + ": expected " + shown(expected, i) + ", got " + shown(actual, i));
      }
    }
  }

  private static String shown(HostArray array, long i) {
    return array.type().dtype().isFloating() ? Double.toString(array.doubleAt(i)) : Long.toString(array.longAt(i));
  }

  private static boolean near(DType dtype, double expected, double actual, double ulps, double absolute) {
    if (Double.compare(expected, actual) == 0) {
      return true;
    }
    double error = Math.abs(expected - actual);
    return error <= absolute || error <= ulps * ulp(dtype, expected);
  }

  /** The distance between neighbours of the type at {@code x}. */
  static double ulp(DType dtype, double x) {
    int fraction = switch (dtype) {
      case F64 -> 52;
      case F32 -> 23;
      case F16 -> 10;
      case BF16 -> 7;
      case I32, I64, U8, BOOL -> throw new IllegalArgumentException(dtype + " has no ulp");
    };
    int smallest = dtype == DType.F64 ? Double.MIN_EXPONENT : dtype == DType.F16 ? -14 : Float.MIN_EXPONENT;
    return Math.scalb(1.0, Math.max(Math.getExponent(x), smallest) - fraction);
  }
}
