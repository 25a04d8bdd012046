package dev.chainrule.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.chainrule.device.Memory;
import dev.chainrule.kernels.PinnedMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Data arrives whole, whatever its size, and what the caller does with its own afterwards changes nothing. */
class StreamsTest {

  private static final long SLOT = 4L << 20;

  @Test
  void dataOfEverySizeComesBack() {
    OnTheStandIn.with(device -> {
      for (long bytes : new long[] {0, 1, 7, 4096, SLOT - 1, SLOT, SLOT + 1, 3 * SLOT + 5}) {
        byte[] sent = new byte[Math.toIntExact(bytes)];
        new Random(bytes).nextBytes(sent);
        Memory memory = device.allocate(bytes);
        device.queue().upload(MemorySegment.ofArray(sent), memory);
        try (Arena arena = Arena.ofConfined()) {
          MemorySegment back = arena.allocate(Math.max(1, bytes)).asSlice(0, bytes);
          device.queue().download(memory, back);
          assertEquals(-1, back.mismatch(MemorySegment.ofArray(sent)), bytes + " bytes");
        }
        memory.free();
      }
    });
  }

  @Test
  void theCallerMayChangeItsDataAtOnce() {
    OnTheStandIn.with(device -> {
      Memory[] memories = new Memory[5];
      byte[] data = new byte[1000];
      for (int i = 0; i < memories.length; i++) {
        Arrays.fill(data, (byte) i);
        memories[i] = device.allocate(data.length);
        device.queue().upload(MemorySegment.ofArray(data), memories[i]);
      }
      for (int i = 0; i < memories.length; i++) {
        device.queue().download(memories[i], MemorySegment.ofArray(data));
        assertEquals(i, data[999]);
        memories[i].free();
      }
    });
  }

  /** Otherwise the other tests would show nothing. */
  @Test
  void theStandInDoesNothingBeforeSomebodyWaits() {
    OnTheStandIn.with(device -> {
      Machine machine = device.machine();
      Driver driver = machine.context().driver();
      Memory memory = device.allocate(8);
      machine.context().run(() -> {
        PinnedMemory.Piece piece = machine.pinned().take(8);
        piece.memory().set(ValueLayout.JAVA_LONG, 0, 1);
        driver.cuMemsetD32Async(CudaMemory.of(memory).address(), 5, 2, machine.streams().compute());
        driver.cuMemcpyDtoHAsync(piece.address(), CudaMemory.of(memory).address(), 8, machine.streams().compute());
        assertEquals(1, piece.memory().get(ValueLayout.JAVA_LONG, 0));
        driver.cuStreamSynchronize(machine.streams().compute());
        assertNotEquals(1, piece.memory().get(ValueLayout.JAVA_LONG, 0));
        machine.pinned().giveBack(piece);
      });
      memory.free();
    });
  }
}
