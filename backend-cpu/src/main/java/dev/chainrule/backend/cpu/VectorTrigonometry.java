package dev.chainrule.backend.cpu;

import static dev.chainrule.backend.cpu.FloatExponentials.ROUNDER;
import static dev.chainrule.backend.cpu.FloatExponentials.SIGN;
import static dev.chainrule.backend.cpu.FloatTrigonometry.COS_0;
import static dev.chainrule.backend.cpu.FloatTrigonometry.COS_1;
import static dev.chainrule.backend.cpu.FloatTrigonometry.COS_2;
import static dev.chainrule.backend.cpu.FloatTrigonometry.HALF_PI_0;
import static dev.chainrule.backend.cpu.FloatTrigonometry.HALF_PI_1;
import static dev.chainrule.backend.cpu.FloatTrigonometry.HALF_PI_2;
import static dev.chainrule.backend.cpu.FloatTrigonometry.LARGEST;
import static dev.chainrule.backend.cpu.FloatTrigonometry.SIN_0;
import static dev.chainrule.backend.cpu.FloatTrigonometry.SIN_1;
import static dev.chainrule.backend.cpu.FloatTrigonometry.SIN_2;
import static dev.chainrule.backend.cpu.FloatTrigonometry.TWO_OVER_PI;
import static dev.chainrule.backend.cpu.VectorLanes.FLOATS;
import static jdk.incubator.vector.VectorOperators.FMA;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.NE;
import static jdk.incubator.vector.VectorOperators.XOR;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;

/**
 * Sine and cosine of {@link FloatTrigonometry} on vectors: the same operations in the same order, so the same bits. About 30 instructions
 * for a vector, no memory; a vector with an argument beyond the range takes the scalar functions.
 */
final class VectorTrigonometry {

  private VectorTrigonometry() {}

  static FloatVector sin(FloatVector x) {
    FloatVector size = x.abs();
    if (size.compare(GT, LARGEST).anyTrue()) {
      return sinOfLarge(x);
    }
    FloatVector shifted = size.fma(TWO_OVER_PI, ROUNDER);
    IntVector quarters = shifted.reinterpretAsInts();
    FloatVector n = shifted.sub(ROUNDER);
    FloatVector r = n.lanewise(FMA, -HALF_PI_2, n.lanewise(FMA, -HALF_PI_1, n.lanewise(FMA, -HALF_PI_0, size)));
    FloatVector s = r.mul(r);
    FloatVector sin = FloatVector.broadcast(FLOATS, SIN_2).lanewise(FMA, s, SIN_1).lanewise(FMA, s, SIN_0).mul(s).fma(r, r);
    FloatVector cos = FloatVector.broadcast(FLOATS, COS_2).lanewise(FMA, s, COS_1).lanewise(FMA, s, COS_0).lanewise(FMA, s, -0.5f)
        .lanewise(FMA, s, 1);
    VectorMask<Float> odd = quarters.and(1).compare(NE, 0).cast(FLOATS);
    IntVector sign = quarters.lanewise(LSHL, 30).lanewise(XOR, x.reinterpretAsInts()).and(SIGN);
    return sin.blend(cos, odd).reinterpretAsInts().lanewise(XOR, sign).reinterpretAsFloats();
  }

  static FloatVector cos(FloatVector x) {
    FloatVector size = x.abs();
    if (size.compare(GT, LARGEST).anyTrue()) {
      return cosOfLarge(x);
    }
    FloatVector shifted = size.fma(TWO_OVER_PI, ROUNDER);
    IntVector quarters = shifted.reinterpretAsInts().add(1);
    FloatVector n = shifted.sub(ROUNDER);
    FloatVector r = n.lanewise(FMA, -HALF_PI_2, n.lanewise(FMA, -HALF_PI_1, n.lanewise(FMA, -HALF_PI_0, size)));
    FloatVector s = r.mul(r);
    FloatVector sin = FloatVector.broadcast(FLOATS, SIN_2).lanewise(FMA, s, SIN_1).lanewise(FMA, s, SIN_0).mul(s).fma(r, r);
    FloatVector cos = FloatVector.broadcast(FLOATS, COS_2).lanewise(FMA, s, COS_1).lanewise(FMA, s, COS_0).lanewise(FMA, s, -0.5f)
        .lanewise(FMA, s, 1);
    VectorMask<Float> odd = quarters.and(1).compare(NE, 0).cast(FLOATS);
    IntVector sign = quarters.lanewise(LSHL, 30).and(SIGN);
    return sin.blend(cos, odd).reinterpretAsInts().lanewise(XOR, sign).reinterpretAsFloats();
  }

  static FloatVector sinOfLarge(FloatVector x) {
    return VectorLanes.each(x, FloatTrigonometry::sin);
  }

  static FloatVector cosOfLarge(FloatVector x) {
    return VectorLanes.each(x, FloatTrigonometry::cos);
  }
}
