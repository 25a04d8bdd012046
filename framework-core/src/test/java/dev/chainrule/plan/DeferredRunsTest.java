package dev.chainrule.plan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.DeviceUnavailableException;
import dev.chainrule.IndexRangeException;
import dev.chainrule.NonFiniteException;
import dev.chainrule.StaleTensorException;
import dev.chainrule.device.DeferringDevice;
import dev.chainrule.device.Devices;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Trace;
import dev.chainrule.tensor.Variable;
import dev.chainrule.train.Step;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** On a device that may be behind, nobody waits for a run before its results are asked for, and a fault is as harmless as where all wait. */
class DeferredRunsTest {

  /** More are not in flight. */
  private static final int MOST = 4;

  private final DeferringDevice device = new DeferringDevice();
  private final Variable w = Variable.of("w", HostArray.ofDoubles(TensorType.of(DType.F64, 2), 1, 2), true);

  /** Adds the input to the variable; its logarithm has to be finite. Results: the new sum, and a large one. */
  private final Step adding = Step.training(in -> {
    Tensor next = w.value().add(in.get(0));
    Tensor loss = next.log().sum();
    Trace.surrounding().orElseThrow().mustBeFinite(loss, "loss");
    w.assign(next);
    return List.of(next.sum(), next.sum().add(Tensor.of(new double[1000])));
  });

  private void with(Executable body) {
    Devices.with(device, () -> {
      try {
        body.execute();
      } catch (RuntimeException | Error e) {
        throw e;
      } catch (Throwable e) {
        throw new IllegalStateException(e);
      }
      return "";
    });
  }

  private List<Tensor> add(double... summand) {
    return adding.run(Tensor.of(summand));
  }

  private static void assertStepFaulted(int step, Executable use) {
    NonFiniteException e = assertThrows(NonFiniteException.class, use);
    assertTrue(e.getMessage().startsWith("[loss] step " + step + ": loss is not finite, first at log f64[2]"), e.getMessage());
    assertTrue(e.getMessage().contains("DeferredRunsTest.java:"), e.getMessage());
  }

  @Test
  void nothingIsDoneBeforeSomebodyAsks() {
    with(() -> {
      add(1, 1);
      List<Tensor> second = add(1, 1);
      assertTrue(device.queued() >= 2, device.queued() + " queued");
      assertEquals(7, second.getFirst().item());
      assertEquals(7, second.getLast().toDoubleArray()[999]);
      assertArrayEquals(new double[] {3, 4}, w.value().toDoubleArray());
    });
  }

  @Test
  void resultsAreGoodInWhateverOrderTheyAreRead() {
    with(() -> {
      List<List<Tensor>> results = new ArrayList<>();
      List<Integer> order = new ArrayList<>();
      for (int i = 0; i < 12; i++) {
        results.add(add(1, 1));
        order.add(i);
      }
      Collections.shuffle(order, new Random(1));
      for (int i : order) {
        assertEquals(3 + 2 * (i + 1), results.get(i).getFirst().item());
        assertEquals(3 + 2 * (i + 1), results.get(i).getLast().toDoubleArray()[0]);
      }
    });
  }

  @Test
  void theHostIsNeverFarAhead() {
    with(() -> {
      add(1, 1);
      assertEquals(1, w.value().toDoubleArray().length - 1);
      long before = device.allocatedBytes();
      for (int i = 0; i < 200; i++) {
        add(1, 1);
        assertTrue(device.queued() <= 2 * MOST, device.queued() + " runs and copies are queued");
      }
      System.gc();
      add(1, 1).getFirst().item();
      assertTrue(device.allocatedBytes() < before + (1 << 20) * 2, device.allocatedBytes() + " bytes after " + before);
    });
  }

  @Test
  void runsAfterAFaultCommitNothingAndTheFaultIsThatOfTheFirst() {
    with(() -> {
      List<Tensor> first = add(1, 1);
      List<Tensor> second = add(-100, 1);
      List<Tensor> third = add(1, 1);
      List<Tensor> fourth = add(Double.NaN, 1);
      assertEquals(5, first.getFirst().item(), "what was before is good");
      for (Tensor later : List.of(third.getFirst(), third.getLast(), second.getFirst(), second.getLast(), fourth.getFirst())) {
        assertStepFaulted(2, later::toDoubleArray);
      }
      assertArrayEquals(new double[] {2, 3}, w.value().toDoubleArray());
      assertEquals(7, add(1, 1).getFirst().item(), "and it goes on");
      assertArrayEquals(new double[] {3, 4}, w.value().toDoubleArray());
      assertThrows(NonFiniteException.class, () -> adding.run(third.getLast().slice(0, 0, 2)), "nor can others compute with it");
    });
  }

  @Test
  void aFaultShowsAfterAsManyRunsOrWhenAVariableIsReadOrChanged() {
    for (Executable use : List.<Executable>of(() -> w.value().toDoubleArray(), w::toHostArray, () -> w.assign(Tensor.of(new double[] {5, 5})),
        () -> Tensor.of(new double[] {1}).add(1).eval(), () -> {
          for (int i = 0; i < MOST; i++) {
            add(1, 1);
          }
        })) {
      with(() -> {
        long steps = adding.runs();
        double[] before = w.value().toDoubleArray();
        add(-1000, 1);
        add(1, 1);
        assertStepFaulted(Math.toIntExact(steps + 1), use);
        assertArrayEquals(before, w.value().toDoubleArray());
      });
    }
    with(() -> {
      add(-1000, 1);
      for (int i = 1; i < MOST; i++) {
        add(1, 1);
      }
      assertThrows(NonFiniteException.class, () -> add(1, 1), "the same run on every machine");
    });
  }

  /** A version that was taken back is never given to another content. */
  @Test
  void aTensorOfAVersionThatNeverCameIsStale() {
    with(() -> {
      Tensor before = w.value().mul(1);
      add(-100, 1);
      Tensor never = w.value().mul(10);
      assertThrows(NonFiniteException.class, w::toHostArray);
      assertArrayEquals(new double[] {1, 2}, before.copy().toDoubleArray(), "the version before the fault is there again");
      add(1, 1).getFirst().item();
      assertThrows(StaleTensorException.class, never::toDoubleArray);
    });
  }

  @Test
  void aBadIndexIsExplainedFromTheValuesThatTheRunMet() {
    Variable index = Variable.of("index", HostArray.ofLongs(TensorType.of(DType.I32, 1), 0), false);
    Step step = Step.training(in -> {
      Tensor taken = Tensor.of(new double[] {1, 2, 3}).take(0, index.value());
      index.assign(index.value().add(1));
      return List.of(taken);
    });
    with(() -> {
      List<Tensor> good = List.of(step.run().getFirst(), step.run().getFirst(), step.run().getFirst());
      Tensor bad = step.run().getFirst();
      Tensor later = step.run().getFirst();
      var e = assertThrows(IndexRangeException.class, later::toDoubleArray);
      assertTrue(e.getMessage().startsWith("[gather] step 4: index 3 "), e.getMessage());
      assertSame(e, assertThrows(IndexRangeException.class, bad::toDoubleArray));
      for (int i = 0; i < 3; i++) {
        assertEquals(i + 1, good.get(i).item());
      }
      assertArrayEquals(new long[] {3}, index.value().toLongArray());
    });
  }

  @Test
  void aRunThatBreaksOffLeavesNoVariableThatLooksValid() {
    Variable other = Variable.of("other", HostArray.ofDoubles(TensorType.of(DType.F64, 2), 1, 2), true);
    Step both = Step.training(_ -> {
      w.assign(w.value().add(1));
      other.assign(other.value().add(w.value()));
      return List.of(w.value().sum());
    });
    with(() -> {
      both.run();
      Error cause = new OutOfMemoryError("a worker has no memory");
      Tensor broken = both.run().getFirst();
      Tensor later = both.run().getFirst();
      w.value().mul(2);
      device.breakNextCommit(cause);
      assertThrows(Throwable.class, later::item);
      assertThrows(IllegalStateException.class, broken::item);
      assertSame(cause, assertThrows(DeviceUnavailableException.class, () -> w.value().toDoubleArray()).getCause());
      assertSame(cause, assertThrows(DeviceUnavailableException.class, other::toHostArray).getCause());
    });
  }
}
