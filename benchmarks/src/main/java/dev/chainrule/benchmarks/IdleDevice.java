package dev.chainrule.benchmarks;

import dev.chainrule.device.Device;
import dev.chainrule.device.DeviceInfo;
import dev.chainrule.device.Executable;
import dev.chainrule.device.Fault;
import dev.chainrule.device.Lifetime;
import dev.chainrule.device.Memory;
import dev.chainrule.device.NativeKernel;
import dev.chainrule.device.Queue;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.Schedule;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/** A device that has a kernel for everything and does nothing: what a run on it takes is the host's part of any run. */
final class IdleDevice implements Device {

  private final Lifetime lifetime = new Lifetime("idle:0");

  @Override
  public DeviceInfo info() {
    return new DeviceInfo("idle", 0, "does nothing", 1L << 40);
  }

  @Override
  public Optional<NativeKernel> nativeKernel(Op op, List<TensorType> inputs, List<TensorType> outputs) {
    return op.bodies().isEmpty() || op instanceof Op.Composite ? Optional.of(new NativeKernel(true, true)) : Optional.empty();
  }

  @Override
  public boolean generates(GeneratedKernel kernel) {
    return true;
  }

  @Override
  public Memory allocate(long bytes) {
    return new Nothing(bytes);
  }

  @Override
  public Executable link(Schedule schedule) {
    return new Nothing(0);
  }

  @Override
  public Queue queue() {
    return new Idle();
  }

  @Override
  public Lifetime lifetime() {
    return lifetime;
  }

  private record Nothing(long bytes) implements Memory, Executable {
    @Override
    public void free() {}

    @Override
    public void close() {}
  }

  private record Idle() implements Queue {
    @Override
    public void upload(MemorySegment source, Memory target) {}

    @Override
    public void download(Memory source, MemorySegment target) {}

    @Override
    public Completion run(Executable executable, Bindings bindings) {
      return () -> Fault.NONE;
    }
  }
}
