package dev.chainrule.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.DeviceOutOfMemoryException;
import dev.chainrule.DeviceUnavailableException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.device.Devices;
import dev.chainrule.device.Executable;
import dev.chainrule.device.Fault;
import dev.chainrule.device.Memory;
import dev.chainrule.device.Queue;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Origin;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.BufferRef;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.Operand;
import dev.chainrule.schedule.Schedule;
import dev.chainrule.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceTest {

  @Test
  void theBackendIsFoundByName() {
    assertEquals("cpu:0", Devices.open("cpu").info().id());
    assertTrue(Devices.open("cpu").info().description().contains("thread"));
    assertThrows(DeviceUnavailableException.class, () -> Devices.open("cpu:1"));
    assertTrue(new CpuBackend().diagnose().usable());
  }

  @ParameterizedTest
  @ValueSource(strings = {"abc", "0", "-2", "1.5", "99999999999"})
  void aNumberOfThreadsThatIsNoneIsNamed(String given) {
    String property = "chainrule.cpu.threads";
    String before = System.getProperty(property);
    System.setProperty(property, given);
    try {
      var e = assertThrows(InvalidArgumentException.class, () -> new CpuBackend().open(0));
      assertTrue(e.getMessage().startsWith("[chainrule.cpu.threads] \"" + given + "\" is not a number of threads"), e.getMessage());
    } finally {
      if (before == null) {
        System.clearProperty(property);
      } else {
        System.setProperty(property, before);
      }
    }
  }

  @Test
  void aClosedDeviceIsOpenedAnew() {
    var closed = Devices.open("cpu");
    closed.close();
    var open = Devices.open("cpu");
    assertNotSame(closed, open);
    assertSame(open, Devices.open("cpu:0"));
    assertEquals(6.0, Devices.with(open, () -> Tensor.of(new double[] {1, 2, 3}).sum().item()));
  }

  @Test
  void memoryIsAlignedAndMayBeFreedTwice() {
    for (long bytes : new long[] {0, 1, 63, 64, 1000, 1 << 20}) {
      CpuMemory memory = CpuMemory.allocate(bytes);
      assertEquals(0, memory.address() % Schedule.ALIGNMENT);
      assertEquals(bytes, memory.bytes());
      memory.free();
      memory.free();
      assertThrows(IllegalStateException.class, memory::address);
    }
  }

  @Test
  void tooMuchMemoryIsRefused() {
    assertThrows(DeviceOutOfMemoryException.class, () -> CpuMemory.allocate(Long.MAX_VALUE / 2));
    assertThrows(DeviceOutOfMemoryException.class, () -> CpuMemory.allocate(Long.MAX_VALUE));
  }

  @Test
  void buffersThatAreTooSmallAreRefused() {
    Memory small = CpuMemory.allocate(4);
    assertThrows(IllegalArgumentException.class,
        () -> Agreement.DEVICES.getFirst().queue().upload(MemorySegment.ofArray(new byte[5]), small));
    assertThrows(IllegalArgumentException.class,
        () -> Agreement.DEVICES.getFirst().queue().download(small, MemorySegment.ofArray(new byte[5])));
    assertThrows(IllegalArgumentException.class, () -> fault(Agreement.DEVICES.getFirst(), new int[3], new int[300_000]));
    small.free();
  }

  @Test
  @Tag("S14.4")
  void theFirstFaultIsReportedOnAnyNumberOfThreads() {
    int[] first = new int[300_000];
    int[] second = new int[300_000];
    for (CpuDevice device : Agreement.DEVICES) {
      assertEquals(Fault.NONE, fault(device, first, second));
    }
    second[3] = 77;
    second[299_999] = 78;
    for (CpuDevice device : Agreement.DEVICES) {
      assertEquals(new Fault(1, 77), fault(device, first, second));
    }
    first[290_000] = -5;
    first[20_000] = 5;
    for (CpuDevice device : Agreement.DEVICES) {
      assertEquals(new Fault(0, 5), fault(device, first, second));
    }
  }

  /** Gathers from x[2] at two lists of indices, one instruction each. */
  private static Fault fault(CpuDevice device, int[] first, int[] second) {
    TensorType type = TensorType.of(DType.I32, 300_000);
    TensorType source = TensorType.of(DType.F32, 2);
    TensorType result = type.withDType(DType.F32);
    Operand x = Operand.dense(new BufferRef.Input(0), source);
    Operand out = Operand.dense(new BufferRef.Output(0), result);
    List<Instruction> instructions = List.of(
        new Instruction.Call(new Op.Gather(0), List.of(x, Operand.dense(new BufferRef.Input(1), type)), List.of(out), Origin.NONE),
        new Instruction.Call(new Op.Gather(0), List.of(x, Operand.dense(new BufferRef.Input(2), type)), List.of(out), Origin.NONE));
    var schedule = new Schedule(instructions, List.of(), List.of(source, type, type), List.of(), List.of(result), List.of(), List.of(),
        List.of(), 0, 0);
    List<Memory> memories = List.of(
        memory(device, MemorySegment.ofArray(new float[2])), memory(device, MemorySegment.ofArray(first)),
        memory(device, MemorySegment.ofArray(second)), device.allocate(result.bytes()));
    try (Executable executable = device.link(schedule)) {
      var bindings = new Queue.Bindings(memories.getFirst(), memories.subList(0, 3), List.of(), memories.subList(3, 4),
          MemorySegment.ofArray(new byte[0]));
      return device.queue().run(executable, bindings).await();
    } finally {
      memories.forEach(Memory::free);
    }
  }

  private static Memory memory(CpuDevice device, MemorySegment content) {
    Memory memory = device.allocate(content.byteSize());
    device.queue().upload(content, memory);
    return memory;
  }
}
