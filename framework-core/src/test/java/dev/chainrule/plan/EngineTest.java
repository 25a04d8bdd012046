package dev.chainrule.plan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.DeviceMismatchException;
import dev.chainrule.DeviceOutOfMemoryException;
import dev.chainrule.DeviceUnavailableException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.device.Devices;
import dev.chainrule.device.ReferenceDevice;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.nn.Linear;
import dev.chainrule.nn.Module;
import dev.chainrule.nn.Sequential;
import dev.chainrule.nn.Tanh;
import dev.chainrule.optim.Schedule;
import dev.chainrule.optim.Sgd;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;
import dev.chainrule.train.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Evaluation outside Steps, and what of the device's memory is in use. */
class EngineTest {

  private static final int LARGE = 1024;

  private static Tensor large() {
    return Tensor.of(new double[LARGE]);
  }

  @Test
  @Tag("S16.3") @Tag("S16.4")
  void evaluationComputesTheUnionOfWhatIsNeededInOneRun() {
    var device = ReferenceDevice.create();
    Tensor shared = Tensor.of(new double[] {1, 2}).exp();
    Tensor a = shared.add(1);
    Tensor b = shared.mul(2);
    Devices.with(device, () -> {
      Tensor.eval(a, b, a);
      return a;
    });
    assertEquals(1, device.runs());
    assertTrue(a.node().value().isPresent() && b.node().value().isPresent());
    assertTrue(shared.node().value().isEmpty(), "what was not named is not kept");
    assertTrue(a.node().inputs().isEmpty(), "and the history of what was is released");
    assertArrayEquals(new double[] {Math.E + 1, Math.exp(2) + 1}, a.toDoubleArray(), 1e-14);
    Devices.with(device, () -> {
      Tensor.eval(a, b);
      return a;
    });
    assertEquals(1, device.runs(), "an evaluated tensor is left alone");
    double[] again = Devices.with(device, shared::toDoubleArray);
    assertArrayEquals(new double[] {Math.E, Math.exp(2)}, again, 1e-14);
    assertEquals(2, device.runs(), "and what was not named is computed again");
  }

  @Test
  void plansOutsideStepsAreClosedAfterTheirRun() {
    var device = ReferenceDevice.create();
    Devices.with(device, () -> Tensor.of(new double[] {1}).exp().item());
    assertThrows(RuntimeException.class, () ->
        Devices.with(device, () -> Tensor.of(new double[] {1}).take(0, Tensor.of(new int[] {3})).item()));
    assertEquals(2, device.linked().size());
    assertEquals(2, device.closed());
  }

  @Test
  void memoryStaysFlatOver20000Evaluations() {
    long budget = 4L << 20;
    var device = ReferenceDevice.withMemory(budget);
    Tensor data = Tensor.of(new double[513]);
    Devices.with(device, () -> {
      for (int i = 0; i < 20_000; i++) {
        data.add(i).eval();
      }
      return data;
    });
    // 82 MB went through 4.
    assertEquals(20_000, device.runs());
    assertTrue(device.allocatedBytes() <= budget);
    assertTrue(Engine.of(device).peakBytes() <= budget);
  }

  @Test
  void smallResultsLeaveNothingOnTheDevice() {
    var device = ReferenceDevice.create();
    Devices.with(device, () -> Tensor.of(new double[] {1}).exp().eval());
    long before = Engine.of(device).liveBytes();
    Devices.with(device, () -> {
      for (int i = 0; i < 1_000; i++) {
        Tensor.of(new double[] {i}).exp().eval();
      }
      return before;
    });
    assertEquals(before, Engine.of(device).liveBytes());
    assertEquals(before, device.allocatedBytes());
  }

  @Test
  void theArenaIsSharedAndOnlyGrows() {
    var device = ReferenceDevice.create();
    long[] afterLarge = new long[1];
    Devices.with(device, () -> {
      afterLarge[0] = products(32);
      products(4);
      assertEquals(afterLarge[0], products(32), "the larger plan's arena holds the smaller's");
      return device;
    });
  }

  private static long products(int n) {
    Tensor x = Tensor.of(new double[n * n], n, n);
    x.matmul(x).matmul(x).sum().item();
    return Engine.current().liveBytes();
  }

  @Test
  void whatDoesNotFitIsRefusedWithABill() {
    var device = ReferenceDevice.withMemory(100_000);
    List<Tensor> kept = new ArrayList<>();
    var e = assertThrows(DeviceOutOfMemoryException.class, () -> Devices.with(device, () -> {
      for (int i = 0; i < 100; i++) {
        kept.add(large().add(i).eval());
      }
      return kept;
    }));
    assertTrue(e.getMessage().startsWith("[reference:0] f64[1024] needs 8,192 bytes; "), e.getMessage());
    assertTrue(e.getMessage().contains("of the budget of 100,000 are in use by " + kept.size() + " values"), e.getMessage());
    assertEquals(5, kept.get(5).toDoubleArray()[0], "what was there is still there");
    // Letting go is enough.
    int before = kept.size();
    kept.clear();
    Devices.with(device, () -> {
      for (int i = 0; i < before; i++) {
        kept.add(large().add(i).eval());
      }
      return kept;
    });
    assertEquals(3, kept.get(3).toDoubleArray()[7]);
  }

  @Test
  void whatARunLacksIsReportedByModule() {
    var device = ReferenceDevice.withMemory(300_000);
    var e = assertThrows(DeviceOutOfMemoryException.class, () -> Devices.with(device, () -> {
      Module model = new Sequential(new Linear(8, 64), new Tanh(), new Linear(64, 8));
      model.initialise(1);
      return Step.training(in -> {
        Tensor loss = model.apply(in.get(0)).square().mean();
        new Sgd(model.parameters(), Schedule.constant(0.1)).minimise(loss);
        return List.of(loss);
      }).run(Tensor.of(new float[1000 * 8]).reshape(1000, 8));
    }));
    assertTrue(e.getMessage().startsWith("[reference:0] the arena needs "), e.getMessage());
    String report = e.getMessage().lines().skip(1).findFirst().orElseThrow();
    Matcher figures = Pattern.compile("  the run needs ([\\d,]+) bytes: temporaries ([\\d,]+), variables 4,392, inputs 32,000, results 4,096;"
        + " of the temporaries at their peak: (.*)").matcher(report);
    assertTrue(figures.matches(), report);
    long temporaries = number(figures.group(2));
    assertEquals(number(figures.group(1)), temporaries + 4_392 + 32_000 + 4_096);
    assertTrue(temporaries >= 256_000, "the hidden activations, 1000 x 64 floats, are among " + temporaries);
    assertTrue(figures.group(3).contains("0 256,000"), "the first layer's activations have its name: " + report);
  }

  private static long number(String grouped) {
    return Long.parseLong(grouped.replace(",", ""));
  }

  @Test
  @Tag("S15.13") @Tag("S16.10")
  void tensorsOfAnotherDeviceAreRefused() {
    var here = ReferenceDevice.create();
    var there = ReferenceDevice.create();
    Tensor elsewhere = Devices.with(there, () -> large().add(1).eval());
    assertThrows(DeviceMismatchException.class, () -> Devices.with(here, () -> elsewhere.add(1).eval()));
    Variable v = Variable.of("v", HostArray.ofDoubles(TensorType.of(DType.F64, 1), 1), true);
    Step step = Step.training(_ -> {
      v.assign(v.value().add(1));
      return List.of();
    });
    Devices.with(here, () -> step.run());
    assertThrows(DeviceMismatchException.class, () -> Devices.with(there, () -> step.run()));
    assertEquals(2, Devices.with(here, () -> v.value().item()));
    assertEquals(1, elsewhere.toDoubleArray()[0], "values are read where they are");
  }

  @Test
  @Tag("S16.10")
  void hostDataHasNoDevice() {
    var device = ReferenceDevice.create();
    Tensor data = Tensor.of(new double[] {1, 2});
    assertArrayEquals(new double[] {1, 2}, Devices.with(device, data::toDoubleArray));
    assertEquals(0, device.runs() + device.uploads());
  }

  @Test
  @Tag("S16.10")
  void tensorsMoveToAnotherDevice() {
    var here = ReferenceDevice.create();
    var there = ReferenceDevice.create();
    Tensor elsewhere = Devices.with(there, () -> large().add(1).eval());
    Tensor moved = Devices.with(here, () -> elsewhere.to(here));
    assertEquals(3, Devices.with(here, () -> moved.add(2).eval()).toDoubleArray()[5]);
    assertEquals(2, Devices.with(here, () -> Tensor.of(new double[] {1}).add(1).to(there)).toDoubleArray()[0]);
    int uploads = here.uploads();
    Tensor again = Devices.with(here, () -> moved.to(here));
    assertEquals(uploads, here.uploads(), "what is there already is not copied");
    assertTrue(again.node() != moved.node() && again.node().isLeaf());
  }

  @Test
  @Tag("S15.13")
  void aVariablesValueMovesFromWhereItIs() {
    var here = ReferenceDevice.create();
    var there = ReferenceDevice.create();
    Variable v = Variable.of("v", HostArray.ofDoubles(TensorType.of(DType.F64, 1), 1), true);
    Step step = Step.training(_ -> {
      v.assign(v.value().add(1));
      return List.of();
    });
    Devices.with(here, () -> step.run());
    Tensor moved = Devices.with(there, () -> v.value().to(there));
    Devices.with(here, () -> step.run());
    assertEquals(20, Devices.with(there, () -> moved.mul(10).item()), "a copy: later steps do not show in it");
    assertThrows(DeviceMismatchException.class, () -> Devices.with(there, () -> step.run()));
    v.assign(Tensor.of(v.toHostArray()));
    Devices.with(there, () -> step.run());
    assertEquals(4, Devices.with(there, () -> v.value().item()), "assigned from the host it goes wherever it is used next");
  }

  @Test
  @Tag("S16.9")
  void nothingMovesInsideAStep() {
    var device = ReferenceDevice.create();
    Step step = Step.evaluation(in -> List.of(in.getFirst().to(device)));
    var e = assertThrows(InvalidArgumentException.class, () -> Devices.with(device, () -> step.run(large())));
    assertTrue(e.getMessage().startsWith("[to] called inside a Step"), e.getMessage());
  }

  @Test
  @Tag("S16.7")
  void pendingWorkBeyondTheLimitIsEvaluatedByWhoeverCrossesIt() {
    var device = ReferenceDevice.create();
    Devices.with(device, () -> {
      Tensor y = Tensor.of(new double[] {1, 2});
      int steps = 0;
      while (device.runs() == 0) {
        y = y.neg();
        steps++;
        assertTrue(steps < 1_000_000, "never evaluated");
      }
      assertEquals(steps % 2 == 0 ? 1 : -1, y.toDoubleArray()[0]);
      return y;
    });
  }

  @Test
  void plansOfStepsThatAreGoneAreClosed() {
    var device = ReferenceDevice.withMemory(100_000);
    HostArray constant = HostArray.ofDoubles(TensorType.of(DType.F64, LARGE), new double[LARGE]);
    Devices.with(device, () -> {
      for (int i = 0; i < 100; i++) {
        assertEquals(0, Step.evaluation(_ -> List.of(Tensor.constant(constant).sum())).run().getFirst().item());
      }
      return device;
    });
    assertTrue(device.closed() >= 88, "at most twelve constants fit: " + device.closed());
    assertTrue(Engine.of(device).peakBytes() <= 100_000);
  }

  @Test
  void largeInputsAreKeptForOneRunOnly() {
    var device = ReferenceDevice.create();
    Step sum = Step.evaluation(in -> List.of(in.stream().map(Tensor::sum).reduce(Tensor::add).orElseThrow()));
    Devices.with(device, () -> {
      sum.run(Tensor.of(new double[1 << 20]));
      assertTrue(Engine.of(device).liveBytes() > 8 << 20);
      long uploads = device.uploads();
      sum.run(Tensor.of(new double[3]));
      assertTrue(Engine.of(device).liveBytes() < 1 << 20, "one that was far too large: " + Engine.of(device).liveBytes());
      sum.run(Tensor.of(new double[3]), Tensor.of(new double[1 << 20]));
      sum.run(Tensor.of(new double[3]));
      assertTrue(Engine.of(device).liveBytes() < 1 << 20, "one that was not used: " + Engine.of(device).liveBytes());
      return uploads;
    });
  }

  @Test
  void whatIsKeptForLaterRunsIsGivenBackBeforeMemoryRunsOut() {
    var device = ReferenceDevice.withMemory(100_000);
    Devices.with(device, () -> {
      products(50);
      long arena = Engine.of(device).liveBytes() - 50 * 50 * 8;
      assertTrue(arena > 28_000, "too small for this test: " + arena);
      Tensor x = Tensor.of(new double[9_000]);
      assertEquals(0, x.sum().item(), "fits without the arena of the run before only");
      return x;
    });
    assertTrue(device.allocatedBytes() <= 100_000);
  }

  @Test
  void aCollectionIsDueWhenMuchHasComeIntoUseNotWhenMuchHasGoneThrough() {
    var pool = new MemoryPool(Engine.of(ReferenceDevice.create()), 1L << 40, () -> {});
    long megabyte = 1 << 20;
    for (int i = 0; i < 100; i++) {
      pool.charge(200 * megabyte, "some");
      assertFalse(pool.collectionDue());
      pool.discharge(200 * megabyte, "some");
    }
    pool.charge(300 * megabyte, "some");
    assertTrue(pool.collectionDue());
    assertFalse(pool.collectionDue(), "not twice for the same growth");
    pool.charge(280 * megabyte, "some");
    assertFalse(pool.collectionDue(), "what is live may grow by as much again");
    pool.charge(30 * megabyte, "some");
    assertTrue(pool.collectionDue());
  }

  @Test
  void readingAVariableOnTheHostMakesNoSecondCopy() {
    var device = ReferenceDevice.create();
    Variable v = Variable.of("v", HostArray.ofDoubles(TensorType.of(DType.F64, LARGE), new double[LARGE]), true);
    Devices.with(device, () -> {
      Step.training(_ -> {
        v.assign(v.value().add(1));
        return List.of();
      }).run();
      long before = Engine.of(device).liveBytes();
      int runs = device.runs();
      assertEquals(1, v.value().toDoubleArray()[LARGE - 1]);
      assertTrue(v.value().node().value().isEmpty());
      assertEquals(before, Engine.of(device).liveBytes());
      assertEquals(runs, device.runs());
      return v;
    });
  }

  @Test
  @Tag("S16.11")
  void closingADeviceGivesBackEverythingOnIt() {
    var device = ReferenceDevice.create();
    Variable v = Variable.of("v", HostArray.ofDoubles(TensorType.of(DType.F64, 1), 1), true);
    Step step = Step.training(in -> {
      v.assign(v.value().add(in.get(0).sum()));
      return List.of(in.get(0).exp());
    });
    Tensor kept = Devices.with(device, () -> step.run(large()).getFirst());
    assertTrue(device.allocatedBytes() > 0);
    device.close();
    device.close();
    assertEquals(0, device.allocatedBytes());
    assertEquals(1, device.closed());
    var other = ReferenceDevice.create();
    for (Executable use : List.<Executable>of(
        kept::toDoubleArray, v::toHostArray,
        () -> Devices.with(device, () -> step.run(large())),
        () -> Devices.with(device, () -> large().add(1).eval()),
        () -> Devices.with(other, () -> step.run(large())))) {
      var e = assertThrows(DeviceUnavailableException.class, use);
      assertTrue(e.getMessage().startsWith("[reference:0] the device has been closed"), e.getMessage());
    }
    v.assign(Tensor.of(new double[] {5}));
    Devices.with(other, () -> step.run(large()));
    assertEquals(5, v.toHostArray().doubleAt(0), "a new value on another device");
  }
}
