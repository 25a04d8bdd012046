package dev.chainrule.backend.cpu;

import static dev.chainrule.backend.cpu.FloatExponentials.BIAS;
import static dev.chainrule.backend.cpu.FloatExponentials.ERFC_1;
import static dev.chainrule.backend.cpu.FloatExponentials.ERFC_2;
import static dev.chainrule.backend.cpu.FloatExponentials.ERFC_3;
import static dev.chainrule.backend.cpu.FloatExponentials.ERFC_4;
import static dev.chainrule.backend.cpu.FloatExponentials.ERFC_5;
import static dev.chainrule.backend.cpu.FloatExponentials.ERFC_6;
import static dev.chainrule.backend.cpu.FloatExponentials.ERFC_7;
import static dev.chainrule.backend.cpu.FloatExponentials.ERF_0;
import static dev.chainrule.backend.cpu.FloatExponentials.ERF_1;
import static dev.chainrule.backend.cpu.FloatExponentials.ERF_2;
import static dev.chainrule.backend.cpu.FloatExponentials.ERF_3;
import static dev.chainrule.backend.cpu.FloatExponentials.ERF_4;
import static dev.chainrule.backend.cpu.FloatExponentials.ERF_5;
import static dev.chainrule.backend.cpu.FloatExponentials.ERF_6;
import static dev.chainrule.backend.cpu.FloatExponentials.ERF_IS_ONE;
import static dev.chainrule.backend.cpu.FloatExponentials.EXPM1_0;
import static dev.chainrule.backend.cpu.FloatExponentials.EXPM1_1;
import static dev.chainrule.backend.cpu.FloatExponentials.EXPM1_2;
import static dev.chainrule.backend.cpu.FloatExponentials.EXPM1_3;
import static dev.chainrule.backend.cpu.FloatExponentials.EXPM1_4;
import static dev.chainrule.backend.cpu.FloatExponentials.EXPM1_5;
import static dev.chainrule.backend.cpu.FloatExponentials.EXPM1_LOWEST;
import static dev.chainrule.backend.cpu.FloatExponentials.EXP_0;
import static dev.chainrule.backend.cpu.FloatExponentials.EXP_1;
import static dev.chainrule.backend.cpu.FloatExponentials.EXP_2;
import static dev.chainrule.backend.cpu.FloatExponentials.EXP_3;
import static dev.chainrule.backend.cpu.FloatExponentials.EXP_4;
import static dev.chainrule.backend.cpu.FloatExponentials.EXP_HIGHEST;
import static dev.chainrule.backend.cpu.FloatExponentials.EXP_LOWEST;
import static dev.chainrule.backend.cpu.FloatExponentials.FRACTION_BITS;
import static dev.chainrule.backend.cpu.FloatExponentials.LN_2;
import static dev.chainrule.backend.cpu.FloatExponentials.LN_2_REST;
import static dev.chainrule.backend.cpu.FloatExponentials.LOG2_E;
import static dev.chainrule.backend.cpu.FloatExponentials.ROUNDER;
import static dev.chainrule.backend.cpu.FloatExponentials.ROUNDER_BITS;
import static dev.chainrule.backend.cpu.FloatExponentials.SIGN;
import static dev.chainrule.backend.cpu.FloatExponentials.TANH_0;
import static dev.chainrule.backend.cpu.FloatExponentials.TANH_1;
import static dev.chainrule.backend.cpu.FloatExponentials.TANH_2;
import static dev.chainrule.backend.cpu.FloatExponentials.TANH_3;
import static dev.chainrule.backend.cpu.FloatExponentials.TANH_4;
import static dev.chainrule.backend.cpu.FloatExponentials.TANH_IS_ONE;
import static dev.chainrule.backend.cpu.FloatExponentials.TANH_SERIES;
import static dev.chainrule.backend.cpu.VectorLanes.FLOATS;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.FMA;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * The functions of {@link FloatExponentials} on vectors: the same operations in the same order, so the same bits. 20 to 40 instructions
 * for a vector, no memory.
 */
final class VectorExponentials {

  private VectorExponentials() {}

  static FloatVector exp(FloatVector x) {
    FloatVector v = x.blend(EXP_LOWEST, x.compare(LT, EXP_LOWEST));
    v = v.blend(EXP_HIGHEST, v.compare(GT, EXP_HIGHEST));
    FloatVector shifted = v.fma(LOG2_E, ROUNDER);
    FloatVector n = shifted.sub(ROUNDER);
    FloatVector r = n.lanewise(FMA, -LN_2_REST, n.lanewise(FMA, -LN_2, v));
    FloatVector p = FloatVector.broadcast(FLOATS, EXP_4).lanewise(FMA, r, EXP_3).lanewise(FMA, r, EXP_2).lanewise(FMA, r, EXP_1)
        .lanewise(FMA, r, EXP_0);
    IntVector exponent = shifted.reinterpretAsInts().sub(ROUNDER_BITS);
    IntVector half = exponent.lanewise(ASHR, 1);
    FloatVector a = half.add(BIAS).lanewise(LSHL, FRACTION_BITS).reinterpretAsFloats();
    FloatVector b = exponent.sub(half).add(BIAS).lanewise(LSHL, FRACTION_BITS).reinterpretAsFloats();
    return p.fma(r.mul(r), r).add(1).mul(a).mul(b);
  }

  static FloatVector expm1(FloatVector x) {
    FloatVector v = x.blend(EXPM1_LOWEST, x.compare(LT, EXPM1_LOWEST));
    v = v.blend(EXP_HIGHEST, v.compare(GT, EXP_HIGHEST));
    FloatVector shifted = v.fma(LOG2_E, ROUNDER);
    FloatVector n = shifted.sub(ROUNDER);
    FloatVector r = n.lanewise(FMA, -LN_2_REST, n.lanewise(FMA, -LN_2, v));
    FloatVector p = FloatVector.broadcast(FLOATS, EXPM1_5).lanewise(FMA, r, EXPM1_4).lanewise(FMA, r, EXPM1_3)
        .lanewise(FMA, r, EXPM1_2).lanewise(FMA, r, EXPM1_1).lanewise(FMA, r, EXPM1_0);
    IntVector exponent = shifted.reinterpretAsInts().sub(ROUNDER_BITS);
    IntVector over = exponent.neg().add(BIAS).lanewise(ASHR, 31);
    FloatVector power = exponent.add(over).add(BIAS).lanewise(LSHL, FRACTION_BITS).reinterpretAsFloats();
    FloatVector two = over.neg().add(BIAS).lanewise(LSHL, FRACTION_BITS).reinterpretAsFloats();
    FloatVector y = power.fma(p.fma(r.mul(r), r), power.sub(1)).mul(two);
    return y.reinterpretAsInts().or(x.reinterpretAsInts().and(SIGN)).reinterpretAsFloats();
  }

  static FloatVector tanh(FloatVector x) {
    FloatVector size = x.abs();
    FloatVector t = size.blend(TANH_IS_ONE, size.compare(GT, TANH_IS_ONE));
    FloatVector v = t.add(t);
    FloatVector shifted = v.fma(LOG2_E, ROUNDER);
    FloatVector n = shifted.sub(ROUNDER);
    FloatVector r = n.lanewise(FMA, -LN_2_REST, n.lanewise(FMA, -LN_2, v));
    FloatVector p = FloatVector.broadcast(FLOATS, EXP_4).lanewise(FMA, r, EXP_3).lanewise(FMA, r, EXP_2).lanewise(FMA, r, EXP_1)
        .lanewise(FMA, r, EXP_0);
    FloatVector power = shifted.reinterpretAsInts().sub(ROUNDER_BITS - BIAS).lanewise(LSHL, FRACTION_BITS).reinterpretAsFloats();
    FloatVector quotient = FloatVector.broadcast(FLOATS, 2).div(p.fma(r.mul(r), r).add(1).mul(power).add(1));
    FloatVector tail = FloatVector.broadcast(FLOATS, 1).sub(quotient);
    FloatVector s = t.mul(t);
    FloatVector q = FloatVector.broadcast(FLOATS, TANH_4).lanewise(FMA, s, TANH_3).lanewise(FMA, s, TANH_2).lanewise(FMA, s, TANH_1)
        .lanewise(FMA, s, TANH_0);
    FloatVector y = t.fma(q.mul(s), t).blend(tail, t.compare(GT, TANH_SERIES));
    return y.reinterpretAsInts().or(x.reinterpretAsInts().and(SIGN)).reinterpretAsFloats();
  }

  static FloatVector erf(FloatVector x) {
    FloatVector size = x.abs();
    FloatVector t = size.blend(ERF_IS_ONE, size.compare(GT, ERF_IS_ONE));
    FloatVector v = t.mul(erfcExponent(t));
    FloatVector shifted = v.fma(LOG2_E, ROUNDER);
    FloatVector n = shifted.sub(ROUNDER);
    FloatVector r = n.lanewise(FMA, -LN_2_REST, n.lanewise(FMA, -LN_2, v));
    FloatVector p = FloatVector.broadcast(FLOATS, EXP_4).lanewise(FMA, r, EXP_3).lanewise(FMA, r, EXP_2).lanewise(FMA, r, EXP_1)
        .lanewise(FMA, r, EXP_0);
    FloatVector power = shifted.reinterpretAsInts().sub(ROUNDER_BITS - BIAS).lanewise(LSHL, FRACTION_BITS).reinterpretAsFloats();
    FloatVector tail = FloatVector.broadcast(FLOATS, 1).sub(p.fma(r.mul(r), r).add(1).mul(power));
    FloatVector s = t.mul(t);
    FloatVector q = FloatVector.broadcast(FLOATS, ERF_6).lanewise(FMA, s, ERF_5).lanewise(FMA, s, ERF_4).lanewise(FMA, s, ERF_3)
        .lanewise(FMA, s, ERF_2).lanewise(FMA, s, ERF_1).lanewise(FMA, s, ERF_0);
    FloatVector y = t.fma(q, t).blend(tail, t.compare(GT, 1));
    return y.reinterpretAsInts().or(x.reinterpretAsInts().and(SIGN)).reinterpretAsFloats();
  }

  /** Apart, so that C2 inlines {@link #erf} elsewhere than in generated code, too: up to 325 bytes. */
  private static FloatVector erfcExponent(FloatVector t) {
    return FloatVector.broadcast(FLOATS, ERFC_7).lanewise(FMA, t, ERFC_6).lanewise(FMA, t, ERFC_5).lanewise(FMA, t, ERFC_4)
        .lanewise(FMA, t, ERFC_3).lanewise(FMA, t, ERFC_2).lanewise(FMA, t, ERFC_1);
  }
}
