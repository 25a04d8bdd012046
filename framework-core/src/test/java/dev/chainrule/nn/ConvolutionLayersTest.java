package dev.chainrule.nn;

import static dev.chainrule.nn.Reading.doubles;
import static dev.chainrule.nn.Reading.filled;
import static dev.chainrule.nn.Reading.random;
import static dev.chainrule.nn.Reading.variable;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.ConvOptions;
import dev.chainrule.tensor.PoolOptions;
import dev.chainrule.tensor.Tensor;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.DoubleBinaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConvolutionLayersTest {

  /** The sum over a filter's channels and its kernel, one output at a time; zeros outside. */
  private static double[] convolved(HostArray x, HostArray w, double[] bias, int stride, int padding, int dilation, int groups) {
    int[] s = sizes(x);
    int[] k = sizes(w);
    int height = (s[2] + 2 * padding - (k[2] - 1) * dilation - 1) / stride + 1;
    int width = (s[3] + 2 * padding - (k[3] - 1) * dilation - 1) / stride + 1;
    double[] y = new double[s[0] * k[0] * height * width];
    int at = 0;
    for (int n = 0; n < s[0]; n++) {
      for (int f = 0; f < k[0]; f++) {
        for (int r = 0; r < height; r++) {
          for (int c = 0; c < width; c++, at++) {
            double sum = bias.length == 0 ? 0 : bias[f];
            for (int i = 0; i < k[1] * k[2] * k[3]; i++) {
              int channel = f / (k[0] / groups) * k[1] + i / (k[2] * k[3]);
              int row = r * stride + i / k[3] % k[2] * dilation - padding;
              int column = c * stride + i % k[3] * dilation - padding;
              if (row >= 0 && row < s[2] && column >= 0 && column < s[3]) {
                sum += x.doubleAt(((n * s[1] + channel) * s[2] + row) * s[3] + column) * w.doubleAt(f * k[1] * k[2] * k[3] + i);
              }
            }
            y[at] = sum;
          }
        }
      }
    }
    return y;
  }

  private static int[] sizes(HostArray x) {
    return Arrays.stream(x.type().shape().dims()).mapToInt(Math::toIntExact).toArray();
  }

  @ParameterizedTest
  @CsvSource({"1, 0, 1, 1, true", "1, 1, 1, 1, false", "2, 1, 1, 2, true", "1, 2, 2, 1, true", "2, 2, 2, 2, false"})
  void conv2dIsTheSumOverItsWindowsPlusTheBias(int stride, int padding, int dilation, int groups, boolean withBias) {
    ConvOptions options = ConvOptions.DEFAULT.withStride(stride).withPadding(padding).withDilation(dilation).withGroups(groups);
    Optional<Initializer> bias = withBias ? Optional.of(Initializer.zeros()) : Optional.empty();
    var layer = filled(() -> new Conv2d(4, 6, Shape.of(2, 3), options, Initializer.zeros(), bias));
    HostArray x = random(1, 2, 4, 5, 7);
    assertEquals(Shape.of(6, 4 / groups, 2, 3), layer.weight().type().shape());
    double[] expected = convolved(x, layer.weight().toHostArray(), withBias ? variable(layer, "bias") : new double[0],
        stride, padding, dilation, groups);
    assertArrayEquals(expected, doubles(layer.apply(Tensor.of(x))), 1e-12);
  }

  @Test
  void conv1dIsTheSumOverItsWindowsPlusTheBias() {
    var layer = filled(() -> new Conv1d(2, 4, 3, ConvOptions.DEFAULT.withStride(2).withPadding(1).withGroups(2)));
    HostArray x = random(2, 3, 2, 8);
    HostArray flat = HostArray.ofDoubles(TensorType.of(DType.F64, 3, 2, 1, 8), x.toDoubleArray());
    HostArray kernel = HostArray.ofDoubles(TensorType.of(DType.F64, 4, 1, 1, 3), variable(layer, "weight"));
    Tensor y = layer.apply(Tensor.of(x));
    assertEquals(Shape.of(3, 4, 4), y.shape());
    double[] expected = convolved(padded(flat), kernel, variable(layer, "bias"), 2, 0, 1, 2);
    assertArrayEquals(expected, doubles(y), 1e-12);
  }

  /** A zero at both ends of the last axis. */
  private static HostArray padded(HostArray x) {
    int width = Math.toIntExact(x.type().shape().dim(3));
    int rows = Math.toIntExact(x.elements() / width);
    double[] wide = new double[rows * (width + 2)];
    for (int r = 0; r < rows; r++) {
      System.arraycopy(x.toDoubleArray(), r * width, wide, r * (width + 2) + 1, width);
    }
    return HostArray.ofDoubles(new TensorType(DType.F64, x.type().shape().with(3, width + 2)), wide);
  }

  @Test
  void samePaddingKeepsTheImagesSize() {
    var layer = new Conv2d(1, 2, 3, ConvOptions.DEFAULT.withSamePadding());
    assertEquals(Shape.of(5, 2, 28, 28), layer.apply(Tensor.zeros(TensorType.of(DType.F32, 5, 1, 28, 28))).shape());
    assertEquals("Conv2d(1 -> 2, kernel 3x3, padding same)", layer.toString());
  }

  @Test
  void weightAndBiasStartOnPyTorchsInterval() {
    var layer = new Conv2d(8, 400, 3, ConvOptions.DEFAULT.withGroups(2));
    layer.initialise(3);
    double bound = 1 / Math.sqrt(4 * 3 * 3);
    for (String name : new String[] {"weight", "bias"}) {
      double largest = Arrays.stream(variable(layer, name)).map(Math::abs).max().orElseThrow();
      assertTrue(largest <= (float) bound && largest > 0.97 * bound, name + " up to " + largest + " of " + bound);
    }
    var line = new Conv1d(8, 400, 5);
    line.initialise(3);
    double largest = Arrays.stream(variable(line, "bias")).map(Math::abs).max().orElseThrow();
    assertTrue(largest <= (float) (1 / Math.sqrt(40)) && largest > 0.97 / Math.sqrt(40), "" + largest);
  }

  @Test
  void aLayerWithoutABiasHasOnlyAWeight() {
    assertEquals(1, Conv2d.withoutBias(2, 3, 3, ConvOptions.DEFAULT).parameters().size());
    assertEquals(1, Conv1d.withoutBias(2, 3, 3, ConvOptions.DEFAULT).parameters().size());
    assertEquals("Conv1d(2 -> 3, kernel 3, no bias)", Conv1d.withoutBias(2, 3, 3, ConvOptions.DEFAULT).toString());
  }

  // --- pooling -----------------------------------------------------------------------------------------------------------------------

  private static double[] pooled(HostArray x, int size, int stride, double start, DoubleBinaryOperator combine) {
    int[] s = sizes(x);
    int height = (s[2] - size) / stride + 1;
    int width = (s[3] - size) / stride + 1;
    double[] y = new double[s[0] * s[1] * height * width];
    for (int i = 0; i < y.length; i++) {
      int image = i / (height * width);
      y[i] = start;
      for (int q = 0; q < size * size; q++) {
        int row = i / width % height * stride + q / size;
        int column = i % width * stride + q % size;
        y[i] = combine.applyAsDouble(y[i], x.doubleAt((image * s[2] + row) * s[3] + column));
      }
    }
    return y;
  }

  @Test
  void poolsReduceEachWindow() {
    HostArray x = random(4, 2, 3, 5, 6);
    PoolOptions overlapping = PoolOptions.of(3).withStride(2);
    assertArrayEquals(pooled(x, 2, 2, Double.NEGATIVE_INFINITY, Math::max), doubles(new MaxPool2d(2).apply(Tensor.of(x))));
    assertArrayEquals(pooled(x, 3, 2, Double.NEGATIVE_INFINITY, Math::max), doubles(new MaxPool2d(overlapping).apply(Tensor.of(x))));
    double[] sums = pooled(x, 2, 2, 0, Double::sum);
    assertArrayEquals(Arrays.stream(sums).map(v -> v / 4).toArray(), doubles(new AvgPool2d(2).apply(Tensor.of(x))), 1e-14);
    sums = pooled(x, 3, 2, 0, Double::sum);
    assertArrayEquals(Arrays.stream(sums).map(v -> v / 9).toArray(), doubles(new AvgPool2d(overlapping).apply(Tensor.of(x))), 1e-14);
  }

  @Test
  void globalPoolingTakesTheMeanOfEachChannel() {
    HostArray x = random(5, 2, 3, 4, 4);
    double[] sums = pooled(x, 4, 4, 0, Double::sum);
    Tensor y = new GlobalAveragePool2d().apply(Tensor.of(x));
    assertEquals(Shape.of(2, 3), y.shape());
    assertArrayEquals(Arrays.stream(sums).map(v -> v / 16).toArray(), doubles(y), 1e-14);
  }

  // --- errors ------------------------------------------------------------------------------------------------------------------------

  private static void assertRefused(Class<? extends RuntimeException> type, String start, Executable call) {
    String message = assertThrows(type, call).getMessage();
    assertTrue(message.startsWith(start), message);
  }

  private static Tensor zeros(long... shape) {
    return Tensor.zeros(TensorType.of(DType.F32, shape));
  }

  @Test
  void wrongInputsAreErrorsThatNameTheLayer() {
    var model = new Sequential().add("stem", new Conv2d(3, 8, 3));
    assertRefused(ShapeMismatchException.class,
        "[stem Conv2d(3 -> 8, kernel 3x3)] expected an input [n, 3, height, width], got f32[2,4,9,9]",
        () -> model.apply(zeros(2, 4, 9, 9)));
    String digits = assertThrows(ShapeMismatchException.class, () -> new Conv2d(1, 8, 3).apply(zeros(64, 28, 28))).getMessage();
    assertTrue(digits.contains("unsqueeze(1) makes one channel"), digits);
    assertRefused(ShapeMismatchException.class, "[Conv1d(3 -> 8, kernel 3)] expected an input [n, 3, length], got f32[3]",
        () -> new Conv1d(3, 8, 3).apply(zeros(3)));
    assertRefused(ShapeMismatchException.class, "[conv2d] axis 2", () -> model.apply(zeros(2, 3, 2, 9)));
    assertRefused(ShapeMismatchException.class, "[MaxPool2d(2)] expected an input [..., height, width], got f32[4]",
        () -> new MaxPool2d(2).apply(zeros(4)));
    assertRefused(ShapeMismatchException.class, "[GlobalAveragePool2d] expected an input [..., height, width], got f32[4]",
        () -> new GlobalAveragePool2d().apply(zeros(4)));
  }

  @Test
  void settingsOutOfRangeAreErrors() {
    ConvOptions groups = ConvOptions.DEFAULT.withGroups(3);
    assertRefused(InvalidArgumentException.class, "[Conv2d] channels 4 -> 6 do not divide into 3 groups",
        () -> new Conv2d(4, 6, 3, groups));
    assertRefused(InvalidArgumentException.class, "[Conv2d] channels 6 -> 4 do not divide into 3 groups",
        () -> new Conv2d(6, 4, 3, groups));
    assertRefused(InvalidArgumentException.class, "[Conv1d] channels 0 -> 4", () -> new Conv1d(0, 4, 3));
    assertRefused(InvalidArgumentException.class, "[Conv2d] channels 4 -> -1", () -> new Conv2d(4, -1, 3));
    assertRefused(InvalidArgumentException.class, "[Conv2d] kernel [3,0]", () -> new Conv2d(4, 4, Shape.of(3, 0), ConvOptions.DEFAULT));
    assertRefused(InvalidArgumentException.class, "[Conv2d] kernel [3]", () -> new Conv2d(4, 4, Shape.of(3), ConvOptions.DEFAULT));
  }

  @Test
  void settingsAreShown() {
    ConvOptions options = ConvOptions.DEFAULT.withStride(2, 1).withPadding(1).withDilation(3).withGroups(2);
    assertEquals("Conv2d(2 -> 4, kernel 5x3, stride 2x1, padding 1, dilation 3, 2 groups)",
        new Conv2d(2, 4, Shape.of(5, 3), options).toString());
    assertEquals("MaxPool2d(3, stride 2, padding 1)", new MaxPool2d(PoolOptions.of(3).withStride(2).withPadding(1)).toString());
    assertEquals("AvgPool2d(2x3)", new AvgPool2d(PoolOptions.of(2, 3)).toString());
  }
}
