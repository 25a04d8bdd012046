package dev.chainrule.backend.opencl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.chainrule.device.Queue;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Copies go on by themselves, and yet nobody sees data too early, too late, or another's. */
class CopiesTest {

  private static byte[] random(int bytes) {
    byte[] data = new byte[bytes];
    new SplittableRandom(bytes).nextBytes(data);
    return data;
  }

  /** Less than a slot, slots exactly, and a piece more than the slots that are used in turns. */
  @Test
  void whatGoesUpComesDown() {
    OnOpenCl.with(device -> {
      for (int bytes : List.of(0, 1, 4 << 20, (8 << 20) + 12345, (13 << 20) - 1)) {
        byte[] data = random(bytes);
        OpenClMemory memory = device.allocate(bytes);
        device.queue().upload(MemorySegment.ofArray(data), memory);
        byte[] back = new byte[bytes];
        device.queue().download(memory, MemorySegment.ofArray(back));
        assertArrayEquals(data, back);
        memory.free();
      }
    });
  }

  @Test
  void aSourceMayBeChangedAtOnce() {
    OnOpenCl.with(device -> {
      byte[] data = new byte[3 << 20];
      List<OpenClMemory> memories = new ArrayList<>();
      for (int i = 0; i < 7; i++) {
        Arrays.fill(data, (byte) i);
        memories.add(device.allocate(data.length));
        device.queue().upload(MemorySegment.ofArray(data), memories.getLast());
      }
      Arrays.fill(data, (byte) -1);
      for (int i = 0; i < 7; i++) {
        byte[] expected = new byte[data.length];
        Arrays.fill(expected, (byte) i);
        byte[] back = new byte[data.length];
        device.queue().download(memories.get(i), MemorySegment.ofArray(back));
        assertArrayEquals(expected, back);
      }
    });
  }

  /** Each fetch gives what lay there when it was asked for, also when the memory is overwritten or let go before somebody reads it. */
  @Test
  void whatIsFetchedIsOfItsTime() {
    OnOpenCl.with(device -> {
      OpenClMemory memory = device.allocate(1000);
      List<Queue.Fetched> fetched = new ArrayList<>();
      byte[] data = new byte[1000];
      for (int i = 0; i < 50; i++) {
        Arrays.fill(data, (byte) i);
        device.queue().upload(MemorySegment.ofArray(data), memory);
        fetched.add(device.queue().fetch(memory, data.length));
      }
      memory.free();
      for (int i = 49; i >= 0; i--) {
        fetched.get(i).into(MemorySegment.ofArray(data));
        assertEquals(i, data[0]);
        assertEquals(i, data[999]);
      }
    });
  }

  @Test
  void moreThanAMemoryHoldsIsRefused() {
    OnOpenCl.with(device -> {
      OpenClMemory memory = device.allocate(10);
      MemorySegment tooMuch = MemorySegment.ofArray(new byte[11]);
      assertThrows(IllegalArgumentException.class, () -> device.queue().upload(tooMuch, memory));
      assertThrows(IllegalArgumentException.class, () -> device.queue().download(memory, tooMuch));
      assertThrows(IllegalArgumentException.class, () -> device.queue().fetch(memory, 11));
    });
  }
}
