package dev.chainrule.tensor;

import static dev.chainrule.tensor.Values.read;
import static dev.chainrule.tensor.Values.readLongs;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.DTypeMismatchException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.IndexRangeException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.ScalarValue;
import dev.chainrule.graph.TensorType;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class ArithmeticTest {

  private static final Tensor I32 = Tensor.of(new int[] {1, -2, 3});
  private static final Tensor U8 = Tensor.of(HostArray.ofLongs(TensorType.of(DType.U8, 2), 1, 200));

  @Test
  @Tag("S3.1") @Tag("S12.9")
  void integralNumbersTakeTheTensorsType() {
    assertEquals(DType.I32, I32.mul(2).dtype());
    assertArrayEquals(new long[] {2, -4, 6}, readLongs(I32.mul(2)));
    assertArrayEquals(new long[] {1, 0, 3}, readLongs(I32.maximum(0)));
    assertArrayEquals(new long[] {0, -2, 0}, readLongs(I32.minimum(0)));
    assertArrayEquals(new long[] {1, 0, 2}, readLongs(I32.clamp(0, 2)));
    assertArrayEquals(new double[] {3.5, 4.5}, read(Tensor.of(new float[] {1.5f, 2.5f}).add(2)));
    assertArrayEquals(new double[] {1, 0}, read(Tensor.of(new double[] {1, -1}).clamp(0, 1)));
    assertArrayEquals(new double[] {0.25, -0.5}, read(Tensor.of(new double[] {0.25, -1}).clamp(-0.5, 0.5)));
  }

  @Test
  @Tag("S3.3")
  void floatingNumbersMeetFloatingTensorsOnly() {
    var e = assertThrows(DTypeMismatchException.class, () -> I32.mul(2.5));
    assertTrue(e.getMessage().startsWith("[scalar] floating number 2.5 with a tensor of i32"), e.getMessage());
    assertThrows(DTypeMismatchException.class, () -> I32.less(0.5));
    assertThrows(DTypeMismatchException.class, () -> I32.maximum(0.5));
    assertThrows(DTypeMismatchException.class, () -> U8.add(1.0));
  }

  @Test
  @Tag("S3.2")
  void numbersMustFitTheTensorsType() {
    assertArrayEquals(new long[] {0, 199}, readLongs(U8.sub(1)));
    var e = assertThrows(DTypeMismatchException.class, () -> U8.add(256));
    assertTrue(e.getMessage().startsWith("[scalar] 256 is outside the range of u8"), e.getMessage());
    assertThrows(DTypeMismatchException.class, () -> U8.add(-1));
    assertThrows(DTypeMismatchException.class, () -> I32.add(1L << 31));
    assertArrayEquals(new long[] {Integer.MIN_VALUE + 1L, Integer.MIN_VALUE - 2L + (1L << 32), Integer.MIN_VALUE + 3L},
        readLongs(I32.add((long) Integer.MIN_VALUE)), "wraps");
    assertThrows(DTypeMismatchException.class, () -> I32.less(0).equal(2));
  }

  @Test
  void typesDoNotMix() {
    var e = assertThrows(DTypeMismatchException.class, () -> I32.add(Tensor.of(new float[] {1, 2, 3})));
    assertTrue(e.getMessage().startsWith("[add] element types differ: i32[3] and f32[3]"), e.getMessage());
    assertThrows(DTypeMismatchException.class, () -> Tensor.of(new double[1], 1, 1).matmul(Tensor.of(new float[1], 1, 1)));
  }

  @Test
  void quotientsOfIntegersAskForFloorDiv() {
    var e = assertThrows(DTypeMismatchException.class, () -> I32.div(2));
    assertTrue(e.getMessage().startsWith("[div] not defined for i32[3]"), e.getMessage());
    assertTrue(e.getMessage().contains("floorDiv"), e.getMessage());
  }

  @Test
  @Tag("S12.10")
  void integerQuotientsAndRemaindersFollowJava() {
    var random = new SplittableRandom(1);
    int[] x = new int[2_000];
    int[] y = new int[2_000];
    for (int i = 0; i < x.length; i++) {
      x[i] = i % 2 == 0 ? random.nextInt() : random.nextInt(-20, 21);
      y[i] = i % 3 == 0 ? random.nextInt() | 1 : random.nextBoolean() ? random.nextInt(1, 7) : random.nextInt(-7, 0);
    }
    long[] floors = new long[x.length];
    long[] remainders = new long[x.length];
    Arrays.setAll(floors, i -> Math.floorDiv(x[i], y[i]));
    Arrays.setAll(remainders, i -> x[i] % y[i]);
    assertArrayEquals(floors, readLongs(Tensor.of(x).floorDiv(Tensor.of(y))));
    assertArrayEquals(remainders, readLongs(Tensor.of(x).mod(Tensor.of(y))));
    assertArrayEquals(new long[] {Math.floorDiv(7, -2), Math.floorDiv(-7, -2)},
        readLongs(Tensor.of(new int[] {7, -7}).floorDiv(Tensor.scalar(DType.I32, -2))), "broadcast");
    assertArrayEquals(new double[] {3, -4, -4, 3}, read(Tensor.of(new double[] {7, -7, 7, -7}).floorDiv(Tensor.of(new double[] {2, 2, -2, -2}))));
    assertArrayEquals(new long[] {100, 66}, readLongs(Tensor.of(HostArray.ofLongs(TensorType.of(DType.U8, 2), 200, 200))
        .floorDiv(Tensor.of(HostArray.ofLongs(TensorType.of(DType.U8, 2), 2, 3)))));
  }

  @Test
  @Tag("S12.10")
  void quotientsOfFloatsAreRoundedDownExactly() {
    var random = new SplittableRandom(2);
    double[] x = new double[5_000];
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      // Half of the dividends are multiples of the divisor as far as rounding allows: there a rounded quotient is most often wrong.
      y[i] = (random.nextDouble() + 0.01) * Math.pow(10, random.nextInt(-5, 6)) * (random.nextBoolean() ? 1 : -1);
      x[i] = i % 2 == 0 ? y[i] * random.nextInt(-1000, 1000) : random.nextDouble(-1, 1) * Math.pow(10, random.nextInt(-5, 6));
    }
    double[] expected = new double[x.length];
    Arrays.setAll(expected, i -> floorOfExactQuotient(x[i], y[i]));
    assertArrayEquals(expected, unsigned(read(Tensor.of(x).floorDiv(Tensor.of(y)))));
    float[] a = new float[x.length];
    float[] b = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      b[i] = (float) y[i];
      a[i] = i % 2 == 0 ? b[i] * (i / 2 % 2000 - 1000) : (float) (x[i] % (1e5 * b[i]));
      expected[i] = floorOfExactQuotient(a[i], b[i]);
    }
    assertArrayEquals(expected, unsigned(read(Tensor.of(a).floorDiv(Tensor.of(b)))));
    assertArrayEquals(new double[] {9}, read(Tensor.of(new float[] {1}).floorDiv(Tensor.of(new float[] {0.1f}))));
  }

  private static double floorOfExactQuotient(double x, double y) {
    var dividend = new BigDecimal(x);
    var divisor = new BigDecimal(y);
    BigDecimal truncated = dividend.divideToIntegralValue(divisor);
    boolean below = dividend.signum() * divisor.signum() < 0 && truncated.multiply(divisor).compareTo(dividend) != 0;
    return (below ? truncated.subtract(BigDecimal.ONE) : truncated).doubleValue();
  }

  private static double[] unsigned(double[] x) {
    return Arrays.stream(x).map(v -> v + 0.0).toArray();
  }

  /** Python 3's {@code //}, but for divisor 0, at which Python raises and NumPy divides. */
  @Test
  @Tag("S12.10")
  void quotientsRoundedDownAtZerosAndInfinitiesAreThoseOfNumPy() {
    double inf = Double.POSITIVE_INFINITY;
    double nan = Double.NaN;
    double[][] triples = {
        {1, 0.1, 9}, {-1, 0.1, -10}, {1, -0.1, -10}, {-1, -0.1, 9}, {0.3, 0.1, 2}, {6, 0.1, 59},
        {1e300, 1e-300, inf}, {1e16, 3, 3333333333333333.0},
        {1, 0, inf}, {-1, 0, -inf}, {1, -0.0, -inf}, {0, 0, nan}, {nan, 2, nan}, {2, nan, nan},
        {2, inf, 0}, {-2, inf, -1}, {2, -inf, -1}, {-2, -inf, 0}, {inf, 2, nan}, {-inf, 2, nan}, {inf, inf, nan}, {inf, 0, inf},
        {0, 2, 0}, {-0.0, 2, -0.0}, {0, -2, -0.0}, {-0.0, -2, 0}, {1, 2, 0}, {-1, -2, 0}, {-1, 2, -1}, {1, -2, -1}, {5e-324, 2, 0}};
    Tensor x = Tensor.of(Arrays.stream(triples).mapToDouble(t -> t[0]).toArray());
    Tensor y = Tensor.of(Arrays.stream(triples).mapToDouble(t -> t[1]).toArray());
    assertArrayEquals(Arrays.stream(triples).mapToDouble(t -> t[2]).toArray(), read(x.floorDiv(y)));
  }

  @Test
  @Tag("S12.9")
  void clampKeepsWhatLiesBetweenItsEnds() {
    Tensor x = Tensor.of(new double[] {-0.0, 0, -1, 2, Double.NaN, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY});
    assertArrayEquals(new double[] {-0.0, 0, 0, 1, Double.NaN, 0, 1}, read(x.clamp(0, 1)), "the zero's sign stays");
    assertArrayEquals(new double[] {-1, -1, -1, -1, Double.NaN, -1, -1}, read(x.clamp(1, -1)), "ends that cross");
    assertArrayEquals(read(x), read(x.clamp(Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY)));
    var e = assertThrows(InvalidArgumentException.class, () -> x.clamp(Double.NaN, 1.0));
    assertTrue(e.getMessage().startsWith("[clamp] between NaN and 1.0, expected numbers"), e.getMessage());
  }

  @Test
  @Tag("S5.27") @Tag("S12.7") @Tag("S12.9")
  void comparisonsWithNaNAreFalseAndNotEqualIsTrue() {
    Tensor x = Tensor.of(new double[] {1, Double.NaN, 2});
    Tensor y = Tensor.of(new double[] {1, 1, Double.NaN});
    assertArrayEquals(new double[] {1, 0, 0}, read(x.equal(y)));
    assertArrayEquals(new double[] {0, 1, 1}, read(x.notEqual(y)));
    assertArrayEquals(new double[] {1, 0, 0}, read(x.lessEqual(y)));
    assertArrayEquals(new double[] {1, 0, 0}, read(x.greaterEqual(y)));
    assertArrayEquals(new double[] {0, 0, 0}, read(x.less(y)));
    assertArrayEquals(new double[] {0, 0, 1}, read(x.greater(1)));
    assertArrayEquals(new double[] {1, 0, 1}, read(x.greaterEqual(0.5)));
    assertTrue(Double.isNaN(read(x.relu())[1]) && Double.isNaN(read(x.maximum(5))[1]) && Double.isNaN(read(x.clamp(0, 1))[1]));
  }

  @Test
  void shiftsAndLogicWorkOnBits() {
    assertArrayEquals(new long[] {4, -8, 12}, readLongs(I32.shiftLeft(2)));
    assertArrayEquals(new long[] {0, -1, 1}, readLongs(I32.shiftRight(1)));
    assertArrayEquals(new long[] {0, 0x7fffffff, 1}, readLongs(I32.shiftRightLogical(1)));
    assertArrayEquals(new long[] {-2, 1, -4}, readLongs(I32.not()));
    Tensor p = Tensor.of(HostArray.ofLongs(TensorType.of(DType.BOOL, 4), 0, 0, 1, 1));
    Tensor q = Tensor.of(HostArray.ofLongs(TensorType.of(DType.BOOL, 4), 0, 1, 0, 1));
    assertArrayEquals(new long[] {0, 0, 0, 1}, readLongs(p.and(q)));
    assertArrayEquals(new long[] {0, 1, 1, 1}, readLongs(p.or(q)));
    assertArrayEquals(new long[] {0, 1, 1, 0}, readLongs(p.xor(q)));
    assertArrayEquals(new long[] {1, 1, 0, 0}, readLongs(p.not()));
  }

  @Test
  @Tag("S12.11") @Tag("S12.12")
  void meansAndVariancesAreThoseOfTheNumbers() {
    Tensor x = Tensor.of(new double[] {1, 2, 3, 4, 5, 9}, 2, 3);
    assertArrayEquals(new double[] {2, 6}, read(x.mean(1)));
    assertArrayEquals(new double[] {4}, read(x.mean()));
    assertArrayEquals(new double[] {2 / 3.0, 14 / 3.0}, read(x.variance(1)), 1e-15);
    assertTrue(Double.isNaN(read(Tensor.of(new double[0]).mean())[0]));
    assertThrows(DTypeMismatchException.class, () -> I32.mean());
  }

  @Test
  @Tag("S12.11")
  void theMeanOfManyHalvesOverflowsNothing() {
    Tensor many = Tensor.full(TensorType.of(DType.F16, 70_000), 2);
    assertEquals(DType.F16, many.mean().dtype());
    assertArrayEquals(new double[] {2}, read(many.mean()));
    assertArrayEquals(new double[] {40_000}, read(Tensor.full(TensorType.of(DType.F16, 4), 40_000).mean()), 16);
  }

  @Test
  @Tag("S12.12")
  void theVarianceOfHalvesOverflowsNothingOnTheWay() {
    // The square of the distance 300 is beyond f16, the mean of all 16 squares is not.
    double[] values = new double[16];
    values[3] = 320;
    Tensor x = Tensor.of(values).cast(DType.F16);
    double mean = 320 / 16.0;
    double variance = (300.0 * 300 + 15 * mean * mean) / 16;
    assertEquals(DType.F16, x.variance().dtype());
    assertArrayEquals(new double[] {variance}, read(x.variance()), 4);
    Tensor alternating = Tensor.arange(DType.I32, 70_000).mod(Tensor.scalar(DType.I32, 2));
    assertArrayEquals(new double[] {0.25}, read(alternating.cast(DType.F16).variance()));
    assertArrayEquals(new double[] {0.25}, read(alternating.cast(DType.BF16).variance()));
    assertArrayEquals(new double[] {0.5}, read(alternating.cast(DType.BF16).mean()));
  }

  @Test
  void meansOfWhatIsNoFloatNameTheWayOut() {
    for (DType dtype : new DType[] {DType.BOOL, DType.U8, DType.I32, DType.I64}) {
      Tensor x = Tensor.zeros(TensorType.of(dtype, 3));
      var mean = assertThrows(DTypeMismatchException.class, x::mean);
      assertTrue(mean.getMessage().startsWith("[mean] not defined for " + dtype + "[3]"), mean.getMessage());
      assertTrue(mean.getMessage().contains("cast(DType.F32).mean()"), mean.getMessage());
      var variance = assertThrows(DTypeMismatchException.class, x::variance);
      assertTrue(variance.getMessage().startsWith("[variance] not defined for " + dtype + "[3]"), variance.getMessage());
    }
  }

  @Test
  @Tag("S3.2") @Tag("S3.3")
  void scalarsAreOfTheClassesThatSayWhatTheyAre() {
    assertEquals(0.5, read(Tensor.scalar(DType.F32, 0.5f))[0]);
    for (Number seven : new Number[] {(byte) 7, (short) 7, 7, 7L}) {
      assertEquals(7, read(Tensor.scalar(DType.F64, seven))[0]);
      assertEquals(7, readLongs(Tensor.scalar(DType.U8, seven))[0]);
    }
    for (Number other : new Number[] {new BigDecimal("0.5"), BigInteger.TWO.pow(64), new AtomicInteger(3)}) {
      var e = assertThrows(InvalidArgumentException.class, () -> Tensor.scalar(DType.F32, other));
      assertTrue(e.getMessage().startsWith("[scalar] " + other + " of class " + other.getClass().getName() + " for f32"), e.getMessage());
    }
    assertThrows(DTypeMismatchException.class, () -> Tensor.scalar(DType.I32, 0.5f));
    assertThrows(InvalidArgumentException.class, () -> new ScalarValue(DType.F32, 1L));
  }

  @Test
  @Tag("S3.2") @Tag("S3.3")
  void everyOperationWithANumberTakesBothKinds() {
    Tensor x = Tensor.of(new double[] {0.5, 2});
    assertArrayEquals(new double[] {0.25, 4}, read(x.pow(2)));
    assertArrayEquals(new double[] {1, 0}, read(x.equal(0.5)));
    assertArrayEquals(new double[] {0, 1}, read(x.notEqual(0.5)));
    assertArrayEquals(new double[] {0, 1}, read(x.equal(2)));
    assertThrows(DTypeMismatchException.class, () -> I32.equal(0.5));
    assertThrows(DTypeMismatchException.class, () -> I32.notEqual(0.5));
    assertThrows(DTypeMismatchException.class, () -> I32.pad(0, 1, 0, 0.5));
    assertThrows(DTypeMismatchException.class, () -> U8.pad(0, 1, 0, 256));
    assertArrayEquals(new long[] {9, 1, -2, 3}, readLongs(I32.pad(0, 1, 0, 9)));
    assertThrows(DTypeMismatchException.class, () -> Tensor.full(I32.type(), 2.5));
    long large = (1L << 53) + 1;
    assertArrayEquals(new long[] {large}, readLongs(Tensor.full(TensorType.of(DType.I64, 1), large)));
    var e = assertThrows(DTypeMismatchException.class, () -> I32.pow(2));
    assertTrue(e.getMessage().startsWith("[pow] not defined for i32[3]"), e.getMessage());
  }

  @Test
  @Tag("S9.5")
  void oneHotCountsBeyondTheLabelsOwnType() {
    Tensor labels = Tensor.of(HostArray.ofLongs(TensorType.of(DType.U8, 2), 5, 255));
    long[] hot = readLongs(labels.oneHot(300));
    long[] expected = new long[600];
    expected[5] = 1;
    expected[300 + 255] = 1;
    assertArrayEquals(expected, hot);
    assertArrayEquals(new long[] {0, 1, 0, 0}, readLongs(Tensor.of(new long[] {1, 1L << 32}).oneHot(2)));
    for (DType dtype : new DType[] {DType.F16, DType.F32, DType.BOOL}) {
      var e = assertThrows(DTypeMismatchException.class, () -> Tensor.zeros(TensorType.of(dtype, 3)).oneHot(4));
      assertTrue(e.getMessage().startsWith("[oneHot] " + dtype + "[3] are not class numbers"), e.getMessage());
      assertTrue(e.getMessage().contains("cast(DType.I32)"), e.getMessage());
    }
  }

  @Test
  @Tag("S12.2") @Tag("S12.3") @Tag("S12.4") @Tag("S12.5") @Tag("S12.7") @Tag("S12.8")
  void activationsAreTheirFormulas() {
    double[] x = {-3, -0.5, 0, 0.5, 3};
    Tensor t = Tensor.of(x);
    for (int i = 0; i < x.length; i++) {
      assertEquals(1 / (1 + Math.exp(-x[i])), read(t.sigmoid())[i], 1e-15);
      assertEquals(Math.max(x[i], 0), read(t.relu())[i]);
      assertEquals(x[i] > 0 ? x[i] : 0.2 * x[i], read(t.leakyRelu(0.2))[i]);
    }
    // x Phi(x) at 1: 0.8413447460685429.
    assertEquals(0.8413447460685429, read(Tensor.of(new double[] {1}).gelu())[0], 1e-14);
    assertArrayEquals(new double[] {0, 1}, read(Tensor.of(new double[] {-1000, 1000}).sigmoid()));
    assertArrayEquals(new double[] {1, 0}, read(Tensor.of(new double[] {1000, -1000}).softmax(0)));
    assertArrayEquals(new double[] {0, -2000}, read(Tensor.of(new double[] {1000, -1000}).logSoftmax(0)));
  }

  @Test
  @Tag("S12.6")
  void crossEntropyIsTheNegativeLogOfTheLabelsProbability() {
    double[] logits = {1, 2, 3, 0, -1, 5};
    Tensor losses = Composites.softmaxCrossEntropy(Tensor.of(logits, 2, 3), Tensor.of(new long[] {2, 0}));
    double first = -Math.log(Math.exp(3) / (Math.exp(1) + Math.exp(2) + Math.exp(3)));
    double second = -Math.log(Math.exp(0) / (Math.exp(0) + Math.exp(-1) + Math.exp(5)));
    assertArrayEquals(new double[] {first, second}, read(losses), 1e-14);
    assertThrows(IndexRangeException.class,
        () -> read(Composites.softmaxCrossEntropy(Tensor.of(logits, 2, 3), Tensor.of(new int[] {3, 0}))));
    assertThrows(DTypeMismatchException.class,
        () -> Composites.softmaxCrossEntropy(Tensor.of(logits, 2, 3), Tensor.of(new double[] {1, 0})));
    assertThrows(ShapeMismatchException.class,
        () -> Composites.softmaxCrossEntropy(Tensor.of(logits, 2, 3), Tensor.of(new int[] {1})));
  }

  @Test
  @Tag("S12.16")
  void lerpGoesFromOneTensorToTheOther() {
    Tensor x = Tensor.of(new double[] {1, -2, 8});
    Tensor end = Tensor.of(new double[] {3});
    assertArrayEquals(new double[] {1, -2, 8}, read(x.lerp(end, 0)));
    assertArrayEquals(new double[] {1.5, -0.75, 6.75}, read(x.lerp(end, 0.25)));
    assertArrayEquals(new double[] {3, 3, 3}, read(x.lerp(end, 1)));
    assertArrayEquals(new double[] {2, -2, -2, 5, -7, 13}, read(x.lerp(end, Tensor.of(new double[] {0.5, 0, 2, 2, -1, -1}, 2, 3))));
    Tensor ones = Tensor.of(new int[] {1, 1});
    assertArrayEquals(new long[] {7, 1}, readLongs(ones.lerp(ones.mul(3), Tensor.of(new int[] {3, 0}))));
    assertThrows(DTypeMismatchException.class, () -> I32.lerp(I32, 0.5));
    assertThrows(DTypeMismatchException.class, () -> x.lerp(Tensor.of(new float[] {3}), 0.5));
  }

  @Test
  @Tag("S12.16")
  void theReciprocalIsOneDividedByIt() {
    double infinity = Double.POSITIVE_INFINITY;
    assertArrayEquals(new double[] {0.5, -4, infinity, -infinity, 0, Double.NaN},
        read(Tensor.of(new double[] {2, -0.25, 0, -0.0, infinity, Double.NaN}).reciprocal()));
    assertThrows(DTypeMismatchException.class, I32::reciprocal);
  }

  @Test
  @Tag("S3.4")
  void numbersForFloatingTensorsAreRoundedByWayOfADouble() {
    Tensor zero = Tensor.of(new float[] {0});
    assertArrayEquals(new double[] {16777216}, read(zero.add(16777217)));
    assertArrayEquals(new double[] {0.1f}, read(zero.add(0.1)));
    assertArrayEquals(new double[] {0x1p53}, read(zero.cast(DType.F64).add((1L << 53) + 1)));
    assertArrayEquals(new double[] {2048}, read(zero.cast(DType.F16).add(2049)));
    assertArrayEquals(new double[] {Double.POSITIVE_INFINITY}, read(zero.cast(DType.F16).add(1e6)));
  }
}
