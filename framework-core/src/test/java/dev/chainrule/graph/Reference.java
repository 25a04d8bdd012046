package dev.chainrule.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;

/** Short ways to make arrays, to evaluate one operation on them and to compare. */
final class Reference {

  static final double NAN = Double.NaN;
  static final double INF = Double.POSITIVE_INFINITY;

  private Reference() {}

  static long[] dims(long... dims) {
    return dims;
  }

  static HostArray array(DType dtype, long[] dims, double... values) {
    return HostArray.ofDoubles(TensorType.of(dtype, dims), values);
  }

  /** Integers, given as longs because a double cannot hold them all. */
  static HostArray longs(DType dtype, long... values) {
    return HostArray.ofLongs(TensorType.of(dtype, values.length), values);
  }

  static HostArray vector(DType dtype, double... values) {
    return array(dtype, dims(values.length), values);
  }

  static HostArray f64(double... values) {
    return vector(DType.F64, values);
  }

  static HostArray f32(double... values) {
    return vector(DType.F32, values);
  }

  static HostArray i32(long... values) {
    return longs(DType.I32, values);
  }

  static HostArray bool(long... values) {
    return longs(DType.BOOL, values);
  }

  static HostArray scalar(DType dtype, double value) {
    return array(dtype, dims(), value);
  }

  static Node node(Op op, HostArray... inputs) {
    return Ops.node(op, Arrays.stream(inputs).map(Ops::input).toArray(Node[]::new));
  }

  static List<HostArray> evaluate(Node... outputs) {
    return Interpreter.evaluate(List.of(outputs), value -> {
      throw new AssertionError("asked for " + value);
    });
  }

  /** The operation's first result. */
  static HostArray eval(Op op, HostArray... inputs) {
    return evaluate(node(op, inputs)).getFirst();
  }

  static HostArray result(int index, Op op, HostArray... inputs) {
    return evaluate(Ops.node(new Op.Result(index), node(op, inputs))).getFirst();
  }

  /** Equal types, and values equal as Double.compare sees them: any NaN is NaN, 0 is not -0. */
  static void assertSame(HostArray expected, HostArray actual) {
    assertClose(expected, actual, 0);
  }

  static void assertClose(HostArray expected, HostArray actual, double relative) {
    assertEquals(expected.type(), actual.type());
    for (long i = 0; i < expected.elements(); i++) {
      if (!expected.type().dtype().isFloating()) {
        assertEquals(expected.longAt(i), actual.longAt(i), "element " + i);
        continue;
      }
      double e = expected.doubleAt(i);
      double a = actual.doubleAt(i);
      if (Double.compare(e, a) != 0 && !(Math.abs(e - a) <= relative * Math.abs(e))) {
        throw new AssertionError("element " + i + ": expected " + e + ", was " + a);
      }
    }
  }
}
