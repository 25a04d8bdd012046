package dev.chainrule.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The way to the kernels that {@link AttentionTest} compares with the bodies of attention. */
class AttentionVectorsTest {

  @Test
  void areReadyOnceTrialsAllocateNothingAndLeaveTheLineAsItIs() {
    var sizes = new AttentionSizes(1, 128, 128, 32, 32, 0.5f, true);
    var vectors = new AttentionVectors(sizes, false);
    var registers = new Registers(0);
    CpuMemory memory = CpuMemory.allocate(128 * Float.BYTES);
    MemorySegment line = OffHeap.MEMORY.asSlice(memory.address(), memory.bytes());
    for (int i = 0; i < 128; i++) {
      line.setAtIndex(ValueLayout.JAVA_FLOAT, i, i % 7 - 3);
    }
    float[] before = line.toArray(ValueLayout.JAVA_FLOAT);
    vectors.attempt(registers, memory.address(), 0);
    assertFalse(vectors.areReady());
    long end = System.nanoTime() + Duration.ofMinutes(2).toNanos();
    while (!vectors.areReady() && System.nanoTime() < end) {
      vectors.attempt(registers, memory.address(), 0);
    }
    assertTrue(vectors.areReady());
    assertArrayEquals(before, line.toArray(ValueLayout.JAVA_FLOAT));
    memory.free();
  }

  @Test
  void rowsWithOneNumberThatIsNoneAreNotFinite() {
    CpuMemory memory = CpuMemory.allocate(3 * 64 * Float.BYTES);
    MemorySegment rows = OffHeap.MEMORY.asSlice(memory.address(), memory.bytes());
    for (float x : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.MAX_VALUE, -Float.MIN_VALUE}) {
      for (int i = 0; i < 3 * 64; i++) {
        rows.fill((byte) 0).setAtIndex(ValueLayout.JAVA_FLOAT, i, x);
        boolean isRead = i % 64 < 32;
        boolean finite = AttentionVectors.areFinite(memory.address(), 64 * Float.BYTES, 3, 32);
        assertTrue(finite == (!isRead || Float.isFinite(x)), x + " at " + i);
      }
    }
    memory.free();
  }
}
