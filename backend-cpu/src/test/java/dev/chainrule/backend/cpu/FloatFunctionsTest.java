package dev.chainrule.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Interpreter;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.TensorType;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The functions of floats over all of float's range, against those of doubles. */
class FloatFunctionsTest {

  /** Every this many-th float; a prime, so that all exponents and all low bits occur. */
  private static final int STEP = 1009;

  @ParameterizedTest
  @EnumSource
  void errorsStayWithinTheStatedBound(FloatFunction f) {
    for (long bits = 0; bits <= 0xffffffffL; bits += STEP) {
      assertNear(f, Float.intBitsToFloat((int) bits));
    }
    for (float x : FloatSamples.specials()) {
      assertNear(f, x);
    }
  }

  private static void assertNear(FloatFunction f, float x) {
    double error = f.error(x);
    assertTrue(error <= f.bound, () -> f + "(" + x + ") is " + f.scalar.apply(x) + ", wrong by " + error + " ulp");
  }

  @Test
  void powersAreRoundedOnce() {
    float[] specials = FloatSamples.specials();
    for (float x : specials) {
      for (float y : specials) {
        assertPower(x, y);
      }
    }
    var random = new SplittableRandom(1);
    for (int i = 0; i < 2_000_000; i++) {
      float x = Float.intBitsToFloat(random.nextInt());
      assertPower(x, Float.intBitsToFloat(random.nextInt()));
      assertPower(x, random.nextInt(-9, 10));
      // Powers between 2^-160 and 2^160.
      assertPower(x, (float) (random.nextDouble(-160, 160) * Math.log(2) / Math.log(Math.abs(x))));
    }
  }

  private static void assertPower(float x, float y) {
    double error = FloatFunction.error(StrictMath.pow(x, y), FloatPower.pow(x, y));
    assertTrue(error <= 0.54, () -> x + "^" + y + " is " + FloatPower.pow(x, y) + ", wrong by " + error + " ulp");
  }

  /** erf to double precision by mpmath, on both sides of each polynomial's borders. */
  private static final double[][] ERF = {
    {1e-300, 1.1283791670955126e-300}, {1e-10, 1.1283791670955126e-10}, {0.1, 0.1124629160182849}, {0.5, 0.5204998778130465},
    {0.99, 0.8385080695553698}, {1.0, 0.8427007929497149}, {1.01, 0.8468104962282768}, {1.25, 0.9229001282564583},
    {1.4294, 0.956769575242925}, {1.5, 0.9661051464753108}, {1.99, 0.995111413199617}, {2.0, 0.9953222650189527},
    {2.5, 0.999593047982555}, {3.4, 0.9999984780066371}, {3.5, 0.9999992569016276}, {4.0, 0.9999999845827421},
    {5.0, 0.9999999999984626}, {5.5, 0.9999999999999927}, {6.5, 1}
  };

  @Test
  void theDoubleErrorFunctionIsWithinTwoUlps() {
    for (double[] pair : ERF) {
      assertEquals(pair[1], DoubleErf.erf(pair[0]), 2 * Math.ulp(pair[1]), () -> "erf(" + pair[0] + ")");
      assertEquals(-pair[1], DoubleErf.erf(-pair[0]), 2 * Math.ulp(pair[1]), () -> "erf(-" + pair[0] + ")");
    }
    for (int i = -70_000; i <= 70_000; i += 7) {
      // The reference's continued fraction is good to some units in the last place.
      double x = i / 10_000.0;
      assertEquals(erf(x), DoubleErf.erf(x), 1e-15, () -> "erf(" + x + ")");
    }
    assertEquals(1, DoubleErf.erf(Double.POSITIVE_INFINITY));
    assertEquals(-1, DoubleErf.erf(Double.NEGATIVE_INFINITY));
    assertTrue(Double.isNaN(DoubleErf.erf(Double.NaN)));
    assertEquals(-0.0, DoubleErf.erf(-0.0));
  }

  private static double erf(double x) {
    Node node = Ops.node(new Op.Erf(), Ops.input(HostArray.ofDoubles(TensorType.scalar(DType.F64), x)));
    return Interpreter.evaluate(List.of(node), _ -> null).getFirst().doubleAt(0);
  }
}
