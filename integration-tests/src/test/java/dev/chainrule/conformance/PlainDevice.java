package dev.chainrule.conformance;

import dev.chainrule.device.Device;
import dev.chainrule.device.DeviceInfo;
import dev.chainrule.device.Executable;
import dev.chainrule.device.Fault;
import dev.chainrule.device.Lifetime;
import dev.chainrule.device.Memory;
import dev.chainrule.device.NativeKernel;
import dev.chainrule.device.Queue;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.Schedule;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/**
 * A device as slow and simple as can be: it has the interpreter compute every instruction. It shows what the interface asks for, and
 * with {@code sabotage} what the suite does with a device that computes one operation wrongly.
 *
 * @param sabotage from an operation and its result to what the device says the result is
 */
record PlainDevice(DeviceInfo info, Sabotage sabotage, Lifetime lifetime) implements Device {

  PlainDevice(Sabotage sabotage) {
    this(new DeviceInfo("plain", 0, "the reference interpreter", 1L << 30), sabotage, new Lifetime("plain:0"));
  }

  /** A way to be wrong. */
  @FunctionalInterface
  interface Sabotage {
    HostArray of(Op op, HostArray result);
  }

  @Override
  public Optional<NativeKernel> nativeKernel(Op op, List<TensorType> inputs, List<TensorType> outputs) {
    return switch (op) {
      case Op.Composite _, Op.Loop _, Op.While _, Op.Cond _ -> Optional.empty();
      default -> Optional.of(new NativeKernel(false, true));
    };
  }

  @Override
  public boolean generates(GeneratedKernel kernel) {
    return true;
  }

  @Override
  public Memory allocate(long bytes) {
    return new Segment(Arena.ofAuto().allocate(Math.max(bytes, 1), Schedule.ALIGNMENT));
  }

  @Override
  public Executable link(Schedule schedule) {
    return new PlainExecutable(schedule, this);
  }

  @Override
  public Queue queue() {
    return new Queue() {
      @Override
      public void upload(MemorySegment source, Memory target) {
        ((Segment) target).segment.copyFrom(source);
      }

      @Override
      public void download(Memory source, MemorySegment target) {
        target.copyFrom(((Segment) source).segment.asSlice(0, target.byteSize()));
      }

      @Override
      public Completion run(Executable executable, Bindings bindings) {
        Fault fault = ((PlainExecutable) executable).run(bindings);
        return () -> fault;
      }
    };
  }


  /** Memory that the collector takes back. */
  record Segment(MemorySegment segment) implements Memory {
    @Override
    public long bytes() {
      return segment.byteSize();
    }

    @Override
    public void free() {}
  }
}
