package dev.chainrule.graph;

import dev.chainrule.Stability;
import java.util.Objects;

/** Element type and shape: all that is known of a tensor before it is computed. */
@Stability(Stability.Level.API)
public record TensorType(DType dtype, Shape shape) {
  /** Refuses null. */
  public TensorType {
    Objects.requireNonNull(dtype, "dtype");
    Objects.requireNonNull(shape, "shape");
  }

  /** The type of these sizes, outermost first. */
  public static TensorType of(DType dtype, long... dims) {
    return new TensorType(dtype, Shape.of(dims));
  }

  /** The type of one element without axes. */
  public static TensorType scalar(DType dtype) {
    return new TensorType(dtype, Shape.SCALAR);
  }

  /** The number of axes. */
  public int rank() {
    return shape.rank();
  }

  /** The number of elements. */
  public long elements() {
    return shape.elements();
  }

  /** Size of the dense tensor in bytes. */
  public long bytes() {
    return Math.multiplyExact(shape.elements(), (long) dtype.bytes());
  }

  /** This element type with another shape. */
  public TensorType withShape(Shape other) {
    return new TensorType(dtype, other);
  }

  /** This shape with another element type. */
  public TensorType withDType(DType other) {
    return new TensorType(other, shape);
  }

  /** As a record's, but quicker: tracing compares types at each operation. */
  @Override
  public boolean equals(Object other) {
    return this == other || other instanceof TensorType t && dtype == t.dtype && shape.equals(t.shape);
  }

  @Override
  public int hashCode() {
    return 31 * shape.hashCode() + dtype.ordinal();
  }

  /** {@code f32[64,784]}. */
  @Override
  public String toString() {
    return dtype + shape.toString();
  }
}
