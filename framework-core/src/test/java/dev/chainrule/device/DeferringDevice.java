package dev.chainrule.device;

import dev.chainrule.graph.Op;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.Schedule;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * A {@link ReferenceDevice} that does what is queued when somebody waits for it and not before, and after a fault commits nothing until it
 * is told to. What a run after a fault leaves in its results is whatever was there.
 */
public final class DeferringDevice implements Device {

  private final ReferenceDevice device = ReferenceDevice.create();
  private final Deque<Runnable> queued = new ArrayDeque<>();
  private final LazyQueue queue = new LazyQueue();

  /** Runs and copies that nobody has waited for. */
  public int queued() {
    return queued.size();
  }

  /** Bytes of all memory not freed. */
  public long allocatedBytes() {
    return device.allocatedBytes();
  }

  /** Makes the next run that writes two variables throw before the second. */
  public void breakNextCommit(Error cause) {
    device.breakNextCommit(cause);
  }

  private void drain() {
    while (!queued.isEmpty()) {
      queued.remove().run();
    }
  }

  private final class Pending<T> implements Runnable {
    private final Supplier<T> work;
    private Optional<T> result = Optional.empty();

    Pending(Supplier<T> work) {
      this.work = work;
      queued.add(this);
    }

    @Override
    public void run() {
      result = Optional.of(work.get());
    }

    T await() {
      while (result.isEmpty()) {
        queued.remove().run();
      }
      return result.get();
    }
  }

  private final class LazyQueue implements Queue {
    private Fault kept = Fault.NONE;
    private int runsQueued;

    @Override
    public void upload(MemorySegment source, Memory target) {
      drain();
      device.queue().upload(source, target);
    }

    @Override
    public void download(Memory source, MemorySegment target) {
      drain();
      device.queue().download(source, target);
    }

    @Override
    public Fetched fetch(Memory source, long bytes) {
      var pending = new Pending<>(() -> {
        MemorySegment copy = Arena.ofAuto().allocate(bytes);
        device.queue().download(source, copy);
        return copy;
      });
      return target -> target.copyFrom(pending.await());
    }

    @Override
    public Completion run(Executable executable, Bindings bindings) {
      MemorySegment parameters = Arena.ofAuto().allocate(bindings.parameters().byteSize(), Long.BYTES).copyFrom(bindings.parameters());
      var own = new Bindings(bindings.arena(), bindings.inputs(), bindings.states(), bindings.outputs(), parameters);
      var pending = new Pending<>(() -> {
        runsQueued--;
        kept = kept.occurred() ? kept : device.queue().run(((Linked) executable).inner, own).await();
        return kept;
      });
      runsQueued++;
      return pending::await;
    }

    @Override
    public boolean keepsFaults() {
      return true;
    }

    @Override
    public void clearFault() {
      if (runsQueued > 0) {
        throw new AssertionError("told to go on while runs are queued that were to commit nothing");
      }
      kept = Fault.NONE;
    }
  }

  private final class Linked implements Executable {
    private final Executable inner;

    Linked(Executable inner) {
      this.inner = inner;
    }

    @Override
    public long bytes() {
      return inner.bytes();
    }

    @Override
    public void close() {
      drain();
      inner.close();
    }
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
    return new Linked(device.link(schedule));
  }

  @Override
  public Queue queue() {
    return queue;
  }

  @Override
  public Lifetime lifetime() {
    return device.lifetime();
  }
}
