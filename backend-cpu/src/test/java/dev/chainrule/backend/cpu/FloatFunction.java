package dev.chainrule.backend.cpu;

import java.util.function.DoubleUnaryOperator;
import jdk.incubator.vector.FloatVector;

/** The functions of one float that are not exact: scalar, on vectors, in double, and the largest error over all floats. */
enum FloatFunction {
  EXP(FloatExponentials::exp, VectorMath::exp, Math::exp, 1.02),
  EXPM1(FloatExponentials::expm1, VectorMath::expm1, Math::expm1, 1.5),
  TANH(FloatExponentials::tanh, VectorMath::tanh, Math::tanh, 1.5),
  ERF(FloatExponentials::erf, VectorMath::erf, DoubleErf::erf, 1.6),
  LOG(FloatLogarithms::log, VectorMath::log, Math::log, 1),
  LOG1P(FloatLogarithms::log1p, VectorMath::log1p, Math::log1p, 1.6),
  RSQRT(FloatLoops::rsqrt, VectorMath::rsqrt, x -> 1 / Math.sqrt(x), 1.5),
  SIN(FloatTrigonometry::sin, VectorMath::sin, Math::sin, 1.6),
  COS(FloatTrigonometry::cos, VectorMath::cos, Math::cos, 1.6),
  TAN(FloatTrigonometry::tan, x -> VectorMath.tan(x, new float[x.length()]), Math::tan, 0.51);

  /** A function of a vector. */
  interface OnVectors {
    FloatVector apply(FloatVector x);
  }

  final VectorLanes.FloatFunction scalar;
  final OnVectors vector;
  final DoubleUnaryOperator exact;

  /** In units of the last place. */
  final double bound;

  FloatFunction(VectorLanes.FloatFunction scalar, OnVectors vector, DoubleUnaryOperator exact, double bound) {
    this.scalar = scalar;
    this.vector = vector;
    this.exact = exact;
    this.bound = bound;
  }

  /** The error of the scalar function in units of the last place; infinite for a wrong special value or sign of zero. */
  double error(float x) {
    return error(exact.applyAsDouble(x), scalar.apply(x));
  }

  static double error(double expected, float actual) {
    float rounded = (float) expected;
    if (Float.isNaN(rounded) || Float.isNaN(actual) || expected == 0 || Double.isInfinite(expected)) {
      return Float.compare(rounded, actual) == 0 ? 0 : Double.POSITIVE_INFINITY;
    }
    if (Math.signum(expected) != Math.copySign(1, actual)) {
      return Double.POSITIVE_INFINITY;
    }
    if (Float.isInfinite(rounded) && Float.isInfinite(actual)) {
      return 0;
    }
    // Where only one of them overflows, infinity counts as the number after the largest.
    double number = Float.isInfinite(actual) ? Math.copySign(0x1p128, actual) : actual;
    int exponent = Math.clamp(Math.getExponent(expected), Float.MIN_EXPONENT, Float.MAX_EXPONENT);
    return Math.abs(number - expected) / Math.scalb(1.0, exponent - 23);
  }
}
