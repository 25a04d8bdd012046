package dev.chainrule.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.DeviceOutOfMemoryException;
import dev.chainrule.device.Memory;
import dev.chainrule.device.Queue;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.plan.Engine;
import dev.chainrule.plan.PlanReport;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;
import dev.chainrule.train.Step;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The inputs of a step are copied while the kernels of the step before run, and yet no run reads those of another. */
class ArrivalsTest {

  private static final int INPUTS = 5;
  private static final int FEW = 10;

  /** Elements of two pieces of page-locked memory; with all inputs of a step more than there is of it. */
  private static final int MANY = 1 << 20;

  private final Variable w = Variable.of("w", HostArray.ofDoubles(TensorType.of(DType.F32, 1), 0), true);

  /** Adds all that it is given to the variable, tenfold. */
  private final Step adding = Step.training(in -> {
    Tensor next = w.value().mul(10);
    for (Tensor input : in) {
      next = next.add(input.max());
    }
    w.assign(next);
    return List.of(next.sum());
  });

  private static StandIn standIn() {
    return OnTheStandIn.standIn();
  }

  private Tensor add(int elements, float number) {
    return adding.run(IntStream.range(0, INPUTS).mapToObj(i -> {
      float[] data = new float[elements];
      Arrays.fill(data, number);
      return Tensor.of(data);
    }).toArray(Tensor[]::new)).getFirst();
  }

  /** Until nothing is made anew: the plan, its graph, memory. */
  private void warmUp(int elements) {
    for (int i = 0; i < 3; i++) {
      assertEquals(0, add(elements, 0).item());
    }
  }

  @Test
  void theNextInputsArriveWhileKernelsRun() {
    OnTheStandIn.with(_ -> {
      for (int elements : new int[] {FEW, MANY}) {
        w.assign(Tensor.of(new float[1]));
        warmUp(elements);
        long launches = standIn().count("launches");
        Tensor first = add(elements, 1);
        standIn().copy();
        long arrived = standIn().count("to device");
        Tensor second = add(elements, 2);
        standIn().copy();
        long copies = Math.ceilDiv(elements * 4L, 2 << 20) * INPUTS;
        assertEquals(arrived + copies, standIn().count("to device"), "the inputs of the second step wait for the kernels of the first");
        assertEquals(launches, standIn().count("launches"), "the kernels of the first step were waited for");
        assertEquals(60, second.item());
        assertEquals(5, first.item());
      }
    });
  }

  /** As early as may be, with the kernels of all these runs still to come. */
  @Test
  void noInputIsOverwrittenBeforeItsRunHasReadIt() {
    OnTheStandIn.with(_ -> {
      for (int elements : new int[] {FEW, MANY}) {
        w.assign(Tensor.of(new float[1]));
        warmUp(elements);
        List<Tensor> sums = new ArrayList<>();
        for (int i = 1; i <= 4; i++) {
          sums.add(add(elements, i));
          standIn().copy();
        }
        assertArrayEquals(new double[] {5, 60, 615, 6170}, sums.stream().mapToDouble(Tensor::item).toArray());
      }
    });
  }

  /** The memory was an input of a run that has not come to read it. */
  @Test
  void memoryThatIsNewToStagingIsNotWrittenBeforeRunsHaveReadIt() {
    OnTheStandIn.with(device -> {
      Queue queue = device.queue();
      warmUp(FEW);
      Memory before = device.allocate(1000);
      queue.upload(MemorySegment.ofArray(bytes(1)), before);
      add(FEW, 1); // whose kernels hold up what follows
      Queue.Fetched fetched = queue.fetch(before, 1000);
      before.free();
      Memory staging = device.allocate(1000);
      Memory target = device.allocate(1000);
      queue.stage(MemorySegment.ofArray(bytes(2)), staging, target);
      standIn().copy();
      byte[] data = bytes(0);
      fetched.into(MemorySegment.ofArray(data));
      assertArrayEquals(bytes(1), data);
      queue.download(target, MemorySegment.ofArray(data));
      assertArrayEquals(bytes(2), data);
      staging.free();
      target.free();
    });
  }

  private static byte[] bytes(int content) {
    byte[] data = new byte[1000];
    Arrays.fill(data, (byte) content);
    return data;
  }

  @Test
  void manyInputsDoNotMakeTheHostWait() {
    OnTheStandIn.with(_ -> {
      warmUp(FEW);
      long launches = standIn().count("launches");
      List<Tensor> sums = new ArrayList<>();
      for (int i = 1; i <= 4; i++) {
        sums.add(add(FEW, i));
      }
      assertEquals(launches, standIn().count("launches"), "the host has waited for a run");
      assertEquals(6170, sums.getLast().item());
    });
  }

  /** More than page-locked memory takes: the host waits for copies, and these for the run before the last at most. */
  @Test
  void largeInputsDoNotMakeTheHostWaitForTheRunBefore() {
    OnTheStandIn.with(_ -> {
      warmUp(MANY);
      long launches = standIn().count("launches");
      add(MANY, 1);
      Tensor second = add(MANY, 2);
      assertEquals(launches, standIn().count("launches"), "the host has waited for a run");
      assertEquals(60, second.item());
    });
  }

  @Test
  void graphsKeepTheirAddresses() {
    OnTheStandIn.with(_ -> {
      warmUp(FEW);
      long replays = standIn().count("replays");
      long updates = standIn().count("updates");
      for (int i = 0; i < 20; i++) {
        add(FEW, 0);
      }
      assertEquals(0, w.value().item());
      assertEquals(replays + 20, standIn().count("replays"));
      assertEquals(updates, standIn().count("updates"));
    });
  }

  @Test
  void memoryStaysAsItIs() {
    OnTheStandIn.with(device -> {
      for (int i = 0; i < 40; i++) {
        add(FEW + i % 3, 0);
      }
      w.value().item();
      long all = standIn().count("all");
      long live = Engine.of(device).liveBytes();
      for (int i = 0; i < 300; i++) {
        add(FEW + i % 3, 0);
      }
      w.value().item();
      assertEquals(all, standIn().count("all"), "pieces of memory, events and the like");
      assertEquals(live, Engine.of(device).liveBytes());
    });
  }

  @Test
  void bothMemoriesOfAnInputAreForecast() {
    OnTheStandIn.with(device -> {
      Step step = Step.evaluation(in -> List.of(in.get(0).sum()));
      Tensor input = Tensor.of(new float[2 * MANY]);
      PlanReport report = step.plan(input);
      step.run(input).getFirst().item();
      assertEquals(2 * 2L * MANY * Float.BYTES, report.inputBytes());
      assertEquals(report.peakBytes(), Engine.of(device).peakBytes(), 1, "but for the byte of an arena that nothing needs");
      step.run(Tensor.of(new float[1])).getFirst().item();
      assertTrue(Engine.of(device).liveBytes() < MANY, "those of a large one were kept");
    });
  }

  @Test
  void aDeviceThatHasNoPlaceForTheSecondMemoryRefusesAndChangesNothing() {
    OnTheStandIn.with(_ -> {
      assertEquals(5, add(FEW, 1).item());
      standIn().set("memory", 6L << 20);
      var full = assertThrows(DeviceOutOfMemoryException.class, () -> add(MANY, 1));
      assertTrue(full.getMessage().contains("inputs %,d,".formatted(2L * INPUTS * MANY * Float.BYTES)), full.getMessage());
      standIn().set("memory", 2L << 30);
      assertEquals(55, add(FEW, 1).item());
      assertEquals(555, add(MANY, 1).item());
    });
  }

  /** Neither an event nor a piece is lost. */
  @Test
  void aRunThatGetsNoPageLockedMemoryLeavesNothingBehind() {
    OnTheStandIn.with(device -> {
      Machine machine = device.machine();
      machine.context().run(() -> Exchange.of(machine, 1).giveBack());
      long all = standIn().count("all");
      standIn().fail("pinned", -2);
      assertThrows(DeviceOutOfMemoryException.class, () -> machine.context().run(() -> Exchange.of(machine, 8 << 20)));
      machine.context().run(() -> Exchange.of(machine, 1).giveBack());
      assertEquals(all, standIn().count("all"));
    });
  }
}
