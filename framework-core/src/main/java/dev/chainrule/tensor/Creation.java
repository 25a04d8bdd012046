package dev.chainrule.tensor;

import dev.chainrule.DTypeMismatchException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.ScalarValue;
import dev.chainrule.graph.TensorType;

/** Tensors given by a rule instead of data; {@link Tensor} says what each is. */
final class Creation {

  /** Beyond this a double skips numbers, and no device has room. */
  private static final double MOST = 0x1p53;

  private Creation() {}

  static Tensor arange(DType dtype, long count) {
    requireNumber(dtype);
    requireCount("arange", "count", count);
    return Tensor.indices(TensorType.of(dtype, count), 0);
  }

  static Tensor arange(DType dtype, long from, long to, long step) {
    requireNumber(dtype);
    if (dtype.isFloating()) {
      return arange(dtype, (double) from, (double) to, (double) step);
    }
    if (step == 0) {
      throw new InvalidArgumentException("arange", "step 0 from " + from + " to " + to, "Steps are positive or negative.");
    }
    long distance = step > 0 ? to - from : from - to; // unsigned, where there is one
    long count = (step > 0 ? from < to : from > to) ? Long.divideUnsigned(distance - 1, Math.abs(step)) + 1 : 0;
    if (count != 0) {
      ScalarValue.requireInRange(dtype, from);
      ScalarValue.requireInRange(dtype, from + (count - 1) * step);
    }
    return Tensor.arange(DType.I64, count).mul(step).add(from).cast(dtype); // in i64, because the type may not have the step
  }

  static Tensor arange(DType dtype, double from, double to, double step) {
    requireFloating("arange", dtype);
    double count = Math.ceil((to - from) / step);
    if (!(Math.abs(count) <= MOST) || step == 0 || Double.isInfinite(step)) {
      throw new InvalidArgumentException("arange", "from " + from + " to " + to + " in steps of " + step,
          "Ends and step are finite, the step is not 0.");
    }
    return Tensor.arange(dtype.accumulator(), Math.max(0, (long) count)).mul(step).add(from).cast(dtype);
  }

  static Tensor linspace(DType dtype, double from, double to, long count) {
    requireFloating("linspace", dtype);
    requireCount("linspace", "count", count);
    double step = count > 1 ? (to - from) / (count - 1) : 0;
    double first = rounded(dtype, from);
    double last = rounded(dtype, to);
    if (!Double.isFinite(first) || !Double.isFinite(last) || !Double.isFinite(rounded(dtype.accumulator(), step))) {
      throw new InvalidArgumentException("linspace", "from " + from + " to " + to + " is beyond the range of " + dtype, "");
    }
    Tensor i = Tensor.arange(dtype.accumulator(), count);
    Tensor upwards = i.mul(step).add(first);
    Tensor downwards = i.flip(0).mul(-step).add(last);
    return i.less((count + 1) / 2).where(upwards, downwards).cast(dtype);
  }

  static Tensor eye(DType dtype, long rows, long columns) {
    requireCount("eye", "rows", rows);
    requireCount("eye", "columns", columns);
    TensorType type = TensorType.of(DType.I64, rows, columns);
    return Tensor.indices(type, 0).equal(Tensor.indices(type, 1)).cast(dtype);
  }

  /** Once, straight to the type: by way of f32 it would be twice. */
  private static double rounded(DType dtype, double number) {
    return HostArray.ofDoubles(TensorType.scalar(dtype), number).doubleAt(0);
  }

  private static void requireCount(String what, String of, long count) {
    if (count < 0) {
      throw new InvalidArgumentException(what, of + " is " + count + ", expected 0 or more", "");
    }
  }

  private static void requireNumber(DType dtype) {
    if (dtype == DType.BOOL) {
      throw new DTypeMismatchException("arange", "not defined for " + dtype, "Use a number type.");
    }
  }

  private static void requireFloating(String what, DType dtype) {
    if (!dtype.isFloating()) {
      throw new DTypeMismatchException(what, "floating numbers as " + dtype, "Use integral numbers or a floating type; cast converts.");
    }
  }
}
