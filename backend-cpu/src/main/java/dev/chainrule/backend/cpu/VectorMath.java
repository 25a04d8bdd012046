package dev.chainrule.backend.cpu;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Every scalar operation on floats as a function of vectors of the preferred length, named as the {@link dev.chainrule.graph.Op} is:
 * what generated kernels compute with. Each gives the bits of the block interpreter's loops in {@link FloatLoops}, any NaN for a NaN. Loads only
 * where the JVM has the Vector API.
 *
 * <p>Functions with an array as last argument go lane by lane through it: it has room for one vector's lanes, for functions of two
 * arguments for two vectors'. Those of doubles are {@code Math}'s.
 *
 * <p>Generated kernels hold copies of the functions' code ({@link InlinedFunction}); what they refer to must be visible in the package.
 */
final class VectorMath {

  private VectorMath() {}

  static FloatVector neg(FloatVector x) {
    return x.neg();
  }

  static FloatVector abs(FloatVector x) {
    return x.abs();
  }

  static FloatVector sign(FloatVector x) {
    return VectorRounding.sign(x);
  }

  static FloatVector floor(FloatVector x) {
    return VectorRounding.floor(x);
  }

  static FloatVector ceil(FloatVector x) {
    return VectorRounding.ceil(x);
  }

  static FloatVector round(FloatVector x) {
    return VectorRounding.round(x);
  }

  static FloatVector exp(FloatVector x) {
    return VectorExponentials.exp(x);
  }

  static FloatVector expm1(FloatVector x) {
    return VectorExponentials.expm1(x);
  }

  static FloatVector log(FloatVector x) {
    return VectorLogarithms.log(x);
  }

  static FloatVector log1p(FloatVector x) {
    return VectorLogarithms.log1p(x);
  }

  static FloatVector sqrt(FloatVector x) {
    return x.sqrt();
  }

  static FloatVector rsqrt(FloatVector x) {
    return VectorRounding.rsqrt(x);
  }

  static FloatVector sin(FloatVector x) {
    return VectorTrigonometry.sin(x);
  }

  static FloatVector cos(FloatVector x) {
    return VectorTrigonometry.cos(x);
  }

  /** Its two halves in double would be too much to inline. */
  static FloatVector tan(FloatVector x, float[] scratch) {
    return VectorLanes.each(x, scratch, FloatTrigonometry::tan);
  }

  static FloatVector tanh(FloatVector x) {
    return VectorExponentials.tanh(x);
  }

  static FloatVector erf(FloatVector x) {
    return VectorExponentials.erf(x);
  }

  static FloatVector add(FloatVector x, FloatVector y) {
    return x.add(y);
  }

  static FloatVector sub(FloatVector x, FloatVector y) {
    return x.sub(y);
  }

  static FloatVector mul(FloatVector x, FloatVector y) {
    return x.mul(y);
  }

  static FloatVector div(FloatVector x, FloatVector y) {
    return x.div(y);
  }

  /** NaN if either is; 0 is larger than -0. */
  static FloatVector max(FloatVector x, FloatVector y) {
    return x.max(y);
  }

  /** NaN if either is; 0 is larger than -0. */
  static FloatVector min(FloatVector x, FloatVector y) {
    return x.min(y);
  }

  static FloatVector mod(FloatVector x, FloatVector y) {
    return VectorRounding.mod(x, y);
  }

  /** Its two halves in double would be too much to inline. */
  static FloatVector pow(FloatVector x, FloatVector y, float[] scratch) {
    return VectorLanes.each(x, y, scratch, FloatPower::pow);
  }

  /** A cast to I32: truncated, saturated, 0 for NaN. */
  static IntVector toInt(FloatVector x) {
    return (IntVector) x.convert(VectorOperators.F2I, 0);
  }

  /** A cast from I32, rounded. */
  static FloatVector toFloat(IntVector x) {
    return (FloatVector) x.convert(VectorOperators.I2F, 0);
  }

  /** Rounded to a number of bf16. */
  static FloatVector toBfloat16(FloatVector x) {
    return VectorRounding.toBfloat16(x);
  }

  /** Rounded to a number of f16. */
  static FloatVector toFloat16(FloatVector x) {
    return VectorRounding.toFloat16(x);
  }

  static DoubleVector sign(DoubleVector x) {
    return VectorRounding.sign(x);
  }

  static DoubleVector floor(DoubleVector x) {
    return VectorRounding.floor(x);
  }

  static DoubleVector ceil(DoubleVector x) {
    return VectorRounding.ceil(x);
  }

  static DoubleVector round(DoubleVector x) {
    return VectorRounding.round(x);
  }

  static DoubleVector rsqrt(DoubleVector x) {
    return VectorRounding.rsqrt(x);
  }

  static DoubleVector exp(DoubleVector x, double[] scratch) {
    return VectorLanes.each(x, scratch, Math::exp);
  }

  static DoubleVector expm1(DoubleVector x, double[] scratch) {
    return VectorLanes.each(x, scratch, Math::expm1);
  }

  static DoubleVector log(DoubleVector x, double[] scratch) {
    return VectorLanes.each(x, scratch, Math::log);
  }

  static DoubleVector log1p(DoubleVector x, double[] scratch) {
    return VectorLanes.each(x, scratch, Math::log1p);
  }

  static DoubleVector sin(DoubleVector x, double[] scratch) {
    return VectorLanes.each(x, scratch, Math::sin);
  }

  static DoubleVector cos(DoubleVector x, double[] scratch) {
    return VectorLanes.each(x, scratch, Math::cos);
  }

  static DoubleVector tan(DoubleVector x, double[] scratch) {
    return VectorLanes.each(x, scratch, Math::tan);
  }

  static DoubleVector tanh(DoubleVector x, double[] scratch) {
    return VectorLanes.each(x, scratch, Math::tanh);
  }

  static DoubleVector erf(DoubleVector x, double[] scratch) {
    return VectorLanes.each(x, scratch, DoubleErf::erf);
  }

  static DoubleVector mod(DoubleVector x, DoubleVector y, double[] scratch) {
    return VectorLanes.each(x, y, scratch, (a, b) -> a % b);
  }

  static DoubleVector pow(DoubleVector x, DoubleVector y, double[] scratch) {
    return VectorLanes.each(x, y, scratch, DoubleLoops::pow);
  }
}
