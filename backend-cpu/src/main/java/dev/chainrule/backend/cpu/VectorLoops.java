package dev.chainrule.backend.cpu;

import static dev.chainrule.backend.cpu.VectorLanes.FLOATS;

import dev.chainrule.graph.Op;
import java.util.Optional;
import jdk.incubator.vector.FloatVector;

/**
 * The loops over float registers that the JIT does not turn into vector code by itself, with the functions on vectors that have the same
 * bits. Traffic: each loop reads and writes first-level cache only. One method for each function: passed as an argument, it would not be
 * inlined.
 */
final class VectorLoops {

  private VectorLoops() {}

  static Optional<Loops.Unary<float[]>> unary(Op.Unary op) {
    return Optional.ofNullable(switch (op) {
      case Op.Exp _ -> VectorLoops::exp;
      case Op.Expm1 _ -> VectorLoops::expm1;
      case Op.Log _ -> VectorLoops::log;
      case Op.Log1p _ -> VectorLoops::log1p;
      case Op.Sin _ -> VectorLoops::sin;
      case Op.Cos _ -> VectorLoops::cos;
      case Op.Tanh _ -> VectorLoops::tanh;
      case Op.Erf _ -> VectorLoops::erf;
      case Op.Neg _, Op.Abs _, Op.Sign _, Op.Floor _, Op.Ceil _, Op.Round _, Op.Sqrt _, Op.Rsqrt _, Op.Tan _, Op.Not _ -> null;
    });
  }

  private static void exp(float[] to, float[] x, int n) {
    int i = 0;
    for (; i < FLOATS.loopBound(n); i += FLOATS.length()) {
      VectorExponentials.exp(FloatVector.fromArray(FLOATS, x, i)).intoArray(to, i);
    }
    for (; i < n; i++) {
      to[i] = FloatExponentials.exp(x[i]);
    }
  }

  private static void expm1(float[] to, float[] x, int n) {
    int i = 0;
    for (; i < FLOATS.loopBound(n); i += FLOATS.length()) {
      VectorExponentials.expm1(FloatVector.fromArray(FLOATS, x, i)).intoArray(to, i);
    }
    for (; i < n; i++) {
      to[i] = FloatExponentials.expm1(x[i]);
    }
  }

  private static void tanh(float[] to, float[] x, int n) {
    int i = 0;
    for (; i < FLOATS.loopBound(n); i += FLOATS.length()) {
      VectorExponentials.tanh(FloatVector.fromArray(FLOATS, x, i)).intoArray(to, i);
    }
    for (; i < n; i++) {
      to[i] = FloatExponentials.tanh(x[i]);
    }
  }

  private static void erf(float[] to, float[] x, int n) {
    int i = 0;
    for (; i < FLOATS.loopBound(n); i += FLOATS.length()) {
      VectorExponentials.erf(FloatVector.fromArray(FLOATS, x, i)).intoArray(to, i);
    }
    for (; i < n; i++) {
      to[i] = FloatExponentials.erf(x[i]);
    }
  }

  private static void log(float[] to, float[] x, int n) {
    int i = 0;
    for (; i < FLOATS.loopBound(n); i += FLOATS.length()) {
      VectorLogarithms.log(FloatVector.fromArray(FLOATS, x, i)).intoArray(to, i);
    }
    for (; i < n; i++) {
      to[i] = FloatLogarithms.log(x[i]);
    }
  }

  private static void log1p(float[] to, float[] x, int n) {
    int i = 0;
    for (; i < FLOATS.loopBound(n); i += FLOATS.length()) {
      VectorLogarithms.log1p(FloatVector.fromArray(FLOATS, x, i)).intoArray(to, i);
    }
    for (; i < n; i++) {
      to[i] = FloatLogarithms.log1p(x[i]);
    }
  }

  private static void sin(float[] to, float[] x, int n) {
    int i = 0;
    for (; i < FLOATS.loopBound(n); i += FLOATS.length()) {
      VectorTrigonometry.sin(FloatVector.fromArray(FLOATS, x, i)).intoArray(to, i);
    }
    for (; i < n; i++) {
      to[i] = FloatTrigonometry.sin(x[i]);
    }
  }

  private static void cos(float[] to, float[] x, int n) {
    int i = 0;
    for (; i < FLOATS.loopBound(n); i += FLOATS.length()) {
      VectorTrigonometry.cos(FloatVector.fromArray(FLOATS, x, i)).intoArray(to, i);
    }
    for (; i < n; i++) {
      to[i] = FloatTrigonometry.cos(x[i]);
    }
  }
}
