package dev.chainrule.tensor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.ChainruleException;
import dev.chainrule.autograd.Gradients;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class NormalisationTest {

  private static final double EPSILON = 1e-3;

  private static Tensor random(DType dtype, long seed, long... shape) {
    TensorType type = TensorType.of(dtype, shape);
    return Tensor.of(HostArray.ofDoubles(type, new Random(seed).doubles(type.elements(), -2, 3).toArray()));
  }

  private static Tensor full(DType dtype, double value, long... shape) {
    return Tensor.full(TensorType.of(dtype, shape), value);
  }

  /** The values of one group normalised; with {@code centred} less their mean. */
  private static double[] normal(double[] x, boolean centred, double epsilon) {
    double mean = centred ? Arrays.stream(x).sum() / x.length : 0;
    double square = 0;
    for (double v : x) {
      square += (v - mean) * (v - mean) / x.length;
    }
    double scale = 1 / Math.sqrt(square + epsilon);
    return Arrays.stream(x).map(v -> (v - mean) * scale).toArray();
  }

  @Test
  @Tag("S12.20")
  void layerNormIsItsDefinition() {
    for (boolean two : new boolean[] {false, true}) {
      long[] weights = two ? new long[] {4, 5} : new long[] {5};
      Tensor x = random(DType.F64, 1, 3, 4, 5);
      Tensor weight = random(DType.F64, 2, weights);
      Tensor bias = random(DType.F64, 3, weights);
      double[] y = Values.read(Normalisation.layerNorm(x, weight, bias, EPSILON));
      assertArrayEquals(rows(x, weight, Values.read(bias), true), y, 1e-12);
    }
  }

  @Test
  @Tag("S12.21")
  void rmsNormIsItsDefinition() {
    Tensor x = random(DType.F64, 1, 3, 4, 5);
    Tensor weight = random(DType.F64, 2, 4, 5);
    assertArrayEquals(rows(x, weight, new double[20], false), Values.read(Normalisation.rmsNorm(x, weight, EPSILON)), 1e-12);
  }

  private static double[] rows(Tensor x, Tensor weight, double[] bias, boolean centred) {
    double[] values = Values.read(x);
    double[] w = Values.read(weight);
    double[] expected = new double[values.length];
    for (int from = 0; from < values.length; from += w.length) {
      double[] row = normal(Arrays.copyOfRange(values, from, from + w.length), centred, EPSILON);
      for (int j = 0; j < row.length; j++) {
        expected[from + j] = row[j] * w[j] + bias[j];
      }
    }
    return expected;
  }

  @Test
  @Tag("S12.22") @Tag("S12.23")
  void batchNormIsItsDefinition() {
    int n = 4;
    int channels = 3;
    int space = 6;
    Tensor x = random(DType.F64, 1, n, channels, 2, 3);
    Tensor weight = random(DType.F64, 2, channels);
    Tensor bias = random(DType.F64, 3, channels);
    Normalisation.Batch batch = Normalisation.batchNorm(x, weight, bias, EPSILON);
    assertEquals(n * space, batch.count());
    double[] values = Values.read(x);
    double[] y = Values.read(batch.y());
    double[] inference = Values.read(Normalisation.batchNormInference(x, weight, bias, batch.mean(), batch.variance(), EPSILON));
    for (int c = 0; c < channels; c++) {
      double[] channel = new double[n * space];
      int[] at = new int[n * space];
      for (int i = 0; i < channel.length; i++) {
        at[i] = (i / space * channels + c) * space + i % space;
        channel[i] = values[at[i]];
      }
      double[] normal = normal(channel, true, EPSILON);
      for (int i = 0; i < channel.length; i++) {
        double expected = normal[i] * Values.read(weight)[c] + Values.read(bias)[c];
        assertEquals(expected, y[at[i]], 1e-12);
        assertEquals(expected, inference[at[i]], 1e-12);
      }
      double mean = Arrays.stream(channel).average().orElseThrow();
      double squares = Arrays.stream(channel).map(v -> (v - mean) * (v - mean)).sum();
      assertEquals(mean, Values.read(batch.mean())[c], 1e-12);
      assertEquals(squares / channel.length, Values.read(batch.variance())[c], 1e-12);
      assertEquals(squares / (channel.length - 1), Values.read(batch.unbiasedVariance())[c], 1e-12);
    }
  }

  @Test
  void aSingleValueHasNoVariance() {
    Normalisation.Batch batch = Normalisation.batchNorm(full(DType.F32, 7, 1, 2), full(DType.F32, 3, 2), full(DType.F32, -1, 2), 1e-5);
    assertArrayEquals(new double[] {-1, -1}, Values.read(batch.y()));
    assertArrayEquals(new double[2], Values.read(batch.unbiasedVariance()));
  }

  @Test
  void equalValuesGiveTheBias() {
    Tensor bias = random(DType.F32, 3, 8);
    Tensor y = Normalisation.layerNorm(full(DType.F32, 3, 2, 8), full(DType.F32, 5, 8), bias, 1e-5);
    assertArrayEquals(Values.read(bias), Arrays.copyOf(Values.read(y), 8));
    // The mean of seven tenths is rounded, by a unit or two, and the distance that this makes is divided by the root of epsilon.
    double[] rounded = Values.read(Normalisation.layerNorm(full(DType.F32, 0.1, 2, 7), full(DType.F32, 1, 7), full(DType.F32, 0, 7), 1e-5));
    assertTrue(Arrays.stream(rounded).allMatch(v -> Math.abs(v) <= 4 * 0x1p-24 * 0.1 / Math.sqrt(1e-5)), Arrays.toString(rounded));
  }

  @Test
  void equalValuesHaveAFiniteGradient() {
    Tensor x = full(DType.F32, 3, 2, 4).copy();
    Tensor weight = full(DType.F32, 1, 4);
    Tensor y = Normalisation.layerNorm(x, weight, weight, 1e-5);
    double[] gradient = Values.read(Gradients.of(y.mul(random(DType.F32, 4, 2, 4)).sum(), List.of(x)).getFirst());
    assertTrue(Arrays.stream(gradient).allMatch(Double::isFinite), Arrays.toString(gradient));
  }

  @Test
  void largeValuesAreNormalisedUntilTheirSquaresOverflow() {
    Tensor one = full(DType.F32, 1, 4);
    Tensor zero = full(DType.F32, 0, 4);
    Tensor x = Tensor.of(new float[] {1e18f, -1e18f, 1e18f, -1e18f});
    assertArrayEquals(new double[] {1, -1, 1, -1}, Values.read(Normalisation.layerNorm(x, one, zero, 1e-5)), 1e-6);
    assertArrayEquals(new double[] {1, -1, 1, -1}, Values.read(Normalisation.rmsNorm(x, one, 1e-5)), 1e-6);
    assertArrayEquals(new double[] {0, -0.0, 0, -0.0}, Values.read(Normalisation.rmsNorm(x.mul(100), one, 1e-5)));
    assertArrayEquals(new double[4], Values.read(Normalisation.layerNorm(x.mul(100), one, zero, 1e-5)));
  }

  /** Squares of these overflow f16; sums of them would even in one row. */
  @Test
  @Tag("S12.27")
  void sixteenBitFloatsAreComputedInF32AndRoundedOnce() {
    for (DType dtype : List.of(DType.F16, DType.BF16)) {
      Tensor x = random(DType.F64, 1, 2, 40).mul(20_000).cast(dtype);
      Tensor weight = random(DType.F64, 2, 40).cast(dtype);
      Tensor bias = random(DType.F64, 3, 40).cast(dtype);
      Tensor y = Normalisation.layerNorm(x, weight, bias, EPSILON);
      assertEquals(dtype, y.dtype());
      double[] exact = rows(x, weight, Values.read(bias), true);
      double half = dtype == DType.F16 ? 0x1p-11 : 0x1p-8;
      for (int i = 0; i < exact.length; i++) {
        assertEquals(exact[i], Values.read(y)[i], 1.01 * half * Math.abs(exact[i]) + 1e-5, dtype + " element " + i);
      }
      Normalisation.Batch batch = Normalisation.batchNorm(x, weight, bias, EPSILON);
      assertEquals(DType.F32, batch.variance().dtype());
      assertEquals(dtype, batch.y().dtype());
      assertEquals(dtype, Normalisation.batchNormInference(x, weight, bias, batch.mean(), batch.variance(), EPSILON).dtype());
    }
  }

  @Test
  @Tag("S12.20")
  void whatIsNotFiniteStaysInItsRow() {
    for (double strange : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
      Tensor x = Tensor.of(new double[] {1, strange, 3, 1, 2, 3}, 2, 3);
      double[] y = Values.read(Normalisation.layerNorm(x, full(DType.F64, 1, 3), full(DType.F64, 0, 3), EPSILON));
      assertTrue(Arrays.stream(y, 0, 3).allMatch(Double::isNaN), Arrays.toString(y));
      assertTrue(Arrays.stream(y, 3, 6).allMatch(Double::isFinite), Arrays.toString(y));
    }
  }

  // --- errors ------------------------------------------------------------------------------------------------------------------------

  private static void assertRefused(String message, Executable call) {
    String found = assertThrows(ChainruleException.class, call).getMessage();
    assertTrue(found.startsWith(message), found);
  }

  @Test
  void whatDoesNotFitIsNamed() {
    Tensor x = random(DType.F32, 1, 2, 3);
    Tensor three = random(DType.F32, 1, 3);
    Tensor two = random(DType.F32, 1, 2);
    assertRefused("[layerNorm] x is f32[2,3], its weight f32[2]", () -> Normalisation.layerNorm(x, two, two, 0));
    assertRefused("[layerNorm] bias is f32[2], expected the shape [3]", () -> Normalisation.layerNorm(x, three, two, 0));
    assertRefused("[layerNorm] element types differ: x is f32[2,3], a weight or bias f64[3]",
        () -> Normalisation.layerNorm(x, three, three.cast(DType.F64), 0));
    assertRefused("[layerNorm] not defined for i32[2,3]", () -> Normalisation.layerNorm(x.cast(DType.I32), three, three, 0));
    assertRefused("[layerNorm] epsilon is -1.0", () -> Normalisation.layerNorm(x, three, three, -1));
    assertRefused("[rmsNorm] epsilon is NaN", () -> Normalisation.rmsNorm(x, three, Double.NaN));
    assertRefused("[rmsNorm] x is f32[2,3], its weight f32[]", () -> Normalisation.rmsNorm(x, Tensor.scalar(1), 0));
    assertRefused("[batchNorm] weight is f32[2], expected the shape [3]", () -> Normalisation.batchNorm(x, two, three, 0));
    assertRefused("[batchNorm] expected x [n, channels, spatial...], got f32[3]", () -> Normalisation.batchNorm(three, three, three, 0));
    assertRefused("[batchNormInference] variance is f32[2], expected the shape [3]",
        () -> Normalisation.batchNormInference(x, three, three, three, two, 0));
    assertRefused("[batchNormInference] expected mean and variance of f32 for f16[2,3], got f16[3] and f16[3]", () -> {
      Tensor half = three.cast(DType.F16);
      Normalisation.batchNormInference(x.cast(DType.F16), half, half, half, half, 0);
    });
  }
}
