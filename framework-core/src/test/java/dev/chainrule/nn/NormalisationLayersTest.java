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
import dev.chainrule.plan.StepGraph;
import dev.chainrule.tensor.Mode;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Trace;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class NormalisationLayersTest {

  private static final double EPSILON = 1e-5;

  /** Mean and biased variance. */
  private record Moments(double mean, double variance) {
    static Moments of(double... values) {
      double mean = Arrays.stream(values).average().orElseThrow();
      return new Moments(mean, Arrays.stream(values).map(v -> (v - mean) * (v - mean)).average().orElseThrow());
    }

    double normal(double x, double epsilon) {
      return (x - mean) / Math.sqrt(variance + epsilon);
    }
  }

  /** The values of one channel of [n, channels, rest]. */
  private static double[] channel(double[] x, int channels, int rest, int channel) {
    double[] values = new double[x.length / channels];
    int at = 0;
    for (int i = 0; i < x.length; i++) {
      if (i / rest % channels == channel) {
        values[at++] = x[i];
      }
    }
    return values;
  }

  @Test
  void layerNormStandardisesEachRow() {
    var layer = filled(() -> new LayerNorm(5));
    double[] x = random(1, 2, 3, 5).toDoubleArray();
    double[] y = doubles(layer.apply(Tensor.of(random(1, 2, 3, 5))));
    for (int i = 0; i < x.length; i++) {
      Moments row = Moments.of(Arrays.copyOfRange(x, i / 5 * 5, i / 5 * 5 + 5));
      assertEquals(row.normal(x[i], EPSILON) * variable(layer, "weight")[i % 5] + variable(layer, "bias")[i % 5], y[i], 1e-12);
    }
    var images = filled(() -> new LayerNorm(3, 5));
    Moments first = Moments.of(Arrays.copyOf(x, 15));
    double all = doubles(images.apply(Tensor.of(random(1, 2, 3, 5))))[7];
    assertEquals(first.normal(x[7], EPSILON) * variable(images, "weight")[7] + variable(images, "bias")[7], all, 1e-12);
  }

  @Test
  void rmsNormDividesByTheRootMeanSquareOfEachRow() {
    var layer = filled(() -> new RmsNorm(4, 1e-3));
    double[] x = random(2, 3, 4).toDoubleArray();
    double[] y = doubles(layer.apply(Tensor.of(random(2, 3, 4))));
    for (int i = 0; i < x.length; i++) {
      double square = Arrays.stream(Arrays.copyOfRange(x, i / 4 * 4, i / 4 * 4 + 4)).map(v -> v * v).sum() / 4;
      assertEquals(x[i] / Math.sqrt(square + 1e-3) * variable(layer, "weight")[i % 4], y[i], 1e-12);
    }
  }

  /** Of equal small numbers only epsilon matters: x / sqrt(x² + 2^-23). */
  @Test
  void rmsNormsEpsilonIsThatOfF32() {
    var layer = Module.inType(DType.F64, () -> new RmsNorm(2));
    layer.initialise(0);
    double x = 1e-4;
    assertEquals(x / Math.sqrt(x * x + 0x1p-23), doubles(layer.apply(Tensor.of(new double[] {x, x})))[0], 1e-12);
  }

  @Test
  void groupNormStandardisesEachExamplesGroups() {
    var layer = filled(() -> new GroupNorm(2, 4));
    double[] x = random(3, 3, 4, 2, 5).toDoubleArray();
    for (Mode mode : Mode.values()) {
      double[] y = mode.call(() -> doubles(layer.apply(Tensor.of(random(3, 3, 4, 2, 5)))));
      for (int i = 0; i < x.length; i++) {
        int group = i / 20 * 20;
        int channel = i / 10 % 4;
        Moments moments = Moments.of(Arrays.copyOfRange(x, group, group + 20));
        assertEquals(moments.normal(x[i], EPSILON) * variable(layer, "weight")[channel] + variable(layer, "bias")[channel], y[i], 1e-12);
      }
    }
  }

  // --- batches -----------------------------------------------------------------------------------------------------------------------

  @Test
  void batchNormTrainsOnTheBatchsStatistics() {
    for (long[] shape : new long[][] {{6, 3}, {4, 3, 5}, {2, 3, 2, 4}}) {
      var layer = filled(() -> new BatchNorm(3));
      double[] x = random(4, shape).toDoubleArray();
      int rest = (int) (x.length / (shape[0] * 3));
      double[] y = Reading.step(Mode.TRAINING, 0, 0, () -> layer.apply(Tensor.of(random(4, shape)))).toDoubleArray();
      for (int i = 0; i < x.length; i++) {
        int c = i / rest % 3;
        Moments moments = Moments.of(channel(x, 3, rest, c));
        assertEquals(moments.normal(x[i], EPSILON) * variable(layer, "weight")[c] + variable(layer, "bias")[c], y[i], 1e-12);
      }
    }
  }

  @Test
  void batchNormEvaluatesWithTheRunningStatisticsAndAssignsNothing() {
    var layer = filled(() -> new BatchNorm(3));
    var before = layer.state();
    double[] x = random(5, 1, 3, 2).toDoubleArray();
    Trace.Recording recording = Trace.record(Mode.EVALUATION, 0, 0, false, () -> List.of(layer.apply(Tensor.of(random(5, 1, 3, 2)))));
    assertEquals(List.of(), recording.graph().assignments());
    double[] y = doubles(Tensor.of(recording.graph().outputs().getFirst()));
    for (int i = 0; i < x.length; i++) {
      int c = i / 2;
      double normal = new Moments(variable(layer, "running_mean")[c], variable(layer, "running_var")[c]).normal(x[i], EPSILON);
      assertEquals(normal * variable(layer, "weight")[c] + variable(layer, "bias")[c], y[i], 1e-12);
    }
    assertEquals(before, layer.state());
  }

  /** What a Step would commit, by variable. */
  private static double[] assigned(StepGraph graph, String name) {
    StepGraph.Assignment found = graph.assignments().stream().filter(a -> a.expected().slot().name().equals(name)).findFirst()
        .orElseThrow();
    return doubles(Tensor.of(found.value()));
  }

  @Test
  @Tag("S15.16")
  void eachUseInTrainingMovesTheRunningStatisticsTowardsTheBatchs() {
    var layer = filled(() -> new BatchNorm(2, EPSILON, 0.25));
    double[] mean = variable(layer, "running_mean");
    double[] variance = variable(layer, "running_var");
    StepGraph graph = Trace.record(Mode.TRAINING, 0, 0, false, () -> {
      layer.apply(Tensor.of(random(6, 5, 2)));
      return List.of(layer.apply(Tensor.of(random(7, 3, 2, 2))));
    }).graph();
    assertEquals(2, graph.assignments().size());
    for (int c = 0; c < 2; c++) {
      double[] first = channel(random(6, 5, 2).toDoubleArray(), 2, 1, c);
      double[] second = channel(random(7, 3, 2, 2).toDoubleArray(), 2, 2, c);
      double movedMean = mean[c];
      double movedVariance = variance[c];
      for (double[] values : List.of(first, second)) {
        Moments moments = Moments.of(values);
        movedMean = 0.75 * movedMean + 0.25 * moments.mean();
        movedVariance = 0.75 * movedVariance + 0.25 * moments.variance() * values.length / (values.length - 1);
      }
      assertEquals(movedMean, assigned(graph, "running_mean")[c], 1e-12);
      assertEquals(movedVariance, assigned(graph, "running_var")[c], 1e-12);
    }
  }

  @Test
  void batchNormStartsAsPyTorchs() {
    var layer = new BatchNorm(2);
    layer.initialise(1);
    assertEquals(List.of("weight", "bias", "running_mean", "running_var"), List.copyOf(layer.variables().keySet()));
    assertEquals(List.of("weight", "bias"), layer.parameters().stream().map(v -> v.name()).toList());
    assertArrayEquals(new double[] {1, 1}, variable(layer, "weight"));
    assertArrayEquals(new double[] {0, 0}, variable(layer, "bias"));
    assertArrayEquals(new double[] {0, 0}, variable(layer, "running_mean"));
    assertArrayEquals(new double[] {1, 1}, variable(layer, "running_var"));
    Tensor x = Tensor.of(new float[] {1, 0, 3, 0}, 2, 2);
    StepGraph graph = Trace.record(Mode.TRAINING, 0, 0, false, () -> List.of(layer.apply(x))).graph();
    assertEquals(0.1 * 2, assigned(graph, "running_mean")[0], 1e-7);
    assertEquals(0.9 + 0.1 * 2, assigned(graph, "running_var")[0], 1e-6);
    assertEquals(0.9, assigned(graph, "running_var")[1], 1e-6);
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
    var model = new Sequential().add("bn", new BatchNorm(3));
    assertRefused(ShapeMismatchException.class, "[bn BatchNorm(3)] expected an input [n, 3, ...], got f32[3]", () -> model.apply(zeros(3)));
    assertRefused(ShapeMismatchException.class, "[bn BatchNorm(3)] expected an input [n, 3, ...], got f32[3,4]",
        () -> model.apply(zeros(3, 4)));
    assertRefused(ShapeMismatchException.class, "[bn BatchNorm(3)] f32[1,3] has 1 values of each channel",
        () -> Mode.TRAINING.call(() -> model.apply(zeros(1, 3))));
    assertRefused(ShapeMismatchException.class, "[LayerNorm[4]] expected an input whose last axes are [4], got f32[4,3]",
        () -> new LayerNorm(4).apply(zeros(4, 3)));
    assertRefused(ShapeMismatchException.class, "[RmsNorm[4]] expected an input whose last axes are [4], got f32[]",
        () -> new RmsNorm(4).apply(zeros()));
    assertRefused(ShapeMismatchException.class, "[GroupNorm(4 in 2 groups)] expected an input [n, 4, ...], got f32[2,3,5]",
        () -> new GroupNorm(2, 4).apply(zeros(2, 3, 5)));
  }

  @Test
  void settingsOutOfRangeAreErrors() {
    assertRefused(InvalidArgumentException.class, "[BatchNorm] 0 channels", () -> new BatchNorm(0));
    assertRefused(InvalidArgumentException.class, "[BatchNorm] epsilon is -1.0", () -> new BatchNorm(3, -1, 0.1));
    assertRefused(InvalidArgumentException.class, "[BatchNorm] momentum 1.5", () -> new BatchNorm(3, 1e-5, 1.5));
    assertRefused(InvalidArgumentException.class, "[LayerNorm] 0 values", () -> new LayerNorm());
    assertRefused(InvalidArgumentException.class, "[LayerNorm] epsilon is NaN", () -> new LayerNorm(Shape.of(3), Double.NaN));
    assertRefused(InvalidArgumentException.class, "[RmsNorm] 0 values", () -> new RmsNorm(0));
    assertRefused(InvalidArgumentException.class, "[GroupNorm] 4 channels do not divide into 3 groups", () -> new GroupNorm(3, 4));
    assertRefused(InvalidArgumentException.class, "[GroupNorm] 4 channels do not divide into 0 groups", () -> new GroupNorm(0, 4));
  }

  @Test
  void aLayerOfF32RefusesOtherTypes() {
    HostArray x = random(8, 2, 3);
    assertThrows(RuntimeException.class, () -> new LayerNorm(3).apply(Tensor.of(x)));
  }
}
