package dev.chainrule.backend.cuda;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.chainrule.kernels.Place;
import dev.chainrule.kernels.Source;
import dev.chainrule.kernels.Step;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;

/**
 * A launch with a block of parameters of its own: an address and an offset for each buffer, and the table of where these parameters lie,
 * which the driver reads. What differs from run to run is an address here and there.
 */
final class PreparedLaunch implements Prepared {

  /** Size of what {@link #describe} writes. */
  static final long NODE_BYTES = 72;

  private static final long NODE_TABLE = 40;

  private final String name;
  private final long function;
  private final int groups;
  private final int[] bases;
  private final MemorySegment parameters;
  private final long table;

  /** @param numbers where the program's numbers begin */
  PreparedLaunch(Step.Launch launch, Place numbers, Modules modules, SegmentAllocator allocator) {
    this.name = launch.source().name();
    this.function = modules.function(launch.source());
    this.groups = Math.toIntExact(launch.groups());
    int buffers = launch.places().size() + 1;
    this.bases = new int[buffers];
    this.parameters = allocator.allocate(JAVA_LONG, 2L * buffers);
    for (int i = 0; i < buffers - 1; i++) {
      bases[i] = launch.places().get(i).base();
      parameters.setAtIndex(JAVA_LONG, 2L * i + 1, launch.places().get(i).offset());
    }
    // The last parameter counts in numbers.
    bases[buffers - 1] = numbers.base();
    parameters.setAtIndex(JAVA_LONG, 2L * buffers - 1, numbers.offset() / Long.BYTES + launch.numbers());
    MemorySegment addresses = allocator.allocate(JAVA_LONG, 2L * buffers);
    for (int i = 0; i < 2 * buffers; i++) {
      addresses.setAtIndex(JAVA_LONG, i, parameters.address() + i * JAVA_LONG.byteSize());
    }
    this.table = addresses.address();
  }

  @Override
  public String name() {
    return "kernel " + name;
  }

  @Override
  public void bind(long... memories) {
    for (int i = 0; i < bases.length; i++) {
      parameters.setAtIndex(JAVA_LONG, 2L * i, memories[bases[i]]);
    }
  }

  @Override
  public long[] addresses() {
    long[] addresses = new long[bases.length];
    for (int i = 0; i < bases.length; i++) {
      addresses[i] = parameters.getAtIndex(JAVA_LONG, 2L * i);
    }
    return addresses;
  }

  @Override
  public void enqueue(Driver driver, long stream) {
    driver.cuLaunchKernel(function, groups, Source.THREADS, stream, table);
  }

  /** Writes down how the driver is to launch it from a graph, with the addresses that were taken last: CUDA_KERNEL_NODE_PARAMS_v2. */
  void describe(MemorySegment node) {
    node.fill((byte) 0);
    node.set(JAVA_LONG, 0, function);
    int[] sizes = {groups, 1, 1, Source.THREADS, 1, 1};
    MemorySegment.copy(sizes, 0, node, JAVA_INT, JAVA_LONG.byteSize(), sizes.length);
    node.set(JAVA_LONG, NODE_TABLE, table);
  }
}
