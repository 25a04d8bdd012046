package dev.chainrule.graph;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;

/**
 * The shortest decimal that a floating type rounds back to a given value, and of those the closest to it: what Steele and White's
 * Dragon4 (1990) gives. {@code Double.toString} is not that: it never gives fewer than two digits (4.9E-324 for 5e-324), and it knows no
 * 16-bit types.
 */
final class ShortestDecimal {

  private ShortestDecimal() {}

  /** Of a finite value not below 0 that {@code dtype} holds exactly. */
  static BigDecimal of(DType dtype, double value) {
    var exact = new BigDecimal(value);
    for (int digits = 1;; digits++) {
      // Below a power of two the neighbour is nearer than above, so the closest decimal may miss where the one above it holds.
      BigDecimal low = exact.round(new MathContext(digits, RoundingMode.DOWN));
      BigDecimal high = exact.round(new MathContext(digits, RoundingMode.UP));
      boolean lowHolds = nearest(dtype, low) == value;
      boolean highHolds = nearest(dtype, high) == value;
      if (lowHolds && highHolds) {
        return exact.round(new MathContext(digits, RoundingMode.HALF_EVEN));
      }
      if (lowHolds || highHolds) {
        return lowHolds ? low : high;
      }
    }
  }

  private static double nearest(DType dtype, BigDecimal decimal) {
    // By way of f64 an f32 would be rounded twice; the few digits of a 16-bit float are too far from any middle for that to matter.
    return dtype == DType.F32 ? decimal.floatValue() : rounded(dtype, decimal.doubleValue());
  }

  /** The closest value of a floating type. */
  static double rounded(DType dtype, double value) {
    return switch (dtype) {
      case F32 -> (float) value;
      case F16 -> Binary16.toFloat(Binary16.fromDouble(value));
      case BF16 -> Bfloat16.toFloat(Bfloat16.fromDouble(value));
      case F64, I32, I64, U8, BOOL -> value;
    };
  }
}
