package dev.chainrule.conformance;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;

/**
 * The numbers of a floating type.
 *
 * @param fractionBits stored bits of the significand
 * @param smallestExponent of normal numbers
 * @param largest the largest finite number
 */
record FloatFormat(DType dtype, int fractionBits, int smallestExponent, double largest) {

  static FloatFormat of(DType dtype) {
    return switch (dtype) {
      case F32 -> new FloatFormat(dtype, 23, -126, Float.MAX_VALUE);
      case F64 -> new FloatFormat(dtype, 52, -1022, Double.MAX_VALUE);
      case F16 -> new FloatFormat(dtype, 10, -14, 65504);
      case BF16 -> new FloatFormat(dtype, 7, -126, 0x1.FEp127);
      case I32, I64, U8, BOOL -> throw new IllegalArgumentException(dtype + " is not floating");
    };
  }

  /** Half the distance from 1 to the next number: the relative error of one rounding. */
  double unitRoundoff() {
    return Math.scalb(1.0, -fractionBits - 1);
  }

  double smallestNormal() {
    return Math.scalb(1.0, smallestExponent);
  }

  double smallest() {
    return Math.scalb(1.0, smallestExponent - fractionBits);
  }

  /** The distance between neighbours around a value; beyond the largest number that at the largest. */
  double ulp(double value) {
    double size = Math.min(Math.abs(value), largest);
    int exponent = Math.max(Math.getExponent(size), smallestExponent);
    return Math.scalb(1.0, exponent - fractionBits);
  }

  /** The nearest number, ties to even. */
  double round(double value) {
    return HostArray.ofDoubles(TensorType.scalar(dtype), value).doubleAt(0);
  }
}
