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
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;

/** The functions of {@link FloatMath} over all of float's range, against StrictMath's doubles. */
class FloatMathTest {

  /** Every this many-th float; a prime, so that all exponents and all low bits occur. */
  private static final int STEP = 1009;

  /** Half for the rounding, and what the polynomials add. */
  private static final double ULPS = 0.52;

  @Test
  void exponentialsAreRoundedOnce() {
    check(FloatMath::exp, StrictMath::exp);
    check(FloatMath::expm1, StrictMath::expm1);
    check(FloatMath::tanh, StrictMath::tanh);
  }

  @Test
  void logarithmsAreRoundedOnce() {
    check(FloatMath::log, StrictMath::log);
    check(FloatMath::log1p, StrictMath::log1p);
  }

  @Test
  void theErrorFunctionIsRoundedOnce() {
    float[] x = new float[Registers.BLOCK];
    float[] to = new float[Registers.BLOCK];
    for (int block = 0; block < 40; block++) {
      for (int i = 0; i < x.length; i++) {
        // Ever smaller arguments, then the range where erf is not 1.
        x[i] = block < 20 ? (float) Math.scalb(1 + i / 1024.0, -block * 8) : (block - 20 + i / 1024f) * 0.25f;
      }
      FloatMath.erf(to, x, x.length, new FloatMath.Scratch());
      double[] expected = erf(x);
      for (int i = 0; i < x.length; i++) {
        assertNear("erf", x[i], expected[i], to[i]);
      }
    }
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

  private interface Function {
    void apply(float[] to, float[] x, int n, FloatMath.Scratch scratch);
  }

  private static void check(Function function, DoubleUnaryOperator expected) {
    float[] x = new float[Registers.BLOCK];
    float[] to = new float[Registers.BLOCK];
    var scratch = new FloatMath.Scratch();
    long bits = 0;
    while (bits <= 0xffffffffL) {
      for (int i = 0; i < x.length; i++) {
        x[i] = Float.intBitsToFloat((int) Math.min(bits, 0xffffffffL));
        bits += STEP;
      }
      function.apply(to, x, x.length, scratch);
      for (int i = 0; i < x.length; i++) {
        assertNear("f", x[i], expected.applyAsDouble(x[i]), to[i]);
      }
    }
    float[] edges = {
      0f, -0f, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, -1f, 1f, Float.MIN_VALUE, -Float.MIN_VALUE, Float.MAX_VALUE,
      -Float.MAX_VALUE, Math.nextDown(1f), Math.nextUp(1f), Math.nextUp(-1f), Math.nextDown(-1f), 88.72283f, 88.72284f, -87.33654f,
      -103.97207f, -103.97208f
    };
    function.apply(to, edges, edges.length, scratch);
    for (int i = 0; i < edges.length; i++) {
      assertNear("f", edges[i], expected.applyAsDouble(edges[i]), to[i]);
    }
  }

  private static void assertNear(String name, float x, double expected, float actual) {
    if (Math.abs(expected) >= 0x1.ffffffp127) {
      // Beyond the largest float and half a unit more.
      expected = expected > 0 ? Double.POSITIVE_INFINITY : Double.NEGATIVE_INFINITY;
    }
    boolean same = Float.compare((float) expected, actual) == 0;
    double error = Math.abs(actual - expected) / Agreement.ulp(DType.F32, expected);
    assertTrue(same || error <= ULPS, name + "(" + x + ") is " + actual + ", expected " + expected);
  }

  private static double erf(double x) {
    Node node = Ops.node(new Op.Erf(), Ops.input(HostArray.ofDoubles(TensorType.scalar(DType.F64), x)));
    return Interpreter.evaluate(List.of(node), _ -> null).getFirst().doubleAt(0);
  }

  private static double[] erf(float[] x) {
    Node input = Ops.input(HostArray.ofFloats(TensorType.of(DType.F32, x.length), x));
    Node node = Ops.node(new Op.Erf(), Ops.node(new Op.Cast(DType.F64), input));
    return Interpreter.evaluate(List.of(node), _ -> null).getFirst().toDoubleArray();
  }
}
