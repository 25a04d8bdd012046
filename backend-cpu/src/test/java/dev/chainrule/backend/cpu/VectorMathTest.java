package dev.chainrule.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.chainrule.graph.Op;
import java.util.SplittableRandom;
import java.util.function.DoubleUnaryOperator;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Functions on vectors give the bits of the scalar ones. NaNs count as one. */
class VectorMathTest {

  /** Two million floats. */
  private static final float[] X = FloatSamples.all(4096);

  private static final int LANES = VectorLanes.FLOATS.length();

  private interface Binary {
    FloatVector apply(FloatVector x, FloatVector y);
  }

  @ParameterizedTest
  @EnumSource
  void functionsHaveTheBitsOfTheirScalarTwins(FloatFunction f) {
    check(f.name(), f.vector, f.scalar);
  }

  @Test
  void exactFunctionsHaveTheBitsOfJavas() {
    check("neg", VectorMath::neg, x -> -x);
    check("abs", VectorMath::abs, Math::abs);
    check("sign", VectorMath::sign, Math::signum);
    check("floor", VectorMath::floor, x -> (float) Math.floor(x));
    check("ceil", VectorMath::ceil, x -> (float) Math.ceil(x));
    check("round", VectorMath::round, x -> (float) Math.rint(x));
    check("sqrt", VectorMath::sqrt, x -> (float) Math.sqrt(x));
    check("toBfloat16", VectorMath::toBfloat16, x -> Float.intBitsToFloat(Conversions.brainBits(x) << 16));
    check("toFloat16", VectorMath::toFloat16, x -> Float.float16ToFloat(Float.floatToFloat16(x)));
  }

  @Test
  void nanStaysNanWhenItsUpperHalfIsKept() {
    float x = Float.intBitsToFloat(0x7f800001);
    int bits = VectorMath.toBfloat16(FloatVector.broadcast(VectorLanes.FLOATS, x)).reinterpretAsInts().lane(0);
    assertEquals(Conversions.brainBits(x) << 16, bits);
  }

  @Test
  void castsToIntegersTruncateAndSaturate() {
    check("toInt", x -> VectorMath.toInt(x).reinterpretAsFloats(), x -> Float.intBitsToFloat((int) x));
    check("toFloat", x -> VectorMath.toFloat(x.reinterpretAsInts()), x -> (float) Float.floatToRawIntBits(x));
  }

  private static void check(String name, FloatFunction.OnVectors vector, VectorLanes.FloatFunction scalar) {
    float[] y = new float[LANES];
    for (int at = 0; at + LANES <= X.length; at += LANES) {
      vector.apply(FloatVector.fromArray(VectorLanes.FLOATS, X, at)).intoArray(y, 0);
      for (int i = 0; i < LANES; i++) {
        assertBits(name + "(" + X[at + i] + ")", scalar.apply(X[at + i]), y[i]);
      }
    }
  }

  private static void assertBits(String name, float expected, float actual) {
    if (Float.floatToIntBits(expected) != Float.floatToIntBits(actual)) {
      assertEquals(expected, actual, name);
    }
  }

  @Test
  void binaryOperationsHaveTheBitsOfJavas() {
    float[] scratch = new float[2 * LANES];
    check("add", VectorMath::add, (x, y) -> x + y);
    check("sub", VectorMath::sub, (x, y) -> x - y);
    check("mul", VectorMath::mul, (x, y) -> x * y);
    check("div", VectorMath::div, (x, y) -> x / y);
    check("max", VectorMath::max, Math::max);
    check("min", VectorMath::min, Math::min);
    check("mod", VectorMath::mod, (x, y) -> x % y);
    check("pow", (x, y) -> VectorMath.pow(x, y, scratch), FloatPower::pow);
  }

  /** Special values with each other, random ones of all sizes, and quotients up to 2^25. */
  private static void check(String name, Binary vector, VectorLanes.FloatBinaryFunction scalar) {
    float[] specials = FloatSamples.specials();
    for (float a : specials) {
      for (int at = 0; at + LANES <= specials.length; at += LANES) {
        FloatVector x = FloatVector.broadcast(VectorLanes.FLOATS, a);
        compare(name, vector, scalar, x, FloatVector.fromArray(VectorLanes.FLOATS, specials, at));
        compare(name, vector, scalar, FloatVector.fromArray(VectorLanes.FLOATS, specials, at), x);
      }
    }
    var random = new SplittableRandom(3);
    float[] a = new float[LANES];
    float[] b = new float[LANES];
    for (int round = 0; round < 100_000; round++) {
      for (int i = 0; i < LANES; i++) {
        a[i] = Float.intBitsToFloat(random.nextInt());
        b[i] = round % 2 == 0 ? Float.intBitsToFloat(random.nextInt()) : a[i] / (float) Math.pow(2, random.nextDouble(-3, 25));
      }
      compare(name, vector, scalar, FloatVector.fromArray(VectorLanes.FLOATS, a, 0), FloatVector.fromArray(VectorLanes.FLOATS, b, 0));
    }
  }

  private static void compare(String name, Binary vector, VectorLanes.FloatBinaryFunction scalar, FloatVector x, FloatVector y) {
    float[] a = x.toArray();
    float[] b = y.toArray();
    float[] result = vector.apply(x, y).toArray();
    for (int i = 0; i < LANES; i++) {
      assertBits(name + "(" + a[i] + ", " + b[i] + ")", scalar.apply(a[i], b[i]), result[i]);
    }
  }

  @Test
  void exactFunctionsOfDoublesHaveTheBitsOfJavas() {
    check(VectorMath::sign, Math::signum);
    check(VectorMath::floor, Math::floor);
    check(VectorMath::ceil, Math::ceil);
    check(VectorMath::round, Math::rint);
    check(VectorMath::rsqrt, x -> 1 / Math.sqrt(x));
  }

  @Test
  void otherFunctionsOfDoublesAreThoseOfMath() {
    double[] scratch = new double[2 * VectorLanes.DOUBLES.length()];
    check(x -> VectorMath.exp(x, scratch), Math::exp);
    check(x -> VectorMath.expm1(x, scratch), Math::expm1);
    check(x -> VectorMath.log(x, scratch), Math::log);
    check(x -> VectorMath.log1p(x, scratch), Math::log1p);
    check(x -> VectorMath.sin(x, scratch), Math::sin);
    check(x -> VectorMath.cos(x, scratch), Math::cos);
    check(x -> VectorMath.tan(x, scratch), Math::tan);
    check(x -> VectorMath.tanh(x, scratch), Math::tanh);
    check(x -> VectorMath.erf(x, scratch), DoubleErf::erf);
    check(x -> VectorMath.pow(x, x.broadcast(3), scratch), x -> StrictMath.pow(x, 3), 1);
    check(x -> VectorMath.mod(x, x.broadcast(0.7), scratch), x -> x % 0.7);
  }

  private interface OnDoubles {
    DoubleVector apply(DoubleVector x);
  }

  private static void check(OnDoubles vector, DoubleUnaryOperator scalar) {
    check(vector, scalar, 0);
  }

  private static void check(OnDoubles vector, DoubleUnaryOperator scalar, double ulps) {
    var random = new SplittableRandom(5);
    var species = VectorLanes.DOUBLES;
    double[] specials = {0, -0.0, 0.3, -0.3, 0.5, -0.5, 0.7, -0.7, 1.5, 2.5, -2.5, 0x1p52, 0x1p52 - 0.5, -0x1p52 + 0.5, 0x1p51 + 0.5,
      Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, Double.MIN_VALUE, -Double.MIN_VALUE, Double.MAX_VALUE};
    double[] x = new double[species.length()];
    for (int round = 0; round < 100_000; round++) {
      for (int i = 0; i < x.length; i++) {
        x[i] = round % 3 == 0 ? specials[random.nextInt(specials.length)]
            : round % 3 == 1 ? random.nextDouble(-5, 5) : Double.longBitsToDouble(random.nextLong());
      }
      double[] y = vector.apply(DoubleVector.fromArray(species, x, 0)).toArray();
      for (int i = 0; i < x.length; i++) {
        double expected = scalar.applyAsDouble(x[i]);
        if (Double.compare(expected, y[i]) != 0) {
          assertEquals(expected, y[i], ulps * Math.ulp(expected));
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void loopsHaveTheBitsOfPlainJavaForAllLengths(FloatFunction f) {
    Op.Unary op = op(f);
    float[] expected = new float[Registers.BLOCK];
    float[] actual = new float[Registers.BLOCK];
    for (int n : new int[] {0, 1, LANES - 1, LANES, LANES + 1, 1000, Registers.BLOCK}) {
      FloatLoops.plain(op).apply(expected, X, n);
      FloatLoops.unary(op).apply(actual, X, n);
      for (int i = 0; i < n; i++) {
        assertBits(f + "(" + X[i] + ")", expected[i], actual[i]);
      }
    }
  }

  private static Op.Unary op(FloatFunction f) {
    return switch (f) {
      case EXP -> new Op.Exp();
      case EXPM1 -> new Op.Expm1();
      case TANH -> new Op.Tanh();
      case ERF -> new Op.Erf();
      case LOG -> new Op.Log();
      case LOG1P -> new Op.Log1p();
      case RSQRT -> new Op.Rsqrt();
      case SIN -> new Op.Sin();
      case COS -> new Op.Cos();
      case TAN -> new Op.Tan();
    };
  }
}
