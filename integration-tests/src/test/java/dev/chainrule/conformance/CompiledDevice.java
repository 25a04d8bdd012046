package dev.chainrule.conformance;

import dev.chainrule.device.Device;
import dev.chainrule.device.DeviceInfo;
import dev.chainrule.device.Executable;
import dev.chainrule.device.Lifetime;
import dev.chainrule.device.Memory;
import dev.chainrule.device.NativeKernel;
import dev.chainrule.device.Queue;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.TensorType;
import dev.chainrule.kernels.GpuProgram;
import dev.chainrule.kernels.ProductTiles;
import dev.chainrule.kernels.Target;
import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.Schedule;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;

/** The kernels of graphics processors in the host's dialect, compiled as C++ and run thread by thread: a device that needs no driver. */
record CompiledDevice(DeviceInfo info, Lifetime lifetime, Target target) implements Device {

  /** More than any kernel needs. */
  private static final long PARAMETER_BYTES = 1 << 20;

  CompiledDevice() {
    this(ProductTiles.USUAL);
  }

  CompiledDevice(ProductTiles tiles) {
    this(new Target(tiles, PARAMETER_BYTES));
  }

  private CompiledDevice(Target target) {
    this(new DeviceInfo("compiled", 0, "kernels in C++", 1L << 30), new Lifetime("compiled:0"), target);
  }

  /** With the kernels for tensor cores. */
  static CompiledDevice withTensorCores() {
    return new CompiledDevice(new Target(ProductTiles.USUAL, PARAMETER_BYTES, Target.Kind.TENSOR_CORES));
  }

  @Override
  public Optional<NativeKernel> nativeKernel(Op op, List<TensorType> inputs, List<TensorType> outputs) {
    return GpuProgram.support(op, inputs, outputs, true);
  }

  @Override
  public boolean generates(GeneratedKernel kernel) {
    return GpuProgram.generates(kernel, true, PARAMETER_BYTES);
  }

  @Override
  public Memory allocate(long bytes) {
    return new PlainDevice.Segment(Arena.ofAuto().allocate(Math.max(bytes, 1), Schedule.ALIGNMENT));
  }

  @Override
  public Executable link(Schedule schedule) {
    return new CompiledExecutable(GpuProgram.of(schedule, target));
  }

  @Override
  public Queue queue() {
    return new Queue() {
      @Override
      public void upload(MemorySegment source, Memory target) {
        ((PlainDevice.Segment) target).segment().copyFrom(source);
      }

      @Override
      public void download(Memory source, MemorySegment target) {
        target.copyFrom(((PlainDevice.Segment) source).segment().asSlice(0, target.byteSize()));
      }

      @Override
      public Completion run(Executable executable, Bindings bindings) {
        var fault = ((CompiledExecutable) executable).run(bindings);
        return () -> fault;
      }
    };
  }
}
