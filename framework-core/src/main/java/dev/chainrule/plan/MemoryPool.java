package dev.chainrule.plan;

import dev.chainrule.DeviceOutOfMemoryException;
import dev.chainrule.device.Device;
import dev.chainrule.device.Memory;
import dev.chainrule.graph.TensorType;
import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.util.HashSet;
import java.util.Set;

/**
 * Device memory for values that outlive a run. The collector knows nothing of device memory, so the pool counts it: what nobody
 * refers to any more comes back through a reference queue, drained at each allocation; after every {@code pressure} bytes allocated
 * it asks for a collection, and so it does at the device's budget before it gives up.
 */
final class MemoryPool {

  /** Bytes handed out between two requests for a collection; well above what a training loop keeps, far below any device. */
  private static final long PRESSURE = 256L << 20;

  private final Device device;
  private final Engine engine;
  private final long budget;
  private final ReferenceQueue<DeviceValue> unreachable = new ReferenceQueue<>();
  private final Set<Lease> leases = new HashSet<>();
  private long liveBytes;
  private long peakBytes;
  private long sinceCollection;

  MemoryPool(Engine engine, long budget) {
    this.device = engine.device();
    this.engine = engine;
    this.budget = budget;
  }

  private static final class Lease extends PhantomReference<DeviceValue> {
    private final Memory memory;

    Lease(DeviceValue value, ReferenceQueue<DeviceValue> queue) {
      super(value, queue);
      this.memory = value.memory();
    }
  }

  synchronized DeviceValue allocate(TensorType type) {
    long bytes = Math.max(type.bytes(), 1);
    Memory memory = reserve(bytes, type.toString());
    var value = new DeviceValue(type, engine, memory);
    leases.add(new Lease(value, unreachable));
    return value;
  }

  /** Memory that its owner frees with {@link #release}. */
  synchronized Memory reserve(long bytes, String what) {
    drain();
    sinceCollection += bytes;
    if (sinceCollection > Math.max(PRESSURE, liveBytes)) {
      collect();
    }
    if (liveBytes + bytes > budget) {
      collect();
    }
    if (liveBytes + bytes > budget) {
      throw new DeviceOutOfMemoryException(device.info().id(),
          "%s needs %,d bytes; %,d of the budget of %,d are in use by %d values".formatted(what, bytes, liveBytes, budget, leases.size()),
          "Use a smaller batch, or let go of tensors you no longer need.");
    }
    Memory memory = device.allocate(bytes);
    liveBytes += memory.bytes();
    peakBytes = Math.max(peakBytes, liveBytes);
    return memory;
  }

  synchronized void release(Memory memory) {
    liveBytes -= memory.bytes();
    memory.free();
  }

  private void drain() {
    while (unreachable.poll() instanceof Lease lease) {
      leases.remove(lease);
      release(lease.memory);
    }
  }

  /** One collection; references are enqueued shortly after it, by another thread, hence the short wait. */
  private void collect() {
    sinceCollection = 0;
    System.gc();
    try {
      if (unreachable.remove(20) instanceof Lease lease) {
        leases.remove(lease);
        release(lease.memory);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    drain();
  }

  synchronized long liveBytes() {
    drain();
    return liveBytes;
  }

  synchronized long peakBytes() {
    return peakBytes;
  }
}
