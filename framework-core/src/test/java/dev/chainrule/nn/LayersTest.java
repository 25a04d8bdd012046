package dev.chainrule.nn;

import static dev.chainrule.nn.Reading.checkGradient;
import static dev.chainrule.nn.Reading.doubles;
import static dev.chainrule.nn.Reading.random;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class LayersTest {

  /** Softmax-free modules by what they do to one number. */
  static Stream<Arguments> pointwise() {
    return Stream.of(
        Arguments.of(new Relu(), (DoubleUnaryOperator) x -> Math.max(x, 0)),
        Arguments.of(new LeakyRelu(0.2), (DoubleUnaryOperator) x -> x > 0 ? x : 0.2 * x),
        Arguments.of(new Sigmoid(), (DoubleUnaryOperator) x -> 1 / (1 + Math.exp(-x))),
        Arguments.of(new Tanh(), (DoubleUnaryOperator) Math::tanh),
        Arguments.of(new Gelu(), (DoubleUnaryOperator) x -> x * normalDistribution(x)),
        Arguments.of(new Residual(new Tanh()), (DoubleUnaryOperator) x -> x + Math.tanh(x)),
        Arguments.of(new Residual(new Tanh(), new Sigmoid()), (DoubleUnaryOperator) x -> 1 / (1 + Math.exp(-x)) + Math.tanh(x)),
        Arguments.of(new Sequential(new Tanh(), new Sigmoid()), (DoubleUnaryOperator) x -> 1 / (1 + Math.exp(-Math.tanh(x)))),
        Arguments.of(new Sequential(), DoubleUnaryOperator.identity()));
  }

  /** 1/2 plus Simpson's rule over the density. */
  static double normalDistribution(double x) {
    int n = 2000;
    double h = x / n;
    double sum = 0;
    for (int i = 0; i <= n; i++) {
      double t = i * h;
      sum += (i == 0 || i == n ? 1 : i % 2 == 0 ? 2 : 4) * Math.exp(-t * t / 2);
    }
    return 0.5 + sum * h / 3 / Math.sqrt(2 * Math.PI);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("pointwise")
  void valuesFollowTheDefinition(Module module, DoubleUnaryOperator definition) {
    HostArray x = random(1, 3, 4);
    double[] y = doubles(module.apply(Tensor.of(x)));
    for (int i = 0; i < y.length; i++) {
      assertEquals(definition.applyAsDouble(x.doubleAt(i)), y[i], 1e-12);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("pointwise")
  void gradientsAreRight(Module module, DoubleUnaryOperator definition) {
    checkGradient(in -> module.apply(in.getFirst()), random(2, 2, 3));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, -1, -2})
  void softmaxRowsSumToOne(int axis) {
    HostArray x = random(3, 3, 4);
    Tensor y = new Softmax(axis).apply(Tensor.of(x));
    for (double sum : doubles(y.sum(axis))) {
      assertEquals(1, sum, 1e-12);
    }
    double[] values = doubles(y);
    int step = axis == 0 || axis == -2 ? 4 : 1;
    assertEquals(Math.exp(x.doubleAt(step) - x.doubleAt(0)), values[step] / values[0], 1e-12);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void softmaxGradient(int axis) {
    checkGradient(in -> new Softmax(axis).apply(in.getFirst()), random(4, 2, 3));
  }

  @Test
  void flattenKeepsTheFirstAxis() {
    var flatten = new Flatten();
    assertEquals(TensorType.of(DType.F64, 2, 12), flatten.apply(Tensor.of(random(5, 2, 3, 4))).type());
    assertEquals(TensorType.of(DType.F64, 5, 1), flatten.apply(Tensor.of(random(5, 5))).type());
    assertEquals(TensorType.of(DType.F32, 0, 6), flatten.apply(Tensor.zeros(TensorType.of(DType.F32, 0, 2, 3))).type());
    HostArray x = random(6, 2, 3, 2);
    assertArrayEquals(x.toDoubleArray(), doubles(flatten.apply(Tensor.of(x))));
    checkGradient(in -> flatten.apply(in.getFirst()), x);
    assertThrows(ShapeMismatchException.class, () -> flatten.apply(Tensor.scalar(1)));
  }

  @ParameterizedTest
  @CsvSource({"true", "false"})
  void linearIsTheProductPlusTheBias(boolean withBias) {
    var layer = new Linear(3, 2, Initializer.normal(1), withBias ? Optional.of(Initializer.normal(1)) : Optional.empty());
    layer.initialise(1);
    double[] w = layer.state().get("weight").toDoubleArray();
    double[] b = withBias ? layer.state().get("bias").toDoubleArray() : new double[2];
    float[] x = {1, 2, 3, -4, 5, 6, 0, 0.5f, 7, 8, -9, 10};
    Tensor y = layer.apply(Tensor.of(x, 2, 2, 3));
    assertEquals(TensorType.of(DType.F32, 2, 2, 2), y.type());
    double[] values = doubles(y);
    for (int row = 0; row < 4; row++) {
      for (int out = 0; out < 2; out++) {
        double expected = b[out];
        for (int in = 0; in < 3; in++) {
          expected += x[3 * row + in] * w[2 * in + out];
        }
        assertEquals(expected, values[2 * row + out], 1e-5);
      }
    }
  }

  @Test
  void linearTakesAnyLeadingAxes() {
    var layer = new Linear(3, 2);
    layer.initialise(1);
    Tensor rows = layer.apply(Tensor.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3));
    Tensor row = layer.apply(Tensor.of(new float[] {1, 2, 3}));
    assertEquals(TensorType.of(DType.F32, 2), row.type());
    assertArrayEquals(doubles(rows.slice(0, 0, 1).reshape(2)), doubles(row));
    assertEquals(TensorType.of(DType.F32, 5, 4, 7, 2), layer.apply(Tensor.zeros(TensorType.of(DType.F32, 5, 4, 7, 3))).type());
    assertEquals(TensorType.of(DType.F32, 0, 2), layer.apply(Tensor.zeros(TensorType.of(DType.F32, 0, 3))).type());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void linearGradient(int rank) {
    long[] shape = {2, 3, 4};
    HostArray x = random(7, Arrays.copyOfRange(shape, 3 - rank, 3));
    checkGradient(in -> Linear.affine(in.get(0), in.get(1), Optional.of(in.get(2))), x, random(8, 4, 2), random(9, 2));
    checkGradient(in -> Linear.affine(in.get(0), in.get(1), Optional.empty()), x, random(8, 4, 2));
  }

  @Test
  void aWrongInputIsAnErrorThatNamesTheLayer() {
    var model = new Sequential().add("hidden", new Linear(784, 10));
    var error = assertThrows(ShapeMismatchException.class, () -> model.apply(Tensor.zeros(TensorType.of(DType.F32, 64, 700))));
    assertTrue(error.getMessage().startsWith("[hidden Linear(784 -> 10)] expected an input [..., 784], got f32[64,700]\n  at LayersTest."),
        error.getMessage());
    error = assertThrows(ShapeMismatchException.class, () -> new Linear(1, 1).apply(Tensor.scalar(1)));
    assertTrue(error.getMessage().startsWith("[Linear(1 -> 1)] expected an input [..., 1], got f32[]"), error.getMessage());
  }

  @Test
  void aResidualBodyMayNotBroadcast() {
    var model = new Sequential().add("block", new Residual(Module.of("Sum", x -> x.sum(1))));
    var error = assertThrows(ShapeMismatchException.class, () -> model.apply(Tensor.of(random(1, 2, 2))));
    assertTrue(error.getMessage().startsWith("[block Residual] the body gives f64[2] for an input f64[2,2]"), error.getMessage());
  }

  @Test
  void norMayAResidualsShortcut() {
    var model = new Sequential().add("block", new Residual(new Tanh(), Module.of("Sum", x -> x.sum(1))));
    var error = assertThrows(ShapeMismatchException.class, () -> model.apply(Tensor.of(random(1, 2, 2))));
    assertTrue(error.getMessage().startsWith("[block Residual] the body gives f64[2,2] for an input f64[2,2], the shortcut f64[2]"),
        error.getMessage());
  }

  @Test
  void settingsOutOfRangeAreErrors() {
    assertThrows(InvalidArgumentException.class, () -> new Linear(0, 3));
    assertThrows(InvalidArgumentException.class, () -> new Linear(3, -1));
    assertThrows(InvalidArgumentException.class, () -> new LeakyRelu(Double.NaN));
    assertThrows(InvalidArgumentException.class, () -> new Softmax(2).apply(Tensor.of(random(1, 2, 2))));
  }

  @ParameterizedTest
  @CsvSource({"relu, Relu", "leaky-relu, LeakyRelu(0.01)", "sigmoid, Sigmoid", "tanh, Tanh", "gelu, Gelu"})
  void activationsByName(String name, String kind) {
    Activation activation = Activation.named(name);
    assertEquals(name, activation.toString());
    assertEquals(kind, activation.layer().toString());
  }

  @Test
  void anUnknownActivationListsTheKnownOnes() {
    for (String name : List.of("swish", "RELU", "")) {
      var error = assertThrows(InvalidArgumentException.class, () -> Activation.named(name));
      assertTrue(error.getMessage().contains("relu, leaky-relu, sigmoid, tanh, gelu"), error.getMessage());
    }
  }
}
