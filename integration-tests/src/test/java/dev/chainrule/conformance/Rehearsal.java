package dev.chainrule.conformance;

import dev.chainrule.device.Device;
import dev.chainrule.device.DeviceInfo;
import dev.chainrule.device.Devices;
import dev.chainrule.device.Executable;
import dev.chainrule.device.Fault;
import dev.chainrule.device.Lifetime;
import dev.chainrule.device.Memory;
import dev.chainrule.device.NativeKernel;
import dev.chainrule.device.Queue;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.TensorType;
import dev.chainrule.kernels.GpuProgram;
import dev.chainrule.kernels.ProductTiles;
import dev.chainrule.kernels.Source;
import dev.chainrule.kernels.Target;
import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.Schedule;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.train.Step;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/** A device that runs nothing and remembers what it would have run, so that kernels can be compiled together, and counted. */
public final class Rehearsal implements Device, Queue {

  private static final long PARAMETER_BYTES = 4096;

  private final DeviceInfo info = new DeviceInfo("rehearsal", 0, "runs nothing", 1L << 40);
  private final Lifetime lifetime = new Lifetime(info.id());
  private final List<Schedule> schedules = new ArrayList<>();

  private record NoMemory(long bytes) implements Memory {
    @Override
    public void free() {}
  }

  private record NoExecutable(long bytes) implements Executable {
    @Override
    public void close() {}
  }

  private final Predicate<Op> library;

  /** @param library the operations that a library does, whose kernels are there in case that it cannot */
  private Rehearsal(Predicate<Op> library) {
    this.library = library;
  }

  /** The kernels that the cases need. */
  static Set<Source> of(List<Case> cases) {
    return during(() -> cases.forEach(Rehearsal::play));
  }

  /** The kernels that all cases of the suite need. */
  public static Set<Source> ofSuite() {
    return of(Cases.all());
  }

  /** The kernels that are needed on the current device while {@code body} runs, with tensor cores and without; all that it computes is 0. */
  public static Set<Source> during(Runnable body) {
    return during(body, _ -> false);
  }

  /** @param library the operations that the device has a library for */
  public static Set<Source> during(Runnable body, Predicate<Op> library) {
    Set<Source> kernels = new LinkedHashSet<>();
    schedules(body, library).forEach(schedule -> {
      kernels.addAll(program(schedule, library, Target.Kind.GPU).sources());
      kernels.addAll(program(schedule, library, Target.Kind.TENSOR_CORES).sources());
    });
    return kernels;
  }

  /** The programs that are linked on the current device while {@code body} runs, in order; without tensor cores. */
  static List<GpuProgram> programs(Runnable body) {
    return schedules(body, _ -> false).stream().map(schedule -> program(schedule, _ -> false, Target.Kind.GPU)).toList();
  }

  private static List<Schedule> schedules(Runnable body, Predicate<Op> library) {
    try (var device = new Rehearsal(library)) {
      Devices.with(device, () -> {
        body.run();
        return "";
      });
      return device.schedules;
    }
  }

  private static GpuProgram program(Schedule schedule, Predicate<Op> library, Target.Kind kind) {
    return GpuProgram.of(schedule, new Target(ProductTiles.USUAL, PARAMETER_BYTES, kind), call -> library.test(call.op()));
  }

  /** What comes of a case with nothing but zeros does not matter. */
  private static void play(Case c) {
    try {
      Tensor[] inputs = c.inputs().stream().map(Tensor::of).toArray(Tensor[]::new);
      Tensor.eval(c.graph().apply(List.of(inputs)).toArray(Tensor[]::new));
      Step.evaluation(c.graph()::apply).run(inputs);
    } catch (RuntimeException _) {
      // then the suite will say so
    }
  }

  @Override
  public DeviceInfo info() {
    return info;
  }

  @Override
  public Optional<NativeKernel> nativeKernel(Op op, List<TensorType> inputs, List<TensorType> outputs) {
    return GpuProgram.support(op, inputs, outputs, true).map(own -> library.test(op)
        ? new NativeKernel(own.strided(), false, own.workspaceBytes(), own.channelsLast()) : own);
  }

  @Override
  public boolean generates(GeneratedKernel kernel) {
    return GpuProgram.generates(kernel, true, PARAMETER_BYTES);
  }

  @Override
  public Memory allocate(long bytes) {
    return new NoMemory(bytes);
  }

  @Override
  public Executable link(Schedule schedule) {
    schedules.add(schedule);
    return new NoExecutable(0);
  }

  @Override
  public Queue queue() {
    return this;
  }

  @Override
  public Lifetime lifetime() {
    return lifetime;
  }

  @Override
  public void upload(MemorySegment source, Memory target) {}

  @Override
  public void download(Memory source, MemorySegment target) {
    target.fill((byte) 0);
  }

  @Override
  public Completion run(Executable executable, Bindings bindings) {
    return () -> Fault.NONE;
  }
}
