package dev.chainrule.backend.cpu;

import static dev.chainrule.backend.cpu.FloatExponentials.BIAS;
import static dev.chainrule.backend.cpu.FloatExponentials.FRACTION_BITS;
import static dev.chainrule.backend.cpu.FloatExponentials.LN_2;
import static dev.chainrule.backend.cpu.FloatExponentials.SIGN;
import static dev.chainrule.backend.cpu.FloatLogarithms.DENORMAL_EXPONENT;
import static dev.chainrule.backend.cpu.FloatLogarithms.DENORMAL_FACTOR;
import static dev.chainrule.backend.cpu.FloatLogarithms.FRACTION;
import static dev.chainrule.backend.cpu.FloatLogarithms.LOG_0;
import static dev.chainrule.backend.cpu.FloatLogarithms.LOG_1;
import static dev.chainrule.backend.cpu.FloatLogarithms.LOG_2;
import static dev.chainrule.backend.cpu.FloatLogarithms.LOG_3;
import static dev.chainrule.backend.cpu.FloatLogarithms.LOG_4;
import static dev.chainrule.backend.cpu.FloatLogarithms.LOG_5;
import static dev.chainrule.backend.cpu.FloatLogarithms.LOG_6;
import static dev.chainrule.backend.cpu.FloatLogarithms.LOG_7;
import static dev.chainrule.backend.cpu.FloatLogarithms.TWO_THIRDS_BITS;
import static dev.chainrule.backend.cpu.VectorLanes.FLOATS;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.FMA;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;

/**
 * The functions of {@link FloatLogarithms} on vectors: the same operations in the same order, so the same bits. About 35 instructions for
 * a vector, no memory.
 */
final class VectorLogarithms {

  private VectorLogarithms() {}

  static FloatVector log(FloatVector x) {
    VectorMask<Float> denormal = x.compare(LT, Float.MIN_NORMAL);
    IntVector above = x.blend(x.mul(DENORMAL_FACTOR), denormal).reinterpretAsInts().sub(TWO_THIRDS_BITS);
    FloatVector k = (FloatVector) above.lanewise(ASHR, FRACTION_BITS).convert(I2F, 0);
    k = k.add(FloatVector.zero(FLOATS).blend(DENORMAL_EXPONENT, denormal));
    FloatVector f = above.and(FRACTION).add(TWO_THIRDS_BITS).reinterpretAsFloats().sub(1);
    FloatVector p = FloatVector.broadcast(FLOATS, LOG_7).lanewise(FMA, f, LOG_6).lanewise(FMA, f, LOG_5).lanewise(FMA, f, LOG_4)
        .lanewise(FMA, f, LOG_3).lanewise(FMA, f, LOG_2).lanewise(FMA, f, LOG_1).lanewise(FMA, f, LOG_0).lanewise(FMA, f, -0.5f);
    FloatVector y = k.lanewise(FMA, LN_2, p.fma(f.mul(f), f));
    y = x.blend(y, x.compare(LT, Float.POSITIVE_INFINITY)).blend(Float.NaN, x.compare(LT, 0));
    return y.blend(Float.NEGATIVE_INFINITY, x.compare(EQ, 0));
  }

  static FloatVector log1p(FloatVector x) {
    IntVector exponent = x.add(1).reinterpretAsInts().sub(TWO_THIRDS_BITS).lanewise(ASHR, FRACTION_BITS);
    IntVector half = exponent.lanewise(ASHR, 1);
    FloatVector a = half.neg().add(BIAS).lanewise(LSHL, FRACTION_BITS).reinterpretAsFloats();
    FloatVector b = half.sub(exponent).add(BIAS).lanewise(LSHL, FRACTION_BITS).reinterpretAsFloats();
    FloatVector f = x.mul(a).fma(b, a.lanewise(FMA, b, -1));
    FloatVector p = FloatVector.broadcast(FLOATS, LOG_7).lanewise(FMA, f, LOG_6).lanewise(FMA, f, LOG_5).lanewise(FMA, f, LOG_4)
        .lanewise(FMA, f, LOG_3).lanewise(FMA, f, LOG_2).lanewise(FMA, f, LOG_1).lanewise(FMA, f, LOG_0).lanewise(FMA, f, -0.5f);
    FloatVector k = (FloatVector) exponent.convert(I2F, 0);
    FloatVector y = k.lanewise(FMA, LN_2, p.fma(f.mul(f), f));
    y = y.reinterpretAsInts().or(x.reinterpretAsInts().and(SIGN)).reinterpretAsFloats();
    y = x.blend(y, x.compare(LT, Float.POSITIVE_INFINITY)).blend(Float.NaN, x.compare(LT, -1));
    return y.blend(Float.NEGATIVE_INFINITY, x.compare(EQ, -1));
  }
}
