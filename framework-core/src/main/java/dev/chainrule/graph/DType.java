package dev.chainrule.graph;

import dev.chainrule.Stability;
import java.util.Locale;

/** Element types. Two tensors of different type never mix silently; {@code cast} converts. */
@Stability(Stability.Level.API)
public enum DType {
  /** IEEE 754 binary32. */
  F32(4),
  /** IEEE 754 binary64. */
  F64(8),
  /** IEEE 754 binary16: 10 bits of fraction, largest finite value 65504. */
  F16(2),
  /** The upper half of a binary32: its range, 7 bits of fraction. */
  BF16(2),
  /** Two's complement, wraps. */
  I32(4),
  /** Two's complement, wraps. */
  I64(8),
  /** Unsigned byte, wraps. */
  U8(1),
  /** One byte, 0 or 1. */
  BOOL(1);

  private final int bytes;

  DType(int bytes) {
    this.bytes = bytes;
  }

  /** Size of one element in bytes. */
  public int bytes() {
    return bytes;
  }

  /** True for F32, F64, F16 and BF16. */
  public boolean isFloating() {
    return this == F32 || this == F64 || this == F16 || this == BF16;
  }

  /** True for I32, I64 and U8; BOOL is not a number. */
  public boolean isInteger() {
    return this == I32 || this == I64 || this == U8;
  }

  /** The type in which sums of this one are accumulated: F32 for the 16-bit floats, else itself. */
  public DType accumulator() {
    return this == F16 || this == BF16 ? F32 : this;
  }

  /** {@code f32}, {@code bf16}, {@code bool}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
