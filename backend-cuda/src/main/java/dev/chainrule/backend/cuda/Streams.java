package dev.chainrule.backend.cuda;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The device's two streams and what is copied to and from the host on them. Runs go on one, uploads on the other, so that the next data
 * can arrive while a run computes; events keep them in order. Host data goes through page-locked slots, since only from there the device
 * copies by itself. All calls are of the context's thread.
 */
final class Streams {

  private static final int SLOTS = 2;
  private static final long SLOT_BYTES = 4L << 20;

  private final Driver driver;
  private final long compute;
  private final long copy;

  /** The last run has ended, and what was fetched of it: an upload may overwrite what they read. */
  private final long ran;

  private final Slot[] slots = new Slot[SLOTS];
  private final Context context;
  private final Deque<Long> idleEvents = new ArrayDeque<>();
  private int next;
  private boolean uploading;

  /**
   * A piece of page-locked memory.
   *
   * @param done the copy from it has been done
   */
  private record Slot(MemorySegment memory, long address, long done) {}

  Streams(Context context) {
    this.context = context;
    this.driver = context.driver();
    DriverSetup setup = context.setup();
    this.compute = stream(context);
    this.copy = stream(context);
    this.ran = event(context);
    for (int i = 0; i < SLOTS; i++) {
      DriverSetup.HostMemory memory = setup.cuMemHostAlloc(SLOT_BYTES);
      context.atEnd(() -> setup.cuMemFreeHost(memory));
      slots[i] = new Slot(HostData.at(memory.address(), SLOT_BYTES), memory.address(), event(context));
    }
  }

  private static long stream(Context context) {
    DriverSetup.Stream stream = context.setup().cuStreamCreate();
    context.atEnd(() -> context.setup().cuStreamDestroy(stream));
    return stream.handle();
  }

  /** An event, until it is given back. */
  long takeEvent() {
    return idleEvents.isEmpty() ? event(context) : idleEvents.pop();
  }

  void giveBackEvent(long event) {
    idleEvents.push(event);
  }

  private static long event(Context context) {
    DriverSetup.Event event = context.setup().cuEventCreate();
    context.atEnd(() -> context.setup().cuEventDestroy(event));
    return event.handle();
  }

  /** Where runs are enqueued. */
  long compute() {
    return compute;
  }

  /** Copies host data to the device; on return the data may be changed. */
  void upload(MemorySegment source, long target) {
    driver.cuStreamWaitEvent(copy, ran);
    for (long at = 0; at < source.byteSize(); at += SLOT_BYTES) {
      long bytes = Math.min(SLOT_BYTES, source.byteSize() - at);
      Slot slot = slot();
      MemorySegment.copy(source, at, slot.memory, 0, bytes);
      driver.cuMemcpyHtoDAsync(target + at, slot.address, bytes, copy);
      driver.cuEventRecord(slot.done, copy);
      uploading = true;
    }
  }

  /** A slot from which nothing is copied any more. */
  private Slot slot() {
    Slot slot = slots[next];
    next = (next + 1) % SLOTS;
    driver.cuEventSynchronize(slot.done);
    return slot;
  }

  /** Lets what is enqueued for computing from now on wait for the uploads. */
  void beforeRun() {
    if (uploading) {
      for (Slot slot : slots) {
        driver.cuStreamWaitEvent(compute, slot.done);
      }
      uploading = false;
    }
  }

  /** Lets later uploads wait for what has been enqueued for computing; {@code ended} tells when that is done. */
  void afterRun(long ended) {
    driver.cuEventRecord(ran, compute);
    driver.cuEventRecord(ended, compute);
  }

  /** Copies from the device, after all that has been enqueued; two pieces at a time, so that the host copies one while the other comes. */
  void download(long source, MemorySegment target) {
    beforeRun();
    long begun = 0;
    Slot[] coming = new Slot[SLOTS];
    for (long at = 0; at < target.byteSize(); at += SLOT_BYTES) {
      while (begun < target.byteSize() && begun < at + SLOTS * SLOT_BYTES) {
        Slot slot = slot();
        driver.cuMemcpyDtoHAsync(slot.address, source + begun, Math.min(SLOT_BYTES, target.byteSize() - begun), compute);
        driver.cuEventRecord(slot.done, compute);
        coming[Math.toIntExact(begun / SLOT_BYTES % SLOTS)] = slot;
        begun += SLOT_BYTES;
      }
      Slot slot = coming[Math.toIntExact(at / SLOT_BYTES % SLOTS)];
      driver.cuEventSynchronize(slot.done);
      MemorySegment.copy(slot.memory, 0, target, at, Math.min(SLOT_BYTES, target.byteSize() - at));
    }
  }
}
