package dev.chainrule.nn;

import static dev.chainrule.nn.Reading.doubles;
import static dev.chainrule.nn.Reading.filled;
import static dev.chainrule.nn.Reading.random;
import static dev.chainrule.nn.Reading.variable;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.DTypeMismatchException;
import dev.chainrule.IndexRangeException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.autograd.Gradients;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Embeddings and recurrent layers. */
class SequenceLayersTest {

  // --- embeddings --------------------------------------------------------------------------------------------------------------------

  @Test
  void embeddingLooksUpARowForEachInteger() {
    var layer = filled(() -> new Embedding(5, 3));
    double[] w = variable(layer, "weight");
    long[] indices = {4, 0, 2, 2, 1, 4};
    for (DType dtype : List.of(DType.I32, DType.I64)) {
      Tensor y = layer.apply(Tensor.of(HostArray.ofLongs(TensorType.of(dtype, 2, 3), indices)));
      assertEquals(Shape.of(2, 3, 3), y.shape());
      double[] values = doubles(y);
      for (int i = 0; i < values.length; i++) {
        assertEquals(w[(int) indices[i / 3] * 3 + i % 3], values[i]);
      }
    }
  }

  @Test
  void gradientsOfARepeatedIntegerAddUp() {
    var layer = filled(() -> new Embedding(4, 1));
    Tensor y = layer.apply(Tensor.of(HostArray.ofLongs(TensorType.of(DType.I32, 4), 2, 0, 2, 2)));
    Tensor loss = y.squeeze(1).mul(Tensor.of(new double[] {1, 10, 100, 1000})).sum();
    assertArrayEquals(new double[] {10, 0, 1101, 0}, doubles(Gradients.of(loss, List.of(layer.weight().value())).getFirst()));
  }

  @Test
  void embeddingStartsStandardNormal() {
    var layer = new Embedding(100, 100);
    layer.initialise(1);
    double[] w = variable(layer, "weight");
    double square = Arrays.stream(w).map(v -> v * v).average().orElseThrow();
    assertEquals(1, square, 5 * Math.sqrt(2.0 / w.length));
  }

  @Test
  void positionsAddTheirOwnVector() {
    var layer = filled(() -> new PositionalEmbedding(4, 3));
    double[] w = variable(layer, "weight");
    double[] x = random(1, 2, 3, 3).toDoubleArray();
    double[] y = doubles(layer.apply(Tensor.of(random(1, 2, 3, 3))));
    for (int i = 0; i < x.length; i++) {
      assertEquals(x[i] + w[i % 9], y[i], 1e-14);
    }
  }

  // --- recurrent layers --------------------------------------------------------------------------------------------------------------

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  /** A layer's variables as arrays, and vectors by hand. */
  private record Cell(double[] wIn, double[] wHidden, double[] bIn, double[] bHidden, int hidden) {

    static Cell of(Module layer, int hidden) {
      return new Cell(variable(layer, "weight_ih"), variable(layer, "weight_hh"), variable(layer, "bias_ih"), variable(layer, "bias_hh"),
          hidden);
    }

    double fromInput(double[] x, int gate, int unit) {
      return affine(x, wIn, bIn, gate * hidden + unit);
    }

    double fromState(double[] h, int gate, int unit) {
      return affine(h, wHidden, bHidden, gate * hidden + unit);
    }

    private static double affine(double[] x, double[] w, double[] b, int column) {
      double sum = b[column];
      for (int i = 0; i < x.length; i++) {
        sum += x[i] * w[i * b.length + column];
      }
      return sum;
    }
  }

  private static final int N = 2;
  private static final int IN = 3;
  private static final int HIDDEN = 4;

  private static double[] input(HostArray x, int time, int example, int at) {
    int from = (example * time + at) * IN;
    return Arrays.copyOfRange(x.toDoubleArray(), from, from + IN);
  }

  private static double[] row(HostArray state, int example) {
    return Arrays.copyOfRange(state.toDoubleArray(), example * HIDDEN, (example + 1) * HIDDEN);
  }

  private static void assertRow(double[] expected, Tensor state, int example) {
    assertArrayEquals(expected, doubles(state.select(0, example)), 1e-12);
  }

  private static HostArray zeros() {
    return HostArray.ofDoubles(TensorType.of(DType.F64, N, HIDDEN), new double[N * HIDDEN]);
  }

  @Test
  void lstmFollowsItsDefinitionStepByStep() {
    for (int time : new int[] {1, 5, 7}) {
      for (boolean started : new boolean[] {false, true}) {
        var layer = filled(() -> new Lstm(IN, HIDDEN));
        Cell w = Cell.of(layer, HIDDEN);
        HostArray x = random(1, N, time, IN);
        HostArray h0 = started ? random(2, N, HIDDEN) : zeros();
        HostArray c0 = started ? random(3, N, HIDDEN) : zeros();
        Lstm.Output out = started ? layer.run(Tensor.of(x), new Lstm.State(Tensor.of(h0), Tensor.of(c0))) : layer.run(Tensor.of(x));
        assertEquals(Shape.of(N, time, HIDDEN), out.sequence().shape());
        for (int n = 0; n < N; n++) {
          double[] h = row(h0, n);
          double[] c = row(c0, n);
          for (int t = 0; t < time; t++) {
            double[] from = input(x, time, n, t);
            double[] before = h.clone();
            for (int u = 0; u < HIDDEN; u++) {
              double[] gates = new double[4];
              for (int g = 0; g < 4; g++) {
                gates[g] = w.fromInput(from, g, u) + w.fromState(before, g, u);
              }
              c[u] = sigmoid(gates[1]) * c[u] + sigmoid(gates[0]) * Math.tanh(gates[2]);
              h[u] = sigmoid(gates[3]) * Math.tanh(c[u]);
            }
            assertRow(h, out.sequence().select(1, t), n);
          }
          assertRow(h, out.last().hidden(), n);
          assertRow(c, out.last().cell(), n);
        }
      }
    }
  }

  @Test
  void gruFollowsItsDefinitionStepByStep() {
    int time = 5;
    var layer = filled(() -> new Gru(IN, HIDDEN));
    Cell w = Cell.of(layer, HIDDEN);
    HostArray x = random(1, N, time, IN);
    HostArray h0 = random(2, N, HIDDEN);
    Gru.Output out = layer.run(Tensor.of(x), Tensor.of(h0));
    for (int n = 0; n < N; n++) {
      double[] h = row(h0, n);
      for (int t = 0; t < time; t++) {
        double[] from = input(x, time, n, t);
        double[] before = h.clone();
        for (int u = 0; u < HIDDEN; u++) {
          double r = sigmoid(w.fromInput(from, 0, u) + w.fromState(before, 0, u));
          double z = sigmoid(w.fromInput(from, 1, u) + w.fromState(before, 1, u));
          double candidate = Math.tanh(w.fromInput(from, 2, u) + r * w.fromState(before, 2, u));
          h[u] = (1 - z) * candidate + z * before[u];
        }
        assertRow(h, out.sequence().select(1, t), n);
      }
      assertRow(h, out.last(), n);
    }
  }

  @Test
  void rnnFollowsItsDefinitionStepByStep() {
    int time = 3;
    var layer = filled(() -> new Rnn(IN, HIDDEN));
    Cell w = Cell.of(layer, HIDDEN);
    HostArray x = random(1, N, time, IN);
    Rnn.Output out = layer.run(Tensor.of(x));
    for (int n = 0; n < N; n++) {
      double[] h = new double[HIDDEN];
      for (int t = 0; t < time; t++) {
        double[] before = h.clone();
        for (int u = 0; u < HIDDEN; u++) {
          h[u] = Math.tanh(w.fromInput(input(x, time, n, t), 0, u) + w.fromState(before, 0, u));
        }
        assertRow(h, out.sequence().select(1, t), n);
      }
      assertRow(h, out.last(), n);
    }
  }

  @Test
  void aSequenceInTwoPartsIsTheSequence() {
    Tensor x = Tensor.of(random(1, N, 6, IN));
    var lstm = filled(() -> new Lstm(IN, HIDDEN));
    Lstm.Output first = lstm.run(x.slice(1, 0, 2));
    assertArrayEquals(doubles(lstm.run(x).last().cell()), doubles(lstm.run(x.slice(1, 2, 6), first.last()).last().cell()), 1e-12);
    var gru = filled(() -> new Gru(IN, HIDDEN));
    assertArrayEquals(doubles(gru.run(x).last()), doubles(gru.run(x.slice(1, 2, 6), gru.run(x.slice(1, 0, 2)).last()).last()), 1e-12);
    var rnn = filled(() -> new Rnn(IN, HIDDEN));
    assertArrayEquals(doubles(rnn.run(x).last()), doubles(rnn.run(x.slice(1, 2, 6), rnn.run(x.slice(1, 0, 2)).last()).last()), 1e-12);
  }

  /** However long the sequence, one product for the inputs and one loop. */
  @Test
  void theInputsAreProjectedOutsideTheLoop() {
    var layer = filled(() -> new Lstm(IN, HIDDEN));
    for (int time : new int[] {4, 400}) {
      var nodes = Graphs.topological(List.of(layer.apply(Tensor.of(random(1, N, time, IN))).node()));
      assertEquals(1, nodes.stream().filter(n -> n.op() instanceof Op.Loop).count());
      List<Shape> products = nodes.stream().filter(n -> n.op() instanceof Op.Dot).map(n -> n.type().shape()).toList();
      assertEquals(List.of(Shape.of((long) time * N, 4 * HIDDEN)), products);
    }
  }

  @Test
  void recurrentLayersStartAsPyTorchs() {
    for (Module layer : List.of(new Lstm(7, 25), new Gru(7, 25), new Rnn(7, 25))) {
      layer.initialise(1);
      assertEquals(List.of("weight_ih", "weight_hh", "bias_ih", "bias_hh"), List.copyOf(layer.variables().keySet()));
      layer.variables().keySet().forEach(name -> {
        double largest = Arrays.stream(variable(layer, name)).map(Math::abs).max().orElseThrow();
        assertTrue(largest <= 0.2f && largest > 0.16, layer + " " + name + " up to " + largest);
      });
    }
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
    var model = new Sequential().add("rnn", new Lstm(3, 4));
    assertRefused(ShapeMismatchException.class, "[rnn Lstm(3 -> 4)] expected an input [n, time, 3], got f32[2,3]",
        () -> model.apply(zeros(2, 3)));
    assertRefused(ShapeMismatchException.class, "[Gru(3 -> 4)] expected an input [n, time, 3], got f32[2,3,5]",
        () -> new Gru(3, 4).apply(zeros(2, 3, 5)));
    assertRefused(ShapeMismatchException.class, "[Gru(3 -> 4)] expected a state [2, 4] for an input f32[2,5,3], got f32[3,4]",
        () -> new Gru(3, 4).run(zeros(2, 5, 3), zeros(3, 4)));
    assertRefused(DTypeMismatchException.class, "[Embedding(4 -> 2)] expected i32 or i64 integers, got f32[3]",
        () -> new Embedding(4, 2).apply(zeros(3)));
    assertRefused(ShapeMismatchException.class, "[PositionalEmbedding(4 x 2)] f32[1,5,2] has 5 positions, expected at most 4",
        () -> new PositionalEmbedding(4, 2).apply(zeros(1, 5, 2)));
    assertRefused(ShapeMismatchException.class, "[PositionalEmbedding(4 x 2)] expected an input [..., time, 2], got f32[1,2,3]",
        () -> new PositionalEmbedding(4, 2).apply(zeros(1, 2, 3)));
  }

  @Test
  void anIntegerOutsideTheTableFaults() {
    var layer = filled(() -> new Embedding(4, 2));
    assertRefused(IndexRangeException.class, "[gather]",
        () -> doubles(layer.apply(Tensor.of(HostArray.ofLongs(TensorType.of(DType.I32, 1), 4)))));
  }

  @Test
  void settingsOutOfRangeAreErrors() {
    assertRefused(InvalidArgumentException.class, "[Lstm] sizes 0 -> 4", () -> new Lstm(0, 4));
    assertRefused(InvalidArgumentException.class, "[Gru] sizes 3 -> 0", () -> new Gru(3, 0));
    assertRefused(InvalidArgumentException.class, "[Rnn] sizes 3 -> -1", () -> new Rnn(3, -1));
    assertRefused(InvalidArgumentException.class, "[Embedding] sizes 0 -> 4", () -> new Embedding(0, 4));
    assertRefused(InvalidArgumentException.class, "[PositionalEmbedding] sizes 2 x 0", () -> new PositionalEmbedding(2, 0));
  }
}
