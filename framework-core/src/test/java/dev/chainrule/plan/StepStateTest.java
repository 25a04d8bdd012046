package dev.chainrule.plan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.StaleTensorException;
import dev.chainrule.device.Devices;
import dev.chainrule.device.ReferenceDevice;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;
import dev.chainrule.train.Step;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Variables across steps: order, commit, staleness, threads. */
class StepStateTest {

  private final ReferenceDevice device = ReferenceDevice.create();

  private <T> T on(Supplier<T> body) {
    return Devices.with(device, body);
  }

  private List<Tensor> run(Step step, Tensor... inputs) {
    return on(() -> step.run(inputs));
  }

  private double[] read(Variable v) {
    return on(() -> v.value().toDoubleArray());
  }

  private static Variable variable(String name, double... values) {
    return Variable.of(name, HostArray.ofDoubles(TensorType.of(DType.F64, values.length), values), true);
  }

  @Test
  void twoVariablesChangePlaces() {
    Variable a = variable("a", 1, 2);
    Variable b = variable("b", 3, 4);
    Step swap = Step.training(_ -> {
      Tensor old = a.value();
      a.assign(b.value());
      b.assign(old);
      return List.of();
    });
    run(swap);
    assertArrayEquals(new double[] {3, 4}, read(a));
    assertArrayEquals(new double[] {1, 2}, read(b));
    run(swap);
    assertArrayEquals(new double[] {1, 2}, read(a));
  }

  @Test
  void aVariableMayBecomeAViewOfItselfOrOfAnother() {
    Variable a = variable("a", 1, 2, 3, 4);
    Variable b = variable("b", 0, 0);
    Variable c = variable("c", 5, 6, 7, 8);
    run(Step.training(_ -> {
      b.assign(a.value().slice(0, 1, 3));
      a.assign(a.value().flip(0));
      c.assign(c.value());
      return List.of();
    }));
    assertArrayEquals(new double[] {4, 3, 2, 1}, read(a));
    assertArrayEquals(new double[] {2, 3}, read(b));
    assertArrayEquals(new double[] {5, 6, 7, 8}, read(c));
  }

  @Test
  void aVariableIsAssignedWithoutBeingRead() {
    Variable a = variable("a", 1, 2);
    Step step = Step.training(in -> {
      a.assign(in.get(0));
      return List.of();
    });
    run(step, Tensor.of(new double[] {5, 6}));
    assertArrayEquals(new double[] {5, 6}, read(a));
    run(step, Tensor.of(new double[] {7, 8}));
    assertArrayEquals(new double[] {7, 8}, read(a));
  }

  @Test
  void anOutputOfAVariableIsItsValueBeforeTheCommit() {
    Variable a = variable("a", 1, 2);
    List<Tensor> out = run(Step.training(_ -> {
      Tensor before = a.value();
      a.assign(before.mul(10));
      return List.of(before, a.value());
    }));
    assertArrayEquals(new double[] {1, 2}, out.get(0).toDoubleArray());
    assertArrayEquals(new double[] {10, 20}, out.get(1).toDoubleArray());
    assertArrayEquals(new double[] {10, 20}, read(a));
  }

  @Test
  void assignmentsCountInProgramOrder() {
    Variable a = variable("a", 1);
    run(Step.training(_ -> {
      a.assign(a.value().add(1));
      a.assign(a.value().mul(10));
      return List.of();
    }));
    assertArrayEquals(new double[] {20}, read(a));
  }

  @Test
  @Tag("S15.11")
  void variablesDeclaredWithAnInitialValueAreFilledFromTheStepsSeed() {
    Variable read = declared("read");
    Variable assigned = declared("assigned");
    Step step = Step.training(_ -> {
      assigned.assign(read.value().add(1));
      return List.of();
    }).withSeed(41);
    run(step);
    assertArrayEquals(new double[] {41}, read(read));
    assertArrayEquals(new double[] {42}, read(assigned));
  }

  private static Variable declared(String name) {
    return Variable.declared(name, TensorType.of(DType.F64, 1), true, seed -> HostArray.ofDoubles(TensorType.of(DType.F64, 1), seed));
  }

  @Test
  @Tag("S15.1") @Tag("S15.6") @Tag("S15.7")
  void aPendingTensorOfAnOverwrittenVersionIsStale() {
    Variable a = variable("a", 1, 2);
    Tensor pending = a.value().mul(3);
    Tensor kept = a.value().mul(4);
    on(kept::eval);
    Tensor copied = on(() -> a.value().copy().eval());
    run(Step.training(_ -> {
      a.assign(a.value().add(1));
      return List.of();
    }));
    var e = assertThrows(StaleTensorException.class, () -> on(pending::toDoubleArray));
    assertTrue(e.getMessage().startsWith("[a] a tensor refers to version 1 of the variable, which is now at 2"), e.getMessage());
    assertTrue(e.getMessage().contains("eval() or copy() it before the step"), e.getMessage());
    assertArrayEquals(new double[] {4, 8}, on(kept::toDoubleArray));
    assertArrayEquals(new double[] {1, 2}, on(copied::toDoubleArray));
    assertArrayEquals(new double[] {2, 3}, read(a));
  }

  @Test
  void anEvaluatedVariableKeepsTheValueOfItsVersion() {
    Variable a = variable("a", 1, 2);
    Tensor before = on(() -> a.value().eval());
    Tensor pending = before.mul(3);
    on(() -> {
      a.assign(a.value().add(1));
      return a;
    });
    assertArrayEquals(new double[] {1, 2}, before.toDoubleArray());
    assertArrayEquals(new double[] {3, 6}, on(pending::toDoubleArray));
    assertArrayEquals(new double[] {2, 3}, read(a));
  }

  @Test
  void mixingAnOldAndANewVersionIsStaleToo() {
    Variable a = variable("a", 1, 2);
    Tensor old = a.value();
    on(() -> {
      a.assign(a.value().add(1));
      return a;
    });
    assertThrows(StaleTensorException.class, () -> on(() -> a.value().add(old).toDoubleArray()));
    assertThrows(StaleTensorException.class, () -> run(Step.evaluation(_ -> List.of(a.value().add(old)))));
  }

  @Test
  void aLargeVariableReadInPlaceIsAsItWasWhenRead() {
    double[] data = new double[1000];
    data[999] = 1;
    Variable a = variable("a", data);
    Step step = Step.training(_ -> {
      a.assign(a.value().add(1));
      return List.of();
    });
    run(step);
    Tensor kept = on(() -> a.value().eval());
    run(step);
    assertEquals(2, kept.toDoubleArray()[999]);
    assertEquals(3, read(a)[999]);
  }

  @Test
  @Tag("S15.8")
  void stepsThatWriteOneVariableAtTheSameTimeLoseNoUpdate() throws Exception {
    Variable a = variable("a", 0);
    int threads = 4;
    int each = 50;
    var start = new CyclicBarrier(threads);
    AtomicInteger done = new AtomicInteger();
    try (var pool = Executors.newFixedThreadPool(threads)) {
      List<Future<?>> futures = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        Step step = Step.training(_ -> {
          a.assign(a.value().add(1));
          return List.of();
        });
        futures.add(pool.submit(() -> {
          start.await();
          for (int i = 0; i < each; i++) {
            try {
              run(step);
              done.incrementAndGet();
            } catch (StaleTensorException expected) {
              // The other thread was first; nothing has been committed.
            }
          }
          return done;
        }));
      }
      for (Future<?> future : futures) {
        future.get();
      }
    }
    assertTrue(done.get() >= each, "one of those at work at a time succeeds: " + done);
    assertArrayEquals(new double[] {done.get()}, read(a));
  }

  @Test
  @Tag("S19.3")
  void manyThreadsMayPredictWithOneModelThatHasNoValuesYet() throws Exception {
    for (int round = 0; round < 20; round++) {
      Variable w = declared("w");
      Step step = Step.evaluation(in -> List.of(in.get(0).add(w.value()).sum())).withSeed(5);
      var start = new CyclicBarrier(8);
      try (var pool = Executors.newFixedThreadPool(8)) {
        List<Future<Double>> futures = new ArrayList<>();
        for (int t = 0; t < 8; t++) {
          double x = t;
          futures.add(pool.submit(() -> {
            start.await();
            return run(step, Tensor.of(new double[] {x})).getFirst().item();
          }));
        }
        for (int t = 0; t < 8; t++) {
          assertEquals(t + 5, futures.get(t).get());
        }
      }
    }
  }

  @Test
  @Tag("S19.3")
  void manyThreadsMayEvaluateOnePendingTensor() throws Exception {
    for (int round = 0; round < 20; round++) {
      Tensor shared = Tensor.of(new double[] {1, 2}).mul(2).exp();
      Tensor above = shared.log().sum();
      Step step = Step.evaluation(in -> List.of(in.get(0).add(above)));
      var start = new CyclicBarrier(6);
      try (var pool = Executors.newFixedThreadPool(6)) {
        List<Future<Double>> futures = new ArrayList<>();
        for (int t = 0; t < 6; t++) {
          Supplier<Double> work = switch (t % 3) {
            case 0 -> () -> shared.eval().log().sum().item();
            case 1 -> () -> above.item();
            default -> () -> step.run(Tensor.of(new double[] {0})).getFirst().item();
          };
          futures.add(pool.submit(() -> {
            start.await();
            return on(work);
          }));
        }
        for (Future<Double> future : futures) {
          assertEquals(6, future.get(), 1e-12);
        }
      }
    }
  }

  private static Step incrementing(Variable... variables) {
    return Step.training(_ -> {
      for (Variable v : variables) {
        v.assign(v.value().add(1));
      }
      return List.of();
    });
  }

  @Test
  @Tag("S15.10")
  void anUpdateFromOutsideIsRefusedWhenAStepCameBetween() {
    Variable a = variable("a", new double[1000]);
    Step step = incrementing(a);
    run(step);
    device.beforeNextDownload(() -> run(step));
    assertThrows(StaleTensorException.class, () -> on(() -> {
      a.assign(a.value().add(100));
      return a;
    }));
    assertEquals(2, read(a)[999]);
    double[] data = on(() -> a.value().mul(10).eval()).toDoubleArray();
    run(step);
    on(() -> {
      a.assign(Tensor.of(data));
      return a;
    });
    assertEquals(20, read(a)[999], "data is not refused");
  }

  @Test
  void updatesFromOutsideAndFromStepsLoseNothing() throws Exception {
    Variable a = variable("a", new double[1000]);
    int each = 300;
    var start = new CyclicBarrier(2);
    var done = new AtomicInteger();
    Step step = incrementing(a);
    List<Runnable> updates = List.of(() -> run(step), () -> on(() -> {
      a.assign(a.value().add(1));
      return a;
    }));
    try (var pool = Executors.newFixedThreadPool(2)) {
      List<Future<?>> futures = new ArrayList<>();
      for (Runnable update : updates) {
        futures.add(pool.submit(() -> {
          start.await();
          for (int i = 0; i < each; i++) {
            try {
              update.run();
              done.incrementAndGet();
            } catch (StaleTensorException expected) {
              // The other thread was first; nothing has been committed.
            }
          }
          return done;
        }));
      }
      for (Future<?> future : futures) {
        future.get();
      }
    }
    assertEquals(done.get(), read(a)[0]);
    assertEquals(done.get(), read(a)[999]);
  }

  @Test
  void anAssignmentWaitsForTheRunThatUsesTheVariable() throws Exception {
    Variable a = variable("a", 1);
    Step step = incrementing(a);
    run(step);
    HostArray hundred = HostArray.ofDoubles(a.type(), 100);
    var assignment = new Thread(() -> a.assign(Tensor.of(hundred)));
    device.duringNextRun(() -> {
      assignment.start();
      try {
        assertFalse(assignment.join(Duration.ofMillis(100)), "overtook the run");
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    });
    run(step);
    assignment.join();
    assertArrayEquals(new double[] {100}, read(a));
    run(step);
    assertArrayEquals(new double[] {101}, read(a));
  }

  @Test
  @Tag("S15.5")
  void variablesLoadedTogetherAreSeenTogether() throws Exception {
    Variable a = variable("a", 0);
    Variable b = variable("b", 0);
    Step difference = Step.evaluation(_ -> List.of(a.value().sub(b.value())));
    var stop = new AtomicBoolean();
    var loader = new Thread(() -> {
      for (int i = 0; !stop.get(); i++) {
        HostArray value = HostArray.ofDoubles(a.type(), i);
        Variable.assignAll(Map.of(a, value, b, value));
      }
    });
    loader.start();
    int seen = 0;
    for (int i = 0; i < 2000 || seen == 0; i++) {
      try {
        assertEquals(0, run(difference).getFirst().item());
        seen++;
      } catch (StaleTensorException expected) {
        // Loaded between the trace and the run.
      }
    }
    stop.set(true);
    loader.join();
  }

  @Test
  void theFirstValueIsMadeWithoutHoldingUpWhoeverLooksAtTheVariable() {
    var slot = new StateSlot("w", TensorType.of(DType.F64, 1));
    slot.fill(() -> {
      var look = new Thread(slot::isFilled);
      look.start();
      try {
        assertTrue(look.join(Duration.ofSeconds(5)), "waits for the one who makes the value");
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
      slot.fill(() -> HostArray.ofDoubles(slot.type(), 1));
      return HostArray.ofDoubles(slot.type(), 2);
    });
    assertEquals(HostArray.ofDoubles(slot.type(), 1), Engine.read(slot.current()), "the first stays");
  }
}
