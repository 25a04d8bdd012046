package dev.chainrule.endurance;

import com.sun.management.ThreadMXBean;
import dev.chainrule.device.Device;
import dev.chainrule.device.DeviceInfo;
import dev.chainrule.device.Executable;
import dev.chainrule.device.Lifetime;
import dev.chainrule.device.Memory;
import dev.chainrule.device.NativeKernel;
import dev.chainrule.device.Queue;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.Schedule;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Optional;

/** The CPU, with a meter of what its runs allocate on the heap, on the calling thread and on those of the device. */
final class MeteredDevice implements Device, Queue {

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private final Device device;
  private final long[] threads;
  private long allocated;

  /** To be used by the thread that makes it. */
  MeteredDevice(Device device) {
    this.device = device;
    this.threads = Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread == Thread.currentThread() || thread.getName().startsWith("chainrule-cpu-"))
        .mapToLong(Thread::threadId).toArray();
  }

  /** How many threads are metered. */
  int threads() {
    return threads.length;
  }

  /** Bytes that runs have allocated since the last call. */
  long takeAllocated() {
    long result = allocated;
    allocated = 0;
    return result;
  }

  @Override
  public Completion run(Executable executable, Bindings bindings) {
    long before = total();
    Completion completion = device.queue().run(executable, bindings);
    completion.await();
    allocated += total() - before;
    return completion;
  }

  private long total() {
    long sum = 0;
    for (long thread : threads) {
      sum += THREADS.getThreadAllocatedBytes(thread);
    }
    return sum;
  }

  @Override
  public void upload(MemorySegment source, Memory target) {
    device.queue().upload(source, target);
  }

  @Override
  public void download(Memory source, MemorySegment target) {
    device.queue().download(source, target);
  }

  @Override
  public Queue queue() {
    return this;
  }

  @Override
  public DeviceInfo info() {
    return device.info();
  }

  @Override
  public Optional<NativeKernel> nativeKernel(Op op, List<TensorType> inputs, List<TensorType> outputs) {
    return device.nativeKernel(op, inputs, outputs);
  }

  @Override
  public boolean generates(GeneratedKernel kernel) {
    return device.generates(kernel);
  }

  @Override
  public Memory allocate(long bytes) {
    return device.allocate(bytes);
  }

  @Override
  public Executable link(Schedule schedule) {
    return device.link(schedule);
  }

  @Override
  public Lifetime lifetime() {
    return device.lifetime();
  }
}
