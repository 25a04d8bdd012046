package dev.chainrule.backend.cuda;

import dev.chainrule.kernels.Bases;
import dev.chainrule.kernels.FaultWord;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The frame that all runs of a device share: the word of faults, then the Java numbers of the run that is next. Since the word lies in one
 * place, a fault stays there, and no run commits anything, until it is cleared.
 */
final class Frame {

  private static final long FIRST_BYTES = 4096;

  private final Context context;
  private final Streams streams;
  private final MemoryCache cache;
  private CudaMemory memory;

  Frame(Context context, Streams streams, MemoryCache cache) {
    this.context = context;
    this.streams = streams;
    this.cache = cache;
    this.memory = cache.allocate(FIRST_BYTES);
    context.atEnd(() -> memory.free());
    context.run(this::clear);
  }

  /** Has it hold at least so many bytes; it may lie elsewhere afterwards. */
  void require(long bytes) {
    if (memory.bytes() >= bytes) {
      return;
    }
    CudaMemory larger = cache.allocate(bytes);
    context.run(() -> {
      try (Arena once = Arena.ofConfined()) {
        MemorySegment word = once.allocate(FaultWord.BYTES);
        streams.download(memory.address(), word);
        streams.upload(word, larger.address());
      }
    });
    memory.free();
    memory = larger;
  }

  long address() {
    return memory.address();
  }

  /** Where the Java numbers begin. */
  long numbers() {
    return memory.address() + Bases.PARAMETERS;
  }

  /** Has runs commit again; on the context's thread. */
  void clear() {
    Driver driver = context.driver();
    driver.cuMemsetD32Async(memory.address(), FaultWord.NO_INSTRUCTION, 1, streams.compute());
    driver.cuMemsetD32Async(memory.address() + Integer.BYTES, FaultWord.NO_DETAIL, 1, streams.compute());
  }
}
