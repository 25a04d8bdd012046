package dev.chainrule.conformance;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.NonFiniteException;
import dev.chainrule.conformance.TestedDevices.TestedDevice;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Trace;
import dev.chainrule.tensor.Variable;
import dev.chainrule.train.Step;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The host is ahead of the device: it waits for losses that it reads and for nothing else, and a bad step stops those queued after it. */
class RunsAheadTest {

  /** Devices that the host waits for have none of this. */
  private static final String AHEAD = "dev.chainrule.conformance.TestedDevices#behindTheHost";

  private final Variable w = Variable.of("w", HostArray.ofDoubles(TensorType.of(DType.F32, 2), 1, 2), true);

  private final Step adding = Step.training(in -> {
    Tensor next = w.value().add(in.get(0));
    Tensor loss = next.log().sum();
    Trace.surrounding().orElseThrow().mustBeFinite(loss, "loss");
    w.assign(next);
    return List.of(next.sum());
  });

  private Tensor add(float... summand) {
    return adding.run(Tensor.of(summand)).getFirst();
  }

  /** A step's numbers and inputs are its own, though those of the next are copied before anybody has waited for it. */
  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource(AHEAD)
  void resultsOfManyStepsMayBeReadLateAndInAnyOrder(TestedDevice device) {
    device.run(() -> {
      List<Tensor> sums = new ArrayList<>();
      double expected = 3;
      List<Double> all = new ArrayList<>();
      for (int i = 1; i <= 300; i++) {
        sums.add(add(i, 1));
        expected += i + 1;
        all.add(expected);
      }
      for (int i = 299; i >= 0; i--) {
        assertEquals(all.get(i), sums.get(i).item());
      }
    });
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource(AHEAD)
  void aFaultShowsWhenSomebodyReadsAndNotBefore(TestedDevice device) {
    device.run(() -> {
      add(1, 1).item();
      Tensor faulted = add(Float.NaN, 1);
      add(1, 1);
      assertThrows(NonFiniteException.class, faulted::item);
    });
  }

  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource(AHEAD)
  void stepsAfterAFaultCommitNothingAndItIsTheFirstThatIsNamed(TestedDevice device) {
    device.run(() -> {
      for (int round = 0; round < 3; round++) {
        double[] start = w.value().toDoubleArray();
        Tensor good = add(1, 1);
        long bad = adding.runs() + 1;
        Tensor faulted = add(Float.NaN, 1);
        Tensor after = add(1, 1);
        assertEquals(start[0] + start[1] + 2, good.item());
        for (Tensor lost : List.of(after, faulted)) {
          NonFiniteException e = assertThrows(NonFiniteException.class, lost::item);
          assertTrue(e.getMessage().startsWith("[loss] step " + bad + ": loss is not finite, first at input f32[2]"), e.getMessage());
        }
        assertArrayEquals(new double[] {start[0] + 1, start[1] + 1}, w.value().toDoubleArray());
      }
    });
  }

  /** Another program's commits look at the same word. */
  @ParameterizedTest(allowZeroInvocations = true)
  @MethodSource(AHEAD)
  void aFaultStopsOtherStepsToo(TestedDevice device) {
    device.run(() -> {
      Variable other = Variable.of("other", HostArray.ofDoubles(TensorType.of(DType.F32, 1), 5), true);
      Step counting = Step.training(_ -> {
        other.assign(other.value().add(1));
        return List.of();
      });
      counting.run();
      add(1, 1);
      add(-100, 1);
      counting.run();
      NonFiniteException e = assertThrows(NonFiniteException.class, () -> other.value().item());
      assertTrue(e.getMessage().startsWith("[loss] step 2"), e.getMessage());
      assertEquals(6, other.value().item());
      counting.run();
      assertEquals(7, other.value().item());
      assertEquals(7, add(1, 1).item());
    });
  }
}
