package dev.chainrule.backend.cpu;

import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The length of vectors, the machine's preferred one, and functions lane by lane.
 *
 * <p>C2 must inline functions on vectors whole, or every vector that crosses a call is allocated: {@link InlinedFunction} sees to it.
 * Constants are broadcast within the functions: C2 moves that out of the loop, which it does not with vectors in fields.
 */
final class VectorLanes {

  static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
  static final VectorSpecies<Double> DOUBLES = DoubleVector.SPECIES_PREFERRED;

  private VectorLanes() {}

  /** A function of one float. */
  interface FloatFunction {
    float apply(float x);
  }

  /** A function of two floats. */
  interface FloatBinaryFunction {
    float apply(float x, float y);
  }

  /** Through arrays that are allocated: for what seldom happens. */
  static FloatVector each(FloatVector x, FloatFunction f) {
    return each(x, new float[FLOATS.length()], f);
  }

  /** Through arrays that are allocated: for what seldom happens. */
  static FloatVector each(FloatVector x, FloatVector y, FloatBinaryFunction f) {
    return each(x, y, new float[2 * FLOATS.length()], f);
  }

  /**
   * f of each lane.
   *
   * @param scratch room for one vector's lanes
   */
  static FloatVector each(FloatVector x, float[] scratch, FloatFunction f) {
    x.intoArray(scratch, 0);
    for (int i = 0; i < FLOATS.length(); i++) {
      scratch[i] = f.apply(scratch[i]);
    }
    return FloatVector.fromArray(FLOATS, scratch, 0);
  }

  /**
   * f of each pair of lanes.
   *
   * @param scratch room for two vectors' lanes
   */
  static FloatVector each(FloatVector x, FloatVector y, float[] scratch, FloatBinaryFunction f) {
    int lanes = FLOATS.length();
    x.intoArray(scratch, 0);
    y.intoArray(scratch, lanes);
    for (int i = 0; i < lanes; i++) {
      scratch[i] = f.apply(scratch[i], scratch[lanes + i]);
    }
    return FloatVector.fromArray(FLOATS, scratch, 0);
  }

  /**
   * f of each lane.
   *
   * @param scratch room for one vector's lanes
   */
  static DoubleVector each(DoubleVector x, double[] scratch, DoubleUnaryOperator f) {
    x.intoArray(scratch, 0);
    for (int i = 0; i < DOUBLES.length(); i++) {
      scratch[i] = f.applyAsDouble(scratch[i]);
    }
    return DoubleVector.fromArray(DOUBLES, scratch, 0);
  }

  /**
   * f of each pair of lanes.
   *
   * @param scratch room for two vectors' lanes
   */
  static DoubleVector each(DoubleVector x, DoubleVector y, double[] scratch, DoubleBinaryOperator f) {
    int lanes = DOUBLES.length();
    x.intoArray(scratch, 0);
    y.intoArray(scratch, lanes);
    for (int i = 0; i < lanes; i++) {
      scratch[i] = f.applyAsDouble(scratch[i], scratch[lanes + i]);
    }
    return DoubleVector.fromArray(DOUBLES, scratch, 0);
  }
}
