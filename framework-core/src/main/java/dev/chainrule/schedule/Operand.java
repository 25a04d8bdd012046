package dev.chainrule.schedule;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;

/** A tensor in a buffer. */
public record Operand(BufferRef buffer, DType dtype, Layout layout) {

  /** A buffer whose elements lie in row-major order without gaps. */
  public static Operand dense(BufferRef buffer, TensorType type) {
    return new Operand(buffer, type.dtype(), Layout.dense(type.shape()));
  }

  /** The same buffer read or written by another layout. */
  public Operand with(Layout other) {
    return new Operand(buffer, dtype, other);
  }

  /** The same bytes read as another type of the same width. */
  public Operand as(DType other) {
    return new Operand(buffer, other, layout);
  }

  /** That of its layout. */
  public Shape shape() {
    return layout.shape();
  }

  /** Its element type with the shape of its layout. */
  public TensorType type() {
    return new TensorType(dtype, layout.shape());
  }
}
