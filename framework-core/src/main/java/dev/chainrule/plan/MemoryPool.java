package dev.chainrule.plan;

import dev.chainrule.DeviceOutOfMemoryException;
import dev.chainrule.device.Device;
import dev.chainrule.device.Memory;
import dev.chainrule.device.events.AllocationEvent;
import dev.chainrule.device.events.FreeEvent;
import dev.chainrule.device.events.Recorder;
import dev.chainrule.graph.TensorType;
import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Counts device memory, of which the collector knows nothing. What belongs to an object that nobody refers to any more comes back
 * through a reference queue, drained at each run and allocation. A collection is asked for when the memory in use has grown by much
 * since the last one, and at the device's budget before the pool gives up. Guarded by the engine's lock.
 */
final class MemoryPool {

  /** Growth before a collection is asked for; well above what a training loop lets go of, far below any device. */
  private static final long PRESSURE = 256L << 20;

  /** References are enqueued some time after a collection, by another thread. */
  private static final int COLLECTIONS = 4;

  private static final int ENQUEUE_MILLIS = 50;

  private final Device device;
  private final String deviceId;
  private final Engine engine;
  private final long budget;
  private final Runnable giveBackIdle;
  private final ReferenceQueue<Object> unreachable = new ReferenceQueue<>();
  private final Set<Lease> leases = new HashSet<>();
  private long liveBytes;
  private long peakBytes;

  /** The least that has been in use since the last collection: what was live then, or still less. */
  private long floor;

  /**
   * @param budget bytes that may be in use
   * @param giveBackIdle releases what is kept for later runs, before an allocation fails
   */
  MemoryPool(Engine engine, long budget, Runnable giveBackIdle) {
    this.device = engine.device();
    this.deviceId = device.info().id();
    this.engine = engine;
    this.budget = budget;
    this.giveBackIdle = giveBackIdle;
  }

  private static final class Lease extends PhantomReference<Object> {
    private final Runnable ending;

    Lease(Object owner, ReferenceQueue<Object> queue, Runnable ending) {
      super(owner, queue);
      this.ending = ending;
    }
  }

  DeviceValue allocate(TensorType type) {
    String what = type.toString();
    Memory memory = reserve(Math.max(type.bytes(), 1), what);
    var value = new DeviceValue(type, engine, memory);
    whenUnreachable(value, () -> release(memory, what));
    return value;
  }

  /** Calls {@code ending}, which must not refer to {@code owner}, some time after the last reference to {@code owner} is gone. */
  void whenUnreachable(Object owner, Runnable ending) {
    leases.add(new Lease(owner, unreachable, ending));
  }

  /** Memory that its owner frees with {@link #release}. */
  Memory reserve(long bytes, String what) {
    makeRoom(bytes, what);
    Memory memory = retried(() -> device.allocate(bytes));
    grow(memory.bytes(), what);
    return memory;
  }

  void release(Memory memory, String what) {
    discharge(memory.bytes(), what);
    memory.free();
  }

  /** Counts what the device has allocated by itself, until {@link #discharge}. */
  void charge(long bytes, String what) {
    makeRoom(bytes, what);
    grow(bytes, what);
  }

  void discharge(long bytes, String what) {
    liveBytes -= bytes;
    floor = Math.min(floor, liveBytes);
    if (Recorder.isOn()) {
      FreeEvent.emit(deviceId, what, bytes, liveBytes);
    }
  }

  private void grow(long bytes, String what) {
    liveBytes += bytes;
    peakBytes = Math.max(peakBytes, liveBytes);
    if (Recorder.isOn()) {
      AllocationEvent.emit(deviceId, what, bytes, liveBytes);
    }
  }

  /**
   * Calls what takes memory of the device's, once more with all given back that nobody uses if the device has too little: others use it
   * too, so that it may be full before the budget is spent.
   */
  <T> T retried(Supplier<T> taking) {
    try {
      return taking.get();
    } catch (DeviceOutOfMemoryException full) {
      collect(Long.MAX_VALUE);
      giveBackIdle.run();
      return taking.get();
    }
  }

  private void makeRoom(long bytes, String what) {
    drain();
    for (int i = 0; i < COLLECTIONS && !fits(bytes); i++) {
      collect(bytes);
    }
    if (!fits(bytes)) {
      giveBackIdle.run();
    }
    if (!fits(bytes)) {
      throw new DeviceOutOfMemoryException(deviceId,
          "%s needs %,d bytes; %,d of the budget of %,d are in use by %d values and Steps".formatted(what, bytes, liveBytes, budget, leases.size()),
          "Use a smaller batch, or let go of tensors you no longer need.");
    }
  }

  private boolean fits(long bytes) {
    return bytes <= budget - liveBytes;
  }

  /** Gives back what has become unreachable. */
  void drain() {
    while (unreachable.poll() instanceof Lease lease) {
      end(lease);
    }
  }

  private void end(Lease lease) {
    leases.remove(lease);
    lease.ending.run();
  }

  /** Gives back everything, whether or not it is still referred to. */
  void close() {
    List.copyOf(leases).forEach(this::end);
  }

  /** One collection; then waits while references keep coming and {@code bytes} don't fit. */
  private void collect(long bytes) {
    System.gc();
    try {
      while (!fits(bytes) && unreachable.remove(ENQUEUE_MILLIS) instanceof Lease lease) {
        end(lease);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    drain();
    floor = liveBytes;
  }

  /** Whether so much has come into use since the last collection that another may find some of it unreachable; says so once. */
  boolean collectionDue() {
    boolean due = liveBytes - floor > Math.max(PRESSURE, floor);
    if (due) {
      floor = liveBytes;
    }
    return due;
  }

  long liveBytes() {
    drain();
    return liveBytes;
  }

  long peakBytes() {
    return peakBytes;
  }
}
