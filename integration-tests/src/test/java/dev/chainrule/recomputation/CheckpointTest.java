package dev.chainrule.recomputation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.autograd.Checkpoint;
import dev.chainrule.autograd.Gradients;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.nn.Dropout;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;
import dev.chainrule.train.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Segments that are computed again in the backward pass: the same numbers from less memory. */
class CheckpointTest {

  private static final int BATCH = 1_024;
  private static final int WIDTH = 32;
  private static final long ACTIVATION = (long) BATCH * WIDTH * Float.BYTES;

  private static List<Variable> layers(int count) {
    var random = new SplittableRandom(7);
    List<Variable> weights = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      double[] values = random.doubles(WIDTH * WIDTH).map(r -> (r - 0.5) * Math.sqrt(12.0 / WIDTH)).toArray();
      weights.add(Variable.of("w" + i, HostArray.ofDoubles(TensorType.of(DType.F32, WIDTH, WIDTH), values), true));
    }
    return weights;
  }

  private static Tensor through(List<Variable> layers, Tensor x) {
    Tensor y = x;
    for (Variable layer : layers) {
      y = y.matmul(layer.value()).tanh();
    }
    return y;
  }

  private static Tensor input() {
    var random = new SplittableRandom(8);
    return Tensor.of(HostArray.ofDoubles(TensorType.of(DType.F32, BATCH, WIDTH), random.doubles((long) BATCH * WIDTH, -1, 1).toArray()));
  }

  private static List<Tensor> train(List<Variable> layers, UnaryOperator<Tensor> model) {
    return Step.training(in -> {
      Tensor loss = model.apply(in.getFirst()).square().mean();
      List<Tensor> results = new ArrayList<>(List.of(loss));
      results.addAll(Gradients.of(loss, layers.stream().map(Variable::value).toList()));
      return results;
    }).run(input());
  }

  private static UnaryOperator<Tensor> inSegments(List<Variable> layers, int segment) {
    return x -> {
      Tensor y = x;
      for (int i = 0; i < layers.size(); i += segment) {
        List<Variable> part = layers.subList(i, i + segment);
        y = Checkpoint.of(z -> through(part, z), y);
      }
      return y;
    };
  }

  @Test
  @Tag("S11.14")
  void gradientsAreTheSameBits() {
    List<Variable> layers = layers(9);
    List<Tensor> plain = train(layers, x -> through(layers, x));
    List<Tensor> checkpointed = train(layers, inSegments(layers, 3));
    for (int i = 0; i < plain.size(); i++) {
      assertArrayEquals(plain.get(i).toFloatArray(), checkpointed.get(i).toFloatArray());
    }
  }

  /** Activations alone: weights and their gradients are a sixteenth of them. */
  @Test
  @Tag("S17.21")
  void memoryGrowsAsTheRootOfTheDepth() {
    long plain16 = peak(16, 16);
    long plain64 = peak(64, 64);
    long checkpointed16 = peak(16, 4);
    long checkpointed64 = peak(64, 8);
    String found = plain16 + " and " + plain64 + " bytes plain, " + checkpointed16 + " and " + checkpointed64 + " checkpointed";
    System.out.println("checkpointing: " + found);
    assertTrue(plain64 > 64 * ACTIVATION, found);
    assertTrue(plain64 > 3.3 * plain16, found);
    assertTrue(checkpointed64 < 2.5 * checkpointed16, found);
    // The inputs of eight segments, eight layers of one of them, and what the layer at hand needs.
    assertTrue(checkpointed64 < 26 * ACTIVATION, found);
  }

  private static long peak(int depth, int segment) {
    List<Variable> layers = layers(depth);
    return Peak.of(() -> train(layers, segment == depth ? x -> through(layers, x) : inSegments(layers, segment)));
  }

  @Test
  @Tag("S11.14")
  void randomBitsAreTheSameBothTimes() {
    var dropout = new Dropout(0.5);
    UnaryOperator<Tensor> segment = x -> dropout.apply(x).mul(3);
    Step step = Step.training(in -> {
      Tensor y = Checkpoint.of(segment, in.getFirst());
      return List.of(y, Gradients.of(y.sum(), in).getFirst());
    });
    List<Tensor> results = step.run(Tensor.ones(TensorType.of(DType.F32, 1_000)).eval());
    // Where an element was dropped its gradient is zero too, and 6 elsewhere.
    assertArrayEquals(results.get(0).toFloatArray(), results.get(1).toFloatArray());
  }

  @Test
  @Tag("S11.14")
  void variablesAreAssignedOnce() {
    Variable count = Variable.of("count", HostArray.ofDoubles(TensorType.scalar(DType.F32), 0), false);
    Step step = Step.training(in -> {
      Tensor y = Checkpoint.of(x -> {
        count.assign(count.value().add(1));
        return x.mul(count.value()).sin();
      }, in.getFirst());
      Tensor after = count.value();
      return List.of(y, Gradients.of(y.sum(), in).getFirst(), after);
    });
    for (int i = 1; i <= 3; i++) {
      List<Tensor> results = step.run(Tensor.of(new float[] {0.5f}));
      assertEquals(i, count.toHostArray().doubleAt(0));
      assertEquals(i, results.get(2).item());
      assertEquals(Math.sin(0.5 * i), results.get(0).toDoubleArray()[0], 1e-6);
      assertEquals(i * Math.cos(0.5 * i), results.get(1).toDoubleArray()[0], 1e-6);
    }
  }
}
