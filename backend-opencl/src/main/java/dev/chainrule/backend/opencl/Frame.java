package dev.chainrule.backend.opencl;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.chainrule.kernels.FaultWord;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The frame that all runs of a device share: the word of faults, then the Java numbers of the run that is next. Since the word lies in one
 * place, a fault stays there, and no run commits anything, until it is cleared.
 */
final class Frame {

  private static final long FIRST_BYTES = 4096;

  private final OpenClDevice device;
  private OpenClMemory memory;

  Frame(OpenClDevice device) {
    this.device = device;
    this.memory = device.allocate(FIRST_BYTES);
    clear();
  }

  /** Has it hold at least so many bytes; it may lie elsewhere afterwards. */
  void require(long bytes) {
    if (memory.bytes() >= bytes) {
      return;
    }
    OpenClMemory larger = device.allocate(bytes);
    try (Arena once = Arena.ofConfined()) {
      MemorySegment word = once.allocate(FaultWord.BYTES);
      device.queue().download(memory, word);
      device.queue().upload(word, larger);
    }
    memory.free();
    memory = larger;
  }

  OpenClMemory memory() {
    return memory;
  }

  /** Has runs commit again. */
  void clear() {
    try (Arena once = Arena.ofConfined()) {
      device.queue().upload(once.allocateFrom(JAVA_INT, FaultWord.NO_INSTRUCTION, FaultWord.NO_DETAIL), memory);
    }
  }

  void free() {
    memory.free();
  }
}
