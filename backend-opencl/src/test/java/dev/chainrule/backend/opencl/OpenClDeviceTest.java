package dev.chainrule.backend.opencl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.DeviceOutOfMemoryException;
import dev.chainrule.DeviceUnavailableException;
import dev.chainrule.KernelCompilationException;
import dev.chainrule.device.Executable;
import dev.chainrule.device.Fault;
import dev.chainrule.device.Memory;
import dev.chainrule.device.Queue;
import dev.chainrule.device.Tuner;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.TensorType;
import dev.chainrule.kernels.ProductShape;
import dev.chainrule.kernels.ProductTile;
import dev.chainrule.kernels.Source;
import dev.chainrule.kernels.TuningFile;
import dev.chainrule.schedule.BufferRef;
import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.KernelExpression;
import dev.chainrule.schedule.Operand;
import dev.chainrule.schedule.Schedule;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A device of whatever driver is here. */
class OpenClDeviceTest {

  private static final TensorType TYPE = TensorType.of(DType.F32, 1000);

  private OpenClDevice device;

  @BeforeEach
  void open() {
    device = OnOpenCl.open();
  }

  @AfterEach
  void close() {
    if (device != null) {
      device.close();
    }
  }

  /** x doubled, a number of times, each in a launch of its own. */
  private static Schedule doubling(int times) {
    List<Instruction> instructions = new ArrayList<>();
    Operand from = Operand.dense(new BufferRef.Input(0), TYPE);
    Operand to = Operand.dense(new BufferRef.Output(0), TYPE);
    for (int i = 0; i < times; i++) {
      GeneratedKernel kernel = GeneratedKernel.of(List.of(new KernelExpression.Load(0, DType.F32, from.layout()),
          new KernelExpression.Apply(new Op.Add(), List.of(0, 0), DType.F32)), TYPE.shape());
      instructions.add(new Instruction.Compute(kernel, List.of(from), List.of(to), List.of(), List.of()));
    }
    return new Schedule(instructions, List.of(), List.of(TYPE), List.of(), List.of(TYPE), List.of(), List.of(), List.of(), 0, 0);
  }

  private Queue.Bindings bindings(Memory in, Memory out) {
    return new Queue.Bindings(device.allocate(0), List.of(in), List.of(), List.of(out), MemorySegment.ofArray(new byte[0]));
  }

  private Memory uploaded(float... values) {
    Memory memory = device.allocate(TYPE.bytes());
    device.queue().upload(MemorySegment.ofArray(values), memory);
    return memory;
  }

  @Test
  void aKernelComputesWhatItSays() {
    float[] values = new float[1000];
    for (int i = 0; i < values.length; i++) {
      values[i] = i;
    }
    Memory out = device.allocate(TYPE.bytes());
    try (Executable doubled = device.link(doubling(1))) {
      assertEquals(Fault.NONE, device.queue().run(doubled, bindings(uploaded(values), out)).await());
    }
    float[] results = new float[1000];
    device.queue().download(out, MemorySegment.ofArray(results));
    for (int i = 0; i < values.length; i++) {
      values[i] *= 2;
    }
    assertArrayEquals(values, results);
  }

  /** However many launches a run has, it makes the same few objects on the host. */
  @Test
  void launchesAllocateNothing() {
    assertEquals(allocated(1), allocated(200), 64);
  }

  private double allocated(int launches) {
    Memory in = uploaded(new float[1000]);
    var bindings = bindings(in, device.allocate(TYPE.bytes()));
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    int runs = 50;
    try (Executable linked = device.link(doubling(launches))) {
      long before = 0;
      for (int i = -500 / launches - 200; i < runs; i++) {
        before = i == 0 ? threads.getCurrentThreadAllocatedBytes() : before;
        device.queue().run(linked, bindings).await();
      }
      return (threads.getCurrentThreadAllocatedBytes() - before) / (double) runs;
    }
  }

  @Test
  void theCompilersMessagesAreInTheException() {
    var broken = new Source("broken", "KERNEL(256) void broken(BUFFER(0), NUMBERS) { nonsense = 1; }\n");
    var refused = assertThrows(KernelCompilationException.class, () -> device.programs().require(List.of(broken)));
    assertTrue(refused.getMessage().contains("nonsense"), refused.getMessage());
  }

  @Test
  void moreThanTheDriverGivesOutIsRefusedByName() {
    var refused = assertThrows(DeviceOutOfMemoryException.class, () -> device.allocate(1L << 50));
    assertTrue(refused.getMessage().contains("opencl:0"), refused.getMessage());
  }

  @Test
  void aDeviceThatIsNotThereIsRefusedByName() {
    var refused = assertThrows(DeviceUnavailableException.class, () -> new OpenClBackend().open(99));
    assertTrue(refused.getMessage().contains("opencl:99"), refused.getMessage());
  }

  @Test
  void whatTuningHasFoundIsKeptAndUsed(@TempDir Path folder) {
    System.setProperty("chainrule.tuning", folder.toString());
    try {
      List<Tuner.Outcome> outcomes = new ArrayList<>();
      var tuned = (OpenClDevice) new OpenClBackend().open(0);
      Tuner tuner = tuned.tuner().orElseThrow();
      tuner.tune(List.of(16L), outcomes::add);
      tuned.close();
      assertEquals(1, outcomes.size());
      assertEquals(folder, tuner.file().getParent());
      ProductTile chosen = new TuningFile(tuner.file(), "").read().choices().get(new ProductShape(16, 16, 16));
      assertEquals(outcomes.getFirst().choice(), chosen.toString());
      assertTrue(outcomes.getFirst().chosen() >= outcomes.getFirst().usual());
    } finally {
      System.clearProperty("chainrule.tuning");
    }
  }
}
