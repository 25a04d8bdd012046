package dev.chainrule.nn;

import static dev.chainrule.nn.Reading.doubles;
import static dev.chainrule.nn.Reading.filled;
import static dev.chainrule.nn.Reading.random;
import static dev.chainrule.nn.Reading.variable;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Mode;
import dev.chainrule.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class TransformerLayersTest {

  private static final int WIDTH = 6;
  private static final int HEADS = 3;
  private static final int PART = WIDTH / HEADS;

  private interface Allowed {
    boolean test(int query, int key);
  }

  /** A row times a matrix [in, columns], plus the bias, of the columns from {@code first} on. */
  private static double[] affine(double[] x, double[] w, double[] b, int first, int count) {
    double[] y = new double[count];
    for (int c = 0; c < count; c++) {
      y[c] = b[first + c];
      for (int i = 0; i < x.length; i++) {
        y[c] += x[i] * w[i * b.length + first + c];
      }
    }
    return y;
  }

  private static double[][] rows(double[] x, int width) {
    double[][] rows = new double[x.length / width][];
    Arrays.setAll(rows, r -> Arrays.copyOfRange(x, r * width, (r + 1) * width));
    return rows;
  }

  private static double[] joined(double[]... rows) {
    return Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
  }

  /** One example, position by position and head by head. */
  private static double[][] attended(
      Module layer, String path, double[][] query, double[][] key, double[][] value, Allowed allowed) {
    double[] w = variable(layer, path + "in_proj_weight");
    double[] b = variable(layer, path + "in_proj_bias");
    double[][] result = new double[query.length][];
    for (int t = 0; t < query.length; t++) {
      double[] joined = new double[WIDTH];
      for (int head = 0; head < HEADS; head++) {
        double[] q = affine(query[t], w, b, head * PART, PART);
        double[] weights = new double[key.length];
        double sum = 0;
        for (int s = 0; s < key.length; s++) {
          double[] k = affine(key[s], w, b, WIDTH + head * PART, PART);
          double score = 0;
          for (int i = 0; i < PART; i++) {
            score += q[i] * k[i] / Math.sqrt(PART);
          }
          weights[s] = allowed.test(t, s) ? Math.exp(score) : 0;
          sum += weights[s];
        }
        for (int s = 0; s < key.length; s++) {
          double[] v = affine(value[s], w, b, 2 * WIDTH + head * PART, PART);
          for (int i = 0; i < PART; i++) {
            joined[head * PART + i] += weights[s] / sum * v[i];
          }
        }
      }
      result[t] = affine(joined, variable(layer, path + "out_proj/weight"), variable(layer, path + "out_proj/bias"), 0, WIDTH);
    }
    return result;
  }

  private static double[][] example(HostArray x, int example, int time) {
    return rows(Arrays.copyOfRange(x.toDoubleArray(), example * time * WIDTH, (example + 1) * time * WIDTH), WIDTH);
  }

  @Test
  void selfAttentionIsItsDefinitionInEveryHead() {
    for (boolean causal : new boolean[] {false, true}) {
      var layer = filled(() -> new MultiHeadAttention(WIDTH, HEADS, causal, 0));
      HostArray x = random(1, 2, 4, WIDTH);
      Tensor y = layer.apply(Tensor.of(x));
      assertEquals(Shape.of(2, 4, WIDTH), y.shape());
      for (int n = 0; n < 2; n++) {
        double[][] in = example(x, n, 4);
        assertArrayEquals(joined(attended(layer, "", in, in, in, (t, s) -> !causal || s <= t)), doubles(y.select(0, n)), 1e-12);
      }
    }
  }

  @Test
  void otherKeysAndValuesAreProjectedByTheirOwnColumns() {
    var layer = filled(() -> new MultiHeadAttention(WIDTH, HEADS));
    HostArray q = random(1, 2, 4, WIDTH);
    HostArray k = random(2, 2, 3, WIDTH);
    HostArray v = random(3, 2, 3, WIDTH);
    Tensor y = layer.apply(Tensor.of(q), Tensor.of(k), Tensor.of(v));
    for (int n = 0; n < 2; n++) {
      double[] expected = joined(attended(layer, "", example(q, n, 4), example(k, n, 3), example(v, n, 3), (_, _) -> true));
      assertArrayEquals(expected, doubles(y.select(0, n)), 1e-12);
    }
  }

  @Test
  void aMaskAllowsWhereItIsTrueAndACausalLayerAsksBoth() {
    Tensor mask = Tensor.of(HostArray.ofLongs(TensorType.of(DType.BOOL, 4), 1, 0, 1, 1));
    HostArray x = random(1, 1, 4, WIDTH);
    double[][] in = example(x, 0, 4);
    for (boolean causal : new boolean[] {false, true}) {
      var layer = filled(() -> new MultiHeadAttention(WIDTH, HEADS, causal, 0));
      Tensor t = Tensor.of(x);
      double[] expected = joined(attended(layer, "", in, in, in, (i, j) -> j != 1 && (!causal || j <= i)));
      assertArrayEquals(expected, doubles(layer.apply(t, t, t, mask)), 1e-12);
    }
  }

  @Test
  void oneSequenceAndSeveralLeadingAxesAreFine() {
    var layer = filled(() -> new MultiHeadAttention(WIDTH, HEADS));
    double[] one = doubles(layer.apply(Tensor.of(random(1, 4, WIDTH))));
    assertArrayEquals(one, doubles(layer.apply(Tensor.of(random(1, 1, 1, 4, WIDTH)))), 1e-12);
  }

  private static double[] layerNorm(double[] x, double[] weight, double[] bias) {
    double mean = Arrays.stream(x).average().orElseThrow();
    double variance = Arrays.stream(x).map(v -> (v - mean) * (v - mean)).average().orElseThrow();
    double[] y = new double[x.length];
    Arrays.setAll(y, i -> (x[i] - mean) / Math.sqrt(variance + 1e-5) * weight[i] + bias[i]);
    return y;
  }

  private static double[][] block(Module layer, double[][] x, Allowed allowed, int inner) {
    double[][] normal = new double[x.length][];
    Arrays.setAll(normal, t -> layerNorm(x[t], variable(layer, "norm1/weight"), variable(layer, "norm1/bias")));
    double[][] attended = attended(layer, "self_attn/", normal, normal, normal, allowed);
    double[][] result = new double[x.length][];
    for (int t = 0; t < x.length; t++) {
      double[] sum = add(x[t], attended[t]);
      double[] second = layerNorm(sum, variable(layer, "norm2/weight"), variable(layer, "norm2/bias"));
      double[] hidden = Arrays.stream(affine(second, variable(layer, "linear1/weight"), variable(layer, "linear1/bias"), 0, inner))
          .map(v -> v * LayersTest.normalDistribution(v)).toArray();
      result[t] = add(sum, affine(hidden, variable(layer, "linear2/weight"), variable(layer, "linear2/bias"), 0, WIDTH));
    }
    return result;
  }

  private static double[] add(double[] x, double[] y) {
    double[] sum = x.clone();
    Arrays.setAll(sum, i -> x[i] + y[i]);
    return sum;
  }

  @Test
  void theBlockAddsAttentionAndThePerceptronEachNormalisedBefore() {
    for (boolean causal : new boolean[] {false, true}) {
      var layer = filled(() -> new TransformerBlock(WIDTH, HEADS, TransformerOptions.DEFAULT.withCausal(causal).withInner(5)));
      double[][] x = rows(random(4, 4, WIDTH).toDoubleArray(), WIDTH);
      double[] expected = joined(block(layer, x, (t, s) -> !causal || s <= t, 5));
      assertArrayEquals(expected, doubles(layer.apply(Tensor.of(random(4, 1, 4, WIDTH)))), 1e-9);
    }
    assertEquals(Shape.of(WIDTH, 4 * WIDTH),
        new TransformerBlock(WIDTH, HEADS).variables().get("linear1/weight").type().shape());
  }

  @Test
  void theBlocksMaskIsItsAttentions() {
    Tensor mask = Tensor.of(HostArray.ofLongs(TensorType.of(DType.BOOL, 4), 1, 0, 1, 1));
    var layer = filled(() -> new TransformerBlock(WIDTH, HEADS, TransformerOptions.DEFAULT.withInner(5)));
    double[][] x = rows(random(4, 4, WIDTH).toDoubleArray(), WIDTH);
    double[] expected = joined(block(layer, x, (_, s) -> s != 1, 5));
    assertArrayEquals(expected, doubles(layer.apply(Tensor.of(random(4, 1, 4, WIDTH)), mask)), 1e-9);
  }

  @Test
  void noPositionOfACausalBlockSeesALaterOne() {
    var layer = filled(() -> new TransformerBlock(WIDTH, HEADS, TransformerOptions.DEFAULT.withCausal(true)));
    double[] x = random(5, 1, 4, WIDTH).toDoubleArray();
    double[] other = x.clone();
    other[3 * WIDTH] += 1;
    double[] y = doubles(layer.apply(Tensor.of(x, 1, 4, WIDTH)));
    double[] changed = doubles(layer.apply(Tensor.of(other, 1, 4, WIDTH)));
    assertArrayEquals(Arrays.copyOf(y, 3 * WIDTH), Arrays.copyOf(changed, 3 * WIDTH));
    assertNotEquals(y[3 * WIDTH], changed[3 * WIDTH]);
  }

  // --- dropout -----------------------------------------------------------------------------------------------------------------------

  /** With one key every weight is 1: dropping it leaves the bias, keeping it doubles the value. */
  @Test
  void dropoutDropsAttentionsWeights() {
    var layer = filled(() -> new MultiHeadAttention(1, 1, false, 0.5));
    double v = variable(layer, "in_proj_weight")[2] * 3 + variable(layer, "in_proj_bias")[2];
    double w = variable(layer, "out_proj/weight")[0];
    double b = variable(layer, "out_proj/bias")[0];
    double[] y = Reading.step(Mode.TRAINING, 1, 0, () -> layer.apply(Tensor.full(TensorType.of(DType.F64, 1000, 1, 1), 3.0)))
        .toDoubleArray();
    long dropped = Arrays.stream(y).filter(value -> Math.abs(value - b) < 1e-12).count();
    long doubled = Arrays.stream(y).filter(value -> Math.abs(value - (2 * v * w + b)) < 1e-9).count();
    assertEquals(1000, dropped + doubled);
    assertEquals(500, dropped, 5 * Math.sqrt(250));
  }

  @Test
  void inEvaluationDropoutDoesNothing() {
    Tensor x = Tensor.of(random(6, 2, 3, WIDTH));
    var without = filled(() -> new TransformerBlock(WIDTH, HEADS));
    var with = filled(() -> new TransformerBlock(WIDTH, HEADS, TransformerOptions.DEFAULT.withDropout(0.5)));
    assertEquals(without.state(), with.state());
    assertArrayEquals(doubles(without.apply(x)), doubles(with.apply(x)));
  }

  /** A dropout of 1 leaves nothing to add. */
  @Test
  void inTrainingBothHalvesOfABlockAreDropped() {
    var layer = filled(() -> new TransformerBlock(WIDTH, HEADS, TransformerOptions.DEFAULT.withDropout(1)));
    HostArray x = random(6, 2, 3, WIDTH);
    assertArrayEquals(x.toDoubleArray(), Reading.step(Mode.TRAINING, 1, 0, () -> layer.apply(Tensor.of(x))).toDoubleArray());
  }

  // --- names and settings ------------------------------------------------------------------------------------------------------------

  @Test
  void variablesAreCalledAsPyTorchs() {
    assertEquals(List.of("norm1/weight", "norm1/bias", "self_attn/in_proj_weight", "self_attn/in_proj_bias", "self_attn/out_proj/weight",
        "self_attn/out_proj/bias", "norm2/weight", "norm2/bias", "linear1/weight", "linear1/bias", "linear2/weight", "linear2/bias"),
        List.copyOf(new TransformerBlock(WIDTH, HEADS).variables().keySet()));
  }

  @Test
  void attentionStartsAsPyTorchs() {
    var layer = new MultiHeadAttention(50, 5);
    layer.initialise(1);
    double bound = Math.sqrt(6.0 / 200);
    double largest = Arrays.stream(variable(layer, "in_proj_weight")).map(Math::abs).max().orElseThrow();
    assertTrue(largest <= (float) bound && largest > 0.99 * bound, largest + " of " + bound);
    largest = Arrays.stream(variable(layer, "out_proj/weight")).map(Math::abs).max().orElseThrow();
    assertTrue(largest <= (float) Math.sqrt(0.02) && largest > 0.99 * Math.sqrt(0.02), "" + largest);
    assertArrayEquals(new double[150], variable(layer, "in_proj_bias"));
    assertArrayEquals(new double[50], variable(layer, "out_proj/bias"));
  }

  private static void assertRefused(Class<? extends RuntimeException> type, String start, Executable call) {
    String message = assertThrows(type, call).getMessage();
    assertTrue(message.startsWith(start), message);
  }

  @Test
  void whatDoesNotFitIsNamed() {
    assertRefused(InvalidArgumentException.class, "[MultiHeadAttention] a width of 10 does not divide into 3 heads",
        () -> new MultiHeadAttention(10, 3));
    assertRefused(InvalidArgumentException.class, "[MultiHeadAttention] a width of 10 does not divide into 0 heads",
        () -> new TransformerBlock(10, 0));
    assertRefused(InvalidArgumentException.class, "[Dropout] probability 2.0", () -> new MultiHeadAttention(4, 2, false, 2));
    assertRefused(InvalidArgumentException.class, "[TransformerBlock] dropout NaN",
        () -> TransformerOptions.DEFAULT.withDropout(Double.NaN));
    assertRefused(InvalidArgumentException.class, "[TransformerBlock] an inner width of 0", () -> TransformerOptions.DEFAULT.withInner(0));
    Tensor x = Tensor.zeros(TensorType.of(DType.F32, 2, 3, 5));
    var model = new Sequential().add("attention", new MultiHeadAttention(4, 2, true, 0));
    assertRefused(ShapeMismatchException.class,
        "[attention MultiHeadAttention(4, 2 heads, causal)] expected an input [..., time, 4], got f32[2,3,5]", () -> model.apply(x));
    assertRefused(ShapeMismatchException.class, "[norm1 LayerNorm[4]] expected", () -> new TransformerBlock(4, 2).apply(x));
  }
}
