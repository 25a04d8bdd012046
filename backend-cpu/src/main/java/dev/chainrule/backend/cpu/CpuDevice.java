package dev.chainrule.backend.cpu;

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
import java.util.stream.IntStream;

/** The CPU as a device: a pool of threads, and memory outside the Java heap. */
public final class CpuDevice implements Device {

  private final DeviceInfo info;
  private final Machine machine;
  private final CpuQueue queue;
  private final Lifetime lifetime;

  /**
   * What all kernels of a device share: the threads, their scratch space, matrix products, and generated code.
   *
   * @param alone the same for each thread that has kernels to itself ({@link SharedRepetition}), whatever plan they are of, so that their
   *     scratch space is the device's and does not grow with the plans; none for one thread
   */
  record Machine(Workers workers, Gemm gemm, Parts parts, VectorClasses classes, Generation generation, Natives natives,
      List<Machine> alone) {

    static Machine of(int threads, VectorClasses classes, Generation generation, Natives natives) {
      var workers = new Workers(threads);
      List<Machine> alone = threads == 1 ? List.of()
          : IntStream.range(0, threads).mapToObj(_ -> of(1, classes, generation, natives)).toList();
      return new Machine(workers, new Gemm(workers, natives::dnnlFor), new Parts(workers), classes, generation, natives, alone);
    }
  }

  /** A device that computes on {@code threads} threads, the caller of a run included. The results don't depend on their number. */
  public CpuDevice(int threads) {
    this(threads, Generation.chosen(), Natives.chosen());
  }

  /** A device that generates code when it is told to, whatever the system property {@code chainrule.cpu.generate} says. */
  public CpuDevice(int threads, Generation generation) {
    this(threads, generation, Natives.chosen());
  }

  /** A device that uses libraries when it is told to as well, whatever the system property {@code chainrule.cpu.native} says. */
  CpuDevice(int threads, Generation generation, Natives natives) {
    natives.begin();
    this.info = describe(threads);
    this.machine = Machine.of(threads, new VectorClasses(), generation.here(), natives);
    this.queue = new CpuQueue();
    this.lifetime = new Lifetime(info.id());
    lifetime.atEnd(machine.workers()::close);
  }

  static DeviceInfo describe(int threads) {
    String vectors = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()
        ? VectorWidth.bits() + "-bit vectors"
        : "no Vector API (start Java with --add-modules=jdk.incubator.vector)";
    return new DeviceInfo("cpu", 0,
        threads + (threads == 1 ? " thread, " : " threads, ") + vectors + ", " + System.getProperty("os.arch"), memoryBytes());
  }

  /** Three quarters of the machine's memory; the rest is the JVM's and everyone else's. */
  private static long memoryBytes() {
    return ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean system
        ? system.getTotalMemorySize() / 4 * 3
        : Runtime.getRuntime().maxMemory();
  }

  VectorClasses classes() {
    return machine.classes();
  }

  @Override
  public DeviceInfo info() {
    return info;
  }

  @Override
  public Optional<NativeKernel> nativeKernel(Op op, List<TensorType> inputs, List<TensorType> outputs) {
    return Kernels.support(op, inputs, outputs, machine);
  }

  @Override
  public boolean generates(GeneratedKernel kernel) {
    return true;
  }

  @Override
  public Memory allocate(long bytes) {
    return CpuMemory.allocate(bytes);
  }

  @Override
  public Optional<Memory> borrow(MemorySegment memory) {
    return memory.isNative() ? Optional.of(CpuMemory.borrowed(memory)) : Optional.empty();
  }

  @Override
  public Optional<MemorySegment> seenByHost(Memory memory) {
    return Optional.of(OffHeap.MEMORY.asSlice(CpuMemory.of(memory).address(), memory.bytes()));
  }

  @Override
  public Executable link(Schedule schedule) {
    return CpuExecutable.link(schedule, machine);
  }

  @Override
  public Queue queue() {
    return queue;
  }

  @Override
  public Lifetime lifetime() {
    return lifetime;
  }
}
