package dev.chainrule.graph;

/**
 * A Java number used as a tensor operand. Plans take it as a parameter, so a new number never makes a new plan.
 *
 * @param dtype the type of the tensor it meets
 * @param number a Double for floating types, a Long for the others (0 or 1 for BOOL)
 */
public record ScalarValue(DType dtype, Number number) implements Value {

  @Override
  public TensorType type() {
    return TensorType.scalar(dtype);
  }

  public HostArray toArray() {
    return dtype.isFloating() ? HostArray.ofDoubles(type(), number.doubleValue()) : HostArray.ofLongs(type(), number.longValue());
  }
}
