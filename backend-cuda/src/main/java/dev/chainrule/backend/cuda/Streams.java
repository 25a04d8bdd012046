package dev.chainrule.backend.cuda;

import dev.chainrule.kernels.PinnedRing;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedDeque;

/**
 * The device's two streams and what is copied to and from the host on them. Whatever runs read or write is copied on the stream that
 * computes, so it needs no other order. The inputs of the next run come on a stream of their own, beside the kernels of the run that
 * computes: to staging memory, which a run never reads; from there they are copied on the computing stream. Host data goes through
 * page-locked memory, since only from there the device copies by itself. All calls are of the context's thread,
 * but for {@link #giveBackEvent}.
 */
final class Streams {

  private final Driver driver;
  private final long compute;
  private final long copy;
  private final PinnedRing ring;
  private final Context context;

  /** What is staged has arrived; waited for as soon as it is recorded. */
  private final long arrived;

  /** Memory that is freed gives its event back on any thread. */
  private final Deque<Long> idleEvents = new ConcurrentLinkedDeque<>();

  Streams(Context context) {
    this.context = context;
    this.driver = context.driver();
    this.compute = stream(context);
    this.copy = stream(context);
    this.arrived = event();
    this.ring = new PinnedRing(HostData.pinned(context, PinnedRing.BYTES), event -> {
      driver.cuEventSynchronize(event);
      giveBackEvent(event);
    });
  }

  private static long stream(Context context) {
    DriverSetup.Stream stream = context.setup().cuStreamCreate();
    context.atEnd(() -> context.setup().cuStreamDestroy(stream));
    return stream.handle();
  }

  /** An event, until it is given back. */
  long takeEvent() {
    Long idle = idleEvents.poll();
    return idle != null ? idle : event();
  }

  void giveBackEvent(long event) {
    idleEvents.push(event);
  }

  private long event() {
    DriverSetup.Event event = context.setup().cuEventCreate();
    context.atEnd(() -> context.setup().cuEventDestroy(event));
    return event.handle();
  }

  /** Where runs are enqueued. */
  long compute() {
    return compute;
  }

  /** Copies host data to the device, after all that has been enqueued; on return the data may be changed. */
  void upload(MemorySegment source, long target) {
    send(source, target, compute);
  }

  /**
   * Copies host data for the next run to the device, as soon as the data before has left the staging memory; that is when the run before
   * begins. On return the data may be changed.
   */
  void stage(MemorySegment source, CudaMemory staging, long target) {
    if (source.byteSize() == 0) {
      return;
    }
    long left = left(staging);
    driver.cuStreamWaitEvent(copy, left);
    try {
      send(source, staging.address(), copy);
    } catch (CudaException e) {
      if (!e.isFatal()) {
        awaitArrival(); // some of it may be on its way, and the memory another's soon
      }
      throw e;
    }
    awaitArrival();
    driver.cuMemcpyDtoDAsync(target, staging.address(), source.byteSize(), compute);
    driver.cuEventRecord(left, compute);
  }

  private void awaitArrival() {
    driver.cuEventRecord(arrived, copy);
    driver.cuStreamWaitEvent(compute, arrived);
  }

  /** The event of staging memory. Of memory that is new to it runs that have been enqueued may use what it was before. */
  private long left(CudaMemory staging) {
    return staging.event().orElseGet(() -> {
      long event = takeEvent();
      staging.keep(event, () -> giveBackEvent(event));
      driver.cuEventRecord(event, compute);
      return event;
    });
  }

  private void send(MemorySegment source, long target, long stream) {
    for (long at = 0; at < source.byteSize(); at += PinnedRing.LARGEST) {
      long bytes = Math.min(PinnedRing.LARGEST, source.byteSize() - at);
      PinnedRing.Piece piece = ring.take(bytes);
      MemorySegment.copy(source, at, piece.memory(), 0, bytes);
      long done = takeEvent();
      piece.inUseUntil(done);
      driver.cuMemcpyHtoDAsync(target + at, piece.memory().address(), bytes, stream);
      driver.cuEventRecord(done, stream);
    }
  }

  /** Copies from the device, after all that has been enqueued; two pieces at a time, so that the host copies one while the other comes. */
  void download(long source, MemorySegment target) {
    Deque<PinnedRing.Piece> coming = new ArrayDeque<>();
    long begun = 0;
    for (long at = 0; at < target.byteSize(); at += PinnedRing.LARGEST) {
      while (begun < target.byteSize() && begun < at + 2 * PinnedRing.LARGEST) {
        coming.add(begun(source + begun, Math.min(PinnedRing.LARGEST, target.byteSize() - begun)));
        begun += PinnedRing.LARGEST;
      }
      PinnedRing.Piece piece = coming.remove();
      piece.await();
      MemorySegment.copy(piece.memory(), 0, target, at, piece.memory().byteSize());
    }
  }

  private PinnedRing.Piece begun(long source, long bytes) {
    PinnedRing.Piece piece = ring.take(bytes);
    long done = takeEvent();
    piece.inUseUntil(done);
    driver.cuMemcpyDtoHAsync(piece.memory().address(), source, bytes, compute);
    driver.cuEventRecord(done, compute);
    return piece;
  }
}
