package dev.chainrule.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.HostRandom;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Mode;
import dev.chainrule.tensor.Tensor;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class InitializerTest {

  private static final TensorType LINEAR = TensorType.of(DType.F32, 200, 300);
  /** 20 outputs of 30 channels under a kernel of 3 x 5 from 20 channels: fan-in 300, fan-out 450. */
  private static final TensorType CONVOLUTION = TensorType.of(DType.F32, 30, 20, 3, 5);

  private static double[] draw(Initializer initializer, TensorType type) {
    return initializer.values(type, HostRandom.of(3, "test")).toDoubleArray();
  }

  static Stream<Arguments> uniform() {
    return Stream.of(
        Arguments.of("uniform", Initializer.uniform(0.25), LINEAR, 0.25),
        Arguments.of("xavier", Initializer.xavierUniform(1), LINEAR, Math.sqrt(6.0 / 500)),
        Arguments.of("xavier with gain", Initializer.xavierUniform(2), CONVOLUTION, 2 * Math.sqrt(6.0 / 750)),
        Arguments.of("kaiming for relu", Initializer.kaimingUniform(Activation.RELU.gain()), LINEAR, Math.sqrt(6.0 / 200)),
        Arguments.of("kaiming of a convolution", Initializer.kaimingUniform(1), CONVOLUTION, Math.sqrt(3.0 / 300)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource
  void uniform(String name, Initializer initializer, TensorType type, double bound) {
    double[] values = draw(initializer, type);
    assertMoments(values, bound / Math.sqrt(3), 1.8);
    double[] sorted = Arrays.stream(values).sorted().toArray();
    assertTrue(sorted[0] >= -bound * (1 + 1e-7) && sorted[sorted.length - 1] <= bound * (1 + 1e-7), "outside the bound");
    // Kolmogorov-Smirnov: beyond 1.95 / sqrt(n) with a probability of 1/1000.
    double farthest = 0;
    for (int i = 0; i < sorted.length; i++) {
      double expected = (sorted[i] + bound) / (2 * bound);
      farthest = Math.max(farthest, Math.max(Math.abs(expected - (double) i / sorted.length),
          Math.abs(expected - (i + 1.0) / sorted.length)));
    }
    assertTrue(farthest < 1.95 / Math.sqrt(sorted.length), "not uniform: " + farthest);
  }

  static Stream<Arguments> normal() {
    return Stream.of(
        Arguments.of("normal", Initializer.normal(0.02), LINEAR, 0.02),
        Arguments.of("xavier", Initializer.xavierNormal(1), CONVOLUTION, Math.sqrt(2.0 / 750)),
        Arguments.of("kaiming for tanh", Initializer.kaimingNormal(Activation.TANH.gain()), LINEAR, 5.0 / 3 / Math.sqrt(200)),
        Arguments.of("kaiming of a convolution", Initializer.kaimingNormal(Math.sqrt(2)), CONVOLUTION, Math.sqrt(2.0 / 300)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource
  void normal(String name, Initializer initializer, TensorType type, double std) {
    double[] values = draw(initializer, type);
    assertMoments(values, std, 3);
    double[] within = {0.682689492137, 0.954499736104, 0.997300203937};
    for (int k = 1; k <= 3; k++) {
      double limit = k * std;
      double p = within[k - 1];
      double found = Arrays.stream(values).filter(v -> Math.abs(v) < limit).count() / (double) values.length;
      assertEquals(p, found, 5 * Math.sqrt(p * (1 - p) / values.length), "within " + k + " standard deviations");
    }
  }

  /** Mean 0 and the variance, each within five of its own standard deviations; {@code kurtosis} gives the variance's. */
  private static void assertMoments(double[] values, double std, double kurtosis) {
    double mean = Arrays.stream(values).average().orElseThrow();
    double variance = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).average().orElseThrow();
    assertEquals(0, mean, 5 * std / Math.sqrt(values.length), "mean");
    assertEquals(std * std, variance, 5 * std * std * Math.sqrt((kurtosis - 1) / values.length), "variance");
  }

  @Test
  void constants() {
    TensorType type = TensorType.of(DType.F32, 2, 2);
    assertArrayEquals(new double[4], draw(Initializer.zeros(), type));
    assertArrayEquals(new double[] {1, 1, 1, 1}, draw(Initializer.ones(), type));
    assertArrayEquals(new double[] {-2.5, -2.5, -2.5, -2.5}, draw(Initializer.constant(-2.5), type));
    TensorType integer = TensorType.of(DType.I64, 1);
    assertEquals(HostArray.ofLongs(integer, 1), Initializer.ones().values(integer, new HostRandom(0)));
  }

  /** The bits as a separate program (Python) makes them from the definitions of FNV-1a and SplitMix64. */
  @Test
  @Tag("S18.12")
  void theSameBitsOnEveryMachine() {
    HostArray uniform = Initializer.uniform(0.5).values(TensorType.of(DType.F32, 4), HostRandom.of(42, "0/weight"));
    assertArrayEquals(new float[] {0.04211061f, -0.025813693f, -0.36155495f, 0.20415412f}, uniform.toFloatArray());
    HostArray normal = Initializer.normal(1).values(TensorType.of(DType.F32, 4), HostRandom.of(42, "0/weight"));
    assertArrayEquals(new float[] {-1.233498f, -0.15509202f, 0.60763854f, 0.8349662f}, normal.toFloatArray());
  }

  @Test
  void gainsAreThePublishedOnes() {
    assertEquals(Math.sqrt(2), Activation.RELU.gain());
    assertEquals(5.0 / 3, Activation.TANH.gain());
    assertEquals(1, Activation.SIGMOID.gain());
    assertEquals(Math.sqrt(2 / (1 + 0.0001)), Activation.LEAKY_RELU.gain(), 1e-15);
    assertEquals(1 / Math.sqrt(3), LeakyRelu.gain(Math.sqrt(5)), 1e-15);
  }

  @Test
  void kaimingKeepsTheSizeOfActivationsThroughDeepRectifiers() {
    var layers = new Sequential();
    Initializer initial = Initializer.kaimingNormal(Activation.RELU.gain());
    for (int i = 0; i < 20; i++) {
      layers.add("linear" + i, new Linear(64, 64, initial, Optional.empty())).add("relu" + i, new Relu());
    }
    layers.initialise(1);
    HostArray x = Initializer.normal(1).values(TensorType.of(DType.F32, 16, 64), new HostRandom(5));
    double[] y = Reading.step(Mode.EVALUATION, 0, 0, () -> layers.apply(Tensor.of(x))).toDoubleArray();
    double square = Arrays.stream(y).map(v -> v * v).average().orElseThrow();
    assertTrue(square > 0.05 && square < 20, "mean square " + square);
  }

  @Test
  void layersStartLikePyTorchs() {
    var layer = new Linear(100, 400);
    layer.initialise(0);
    double[] weight = layer.state().get("weight").toDoubleArray();
    double[] bias = layer.state().get("bias").toDoubleArray();
    assertMoments(weight, 0.1 / Math.sqrt(3), 1.8);
    assertMoments(bias, 0.1 / Math.sqrt(3), 1.8);
    assertTrue(Arrays.stream(weight).allMatch(v -> Math.abs(v) <= 0.1f) && Arrays.stream(bias).allMatch(v -> Math.abs(v) <= 0.1f));
  }

  @ParameterizedTest
  @ValueSource(doubles = {-1, Double.NaN, Double.POSITIVE_INFINITY})
  void scalesAreFiniteAndNotNegative(double scale) {
    assertThrows(InvalidArgumentException.class, () -> Initializer.uniform(scale));
    assertThrows(InvalidArgumentException.class, () -> Initializer.normal(scale));
    assertThrows(InvalidArgumentException.class, () -> Initializer.xavierUniform(scale));
    assertThrows(InvalidArgumentException.class, () -> Initializer.xavierNormal(scale));
    assertThrows(InvalidArgumentException.class, () -> Initializer.kaimingUniform(scale));
    assertThrows(InvalidArgumentException.class, () -> Initializer.kaimingNormal(scale));
  }

  @Test
  void aVectorHasNoFan() {
    var error = assertThrows(InvalidArgumentException.class, () -> draw(Initializer.kaimingUniform(1), TensorType.of(DType.F32, 5)));
    assertTrue(error.getMessage().contains("f32[5]"), error.getMessage());
    assertEquals(new Fan(2 * 3, 4 * 3), Fan.of(new TensorType(DType.F32, Shape.of(4, 2, 3))));
  }
}
