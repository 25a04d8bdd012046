package dev.chainrule.backend.opencl;

import dev.chainrule.kernels.Place;
import dev.chainrule.kernels.Source;
import dev.chainrule.kernels.Step;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.jocl.CL;
import org.jocl.cl_kernel;

/** A launch with a kernel of its own, whose arguments stay set: a run sets those that differ from the last one's. */
final class PreparedLaunch {

  private final OpenClLibrary library;
  private final cl_kernel kernel;
  private final long handle;
  private final int[] bases;
  private final long[] offsets;
  private final SetArguments set;
  private final MemorySegment word;
  private final MemorySegment size;
  private final MemorySegment groupSize;

  /** @param numbers where the program's numbers begin */
  PreparedLaunch(Step.Launch launch, Place numbers, OpenClDevice device, Arena arena) {
    this.library = device.library();
    this.kernel = device.programs().kernel(launch.source());
    this.handle = kernel.getNativePointer();
    List<Place> places = launch.places();
    int count = places.size() + 1;
    this.bases = new int[count];
    this.offsets = new long[count];
    for (int i = 0; i < places.size(); i++) {
      bases[i] = places.get(i).base();
      offsets[i] = places.get(i).offset();
    }
    // The last parameter counts in numbers.
    bases[count - 1] = numbers.base();
    offsets[count - 1] = numbers.offset() / Long.BYTES + launch.numbers();
    this.set = new SetArguments(count);
    this.word = arena.allocate(ValueLayout.JAVA_LONG);
    this.size = arena.allocateFrom(ValueLayout.JAVA_LONG, launch.groups() * Source.THREADS);
    this.groupSize = arena.allocateFrom(ValueLayout.JAVA_LONG, Source.THREADS);
  }

  void enqueue(BoundMemories memories, long commands) {
    for (int i = 0; i < bases.length; i++) {
      OpenClMemory memory = memories.memory(bases[i]);
      if (set.changes(i, memory)) {
        set(2 * i, memory.handle());
      }
      long offset = memories.offset(bases[i]) + offsets[i];
      if (set.changes(i, offset)) {
        set(2 * i + 1, offset);
      }
    }
    library.enqueueKernel(commands, handle, size, groupSize);
  }

  private void set(int number, long value) {
    word.set(ValueLayout.JAVA_LONG, 0, value);
    library.setKernelArg(handle, number, Long.BYTES, word);
  }

  void release() {
    CL.clReleaseKernel(kernel);
  }
}
