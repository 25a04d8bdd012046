package dev.chainrule.recomputation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.autograd.Gradients;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.optim.Schedule;
import dev.chainrule.optim.Sgd;
import dev.chainrule.tensor.Loop;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;
import dev.chainrule.train.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** A recurrent network (Elman 1990) written with a loop, and written out. */
class RecurrenceTest {

  private static final int BATCH = 16;
  private static final int INPUTS = 8;
  private static final int HIDDEN = 64;

  private final Variable w = weights("w", INPUTS, HIDDEN);
  private final Variable u = weights("u", HIDDEN, HIDDEN);
  private final Variable b = weights("b", 1, HIDDEN);

  private static Variable weights(String name, int in, int out) {
    var random = new SplittableRandom(name.hashCode());
    double[] values = random.doubles((long) in * out).map(r -> (r - 0.5) / Math.sqrt(HIDDEN)).toArray();
    return Variable.of(name, HostArray.ofDoubles(TensorType.of(DType.F32, in, out), values), true);
  }

  private Tensor cell(Tensor x, Tensor state) {
    return x.matmul(w.value()).add(state.matmul(u.value())).add(b.value()).tanh();
  }

  /** [time, batch, inputs] to the states of all times. */
  private Tensor looped(Tensor xs) {
    Tensor start = Tensor.full(TensorType.of(DType.F32, BATCH, HIDDEN), 0.5);
    return Loop.scan(xs.dim(0), List.of(start), List.of(xs), (_, carries, slices) -> {
      Tensor next = cell(slices.getFirst(), carries.getFirst());
      return new Loop.Results(List.of(next), List.of(next));
    }).outputs().getFirst();
  }

  private Tensor unrolled(Tensor xs) {
    Tensor state = Tensor.full(TensorType.of(DType.F32, BATCH, HIDDEN), 0.5);
    List<Tensor> states = new ArrayList<>();
    for (int t = 0; t < xs.dim(0); t++) {
      state = cell(xs.select(0, t), state);
      states.add(state);
    }
    return Tensor.stack(0, states.toArray(Tensor[]::new));
  }

  /** A literal that has been evaluated is the same literal in a body, where no data may be; and each plan has its own. */
  @Test
  void literalsMayBeEvaluatedBetweenRuns() {
    Tensor p = Tensor.constant(HostArray.ofDoubles(TensorType.of(DType.F32, 3), 1, 2, 3));
    Tensor q = Tensor.constant(HostArray.ofDoubles(TensorType.of(DType.F32, 3), 10, 20, 30));
    Tensor place = Tensor.arange(DType.F32, 3);
    boolean[] second = {false};
    Step step = Step.evaluation(in -> {
      Tensor chosen = second[0] ? q : p;
      return List.of(Loop.scan(4, in, List.of(), (_, c, _) ->
          new Loop.Results(List.of(c.getFirst().add(chosen).add(place)), List.of())).carries().getFirst().add(p).add(q));
    });
    Tensor zero = Tensor.of(new float[3]);
    for (int round = 0; round < 3; round++) {
      second[0] = false;
      assertArrayEquals(new float[] {15, 34, 53}, step.run(zero).getFirst().toFloatArray());
      second[0] = true;
      assertArrayEquals(new float[] {51, 106, 161}, step.run(zero).getFirst().toFloatArray());
      assertArrayEquals(new float[] {0, 1, 2}, place.toFloatArray());
      Tensor.eval(p, q);
    }
  }

  private static Tensor inputs(int length) {
    var random = new SplittableRandom(5);
    return Tensor.of(HostArray.ofDoubles(TensorType.of(DType.F32, length, BATCH, INPUTS),
        random.doubles((long) length * BATCH * INPUTS, -1, 1).toArray()));
  }

  @Test
  void loopAndUnrolledNetworkAgree() {
    for (int length : new int[] {1, 13, 36}) {
      Step step = Step.evaluation(in -> {
        List<Tensor> results = new ArrayList<>();
        for (Tensor states : List.of(looped(in.getFirst()), unrolled(in.getFirst()))) {
          Tensor loss = states.square().mean();
          results.add(states);
          results.addAll(Gradients.of(loss, List.of(w.value(), u.value(), b.value())));
        }
        return results;
      });
      List<Tensor> results = step.run(inputs(length));
      // The same operations in the same order, so the same bits; gradients of weights are sums in another.
      assertArrayEquals(results.get(4).toFloatArray(), results.get(0).toFloatArray());
      for (int i = 1; i < 4; i++) {
        float[] expected = results.get(4 + i).toFloatArray();
        float[] found = results.get(i).toFloatArray();
        double largest = 0;
        for (float e : expected) {
          largest = Math.max(largest, Math.abs(e));
        }
        assertTrue(largest > 0);
        assertArrayEquals(expected, found, (float) (2 * length * BATCH * 0x1p-24 * largest));
      }
    }
  }

  /** All states would be 8 MB; what is kept is a chunk of them and the beginnings of the chunks. */
  @Test
  void twoThousandStepsTrainInBoundedMemory() {
    long peak = Peak.of(() -> {
      var sgd = new Sgd(List.of(w, u, b), Schedule.constant(0.05));
      Tensor start = Tensor.full(TensorType.of(DType.F32, BATCH, HIDDEN), 0.5);
      Step step = Step.training(_ -> {
        Tensor last = Loop.scan(2_000, List.of(start), List.of(), (number, carries, _) -> {
          Tensor x = number.cast(DType.F32).mul(0.1).sin().broadcastTo(TensorType.of(DType.F32, BATCH, INPUTS).shape());
          return new Loop.Results(List.of(cell(x, carries.getFirst())), List.of());
        }).carries().getFirst();
        Tensor loss = last.sub(0.25).square().mean();
        sgd.minimise(loss);
        return List.of(loss);
      });
      double first = step.run().getFirst().item();
      double last = first;
      for (int i = 0; i < 10; i++) {
        last = step.run().getFirst().item();
      }
      assertTrue(last < first, first + " at first, then " + last);
      assertEquals(1, step.plans());
    });
    long state = (long) BATCH * HIDDEN * Float.BYTES;
    assertTrue(peak < 250 * state, peak + " bytes, " + peak / state + " states");
  }
}
