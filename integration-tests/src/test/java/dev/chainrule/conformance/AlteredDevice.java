package dev.chainrule.conformance;

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
import java.util.function.UnaryOperator;

/**
 * A device that computes rightly what it is told, but is told something else.
 *
 * @param schedule from the plan's schedule to the one that it runs
 * @param report from the fault of a run to the one that it tells of
 */
record AlteredDevice(PlainDevice plain, UnaryOperator<Schedule> schedule, UnaryOperator<Fault> report) implements Device {

  AlteredDevice(UnaryOperator<Schedule> schedule, UnaryOperator<Fault> report) {
    this(new PlainDevice((_, result) -> result), schedule, report);
  }

  @Override
  public DeviceInfo info() {
    return plain.info();
  }

  @Override
  public Optional<NativeKernel> nativeKernel(Op op, List<TensorType> inputs, List<TensorType> outputs) {
    return plain.nativeKernel(op, inputs, outputs);
  }

  @Override
  public boolean generates(GeneratedKernel kernel) {
    return plain.generates(kernel);
  }

  @Override
  public Memory allocate(long bytes) {
    return plain.allocate(bytes);
  }

  @Override
  public Executable link(Schedule given) {
    return plain.link(schedule.apply(given));
  }

  @Override
  public Lifetime lifetime() {
    return plain.lifetime();
  }

  @Override
  public Queue queue() {
    Queue queue = plain.queue();
    return new Queue() {
      @Override
      public void upload(MemorySegment source, Memory target) {
        queue.upload(source, target);
      }

      @Override
      public void download(Memory source, MemorySegment target) {
        queue.download(source, target);
      }

      @Override
      public Completion run(Executable executable, Bindings bindings) {
        Fault fault = queue.run(executable, bindings).await();
        return () -> report.apply(fault);
      }
    };
  }
}
