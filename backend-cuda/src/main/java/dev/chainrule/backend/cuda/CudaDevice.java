package dev.chainrule.backend.cuda;

import dev.chainrule.device.Device;
import dev.chainrule.device.DeviceInfo;
import dev.chainrule.device.Executable;
import dev.chainrule.device.Lifetime;
import dev.chainrule.device.Memory;
import dev.chainrule.device.NativeKernel;
import dev.chainrule.device.Queue;
import dev.chainrule.device.Tuner;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.TensorType;
import dev.chainrule.kernels.GpuProgram;
import dev.chainrule.kernels.ProductTiles;
import dev.chainrule.kernels.ProductTuner;
import dev.chainrule.kernels.Target;
import dev.chainrule.kernels.TuningFile;
import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.Schedule;
import java.util.List;
import java.util.Optional;

/** A GPU of NVIDIA's. */
final class CudaDevice implements Device {

  /** Bytes of parameters that every GPU takes. */
  private static final long PARAMETER_BYTES = 4096;

  private final DeviceInfo info;
  private final Machine machine;
  private final CudaQueue queue;
  private final Lifetime lifetime;
  private final TuningFile tuning;
  private final Target target;

  private CudaDevice(DeviceInfo info, Card card, Machine machine, TuningFile tuning) {
    this.info = info;
    this.tuning = tuning;
    Target.Kind kind = card.hasTensorCores() ? Target.Kind.TENSOR_CORES : Target.Kind.GPU;
    this.target = new Target(tuning.read(), PARAMETER_BYTES, kind);
    this.machine = machine;
    this.queue = new CudaQueue(machine);
    this.lifetime = new Lifetime(info.id());
    lifetime.atEnd(machine.context()::close);
  }

  /** @param libraries for products and convolutions; kernels of our own without them */
  static CudaDevice open(DeviceInfo info, Card card, Driver driver, KernelCompiler compiler, Libraries libraries, Settings settings) {
    Context context = Context.open(info.id(), card, driver);
    try {
      TuningFile tuning = TuningFile.of(card.name() + ", " + card.architecture(), Integer.toString(driver.cuDriverGetVersion()));
      return new CudaDevice(info, card, Machine.of(context, card, compiler, libraries, tuning, settings), tuning);
    } catch (RuntimeException e) {
      context.close();
      throw e;
    }
  }

  /** What the device shares among its plans. */
  Machine machine() {
    return machine;
  }

  @Override
  public DeviceInfo info() {
    return info;
  }

  @Override
  public Optional<NativeKernel> nativeKernel(Op op, List<TensorType> inputs, List<TensorType> outputs) {
    return GpuProgram.support(op, inputs, outputs, true).map(own -> machine.kernel(own, op, inputs, outputs));
  }

  @Override
  public boolean generates(GeneratedKernel kernel) {
    return GpuProgram.generates(kernel, true, PARAMETER_BYTES);
  }

  @Override
  public Memory allocate(long bytes) {
    return machine.memory().allocate(bytes);
  }

  @Override
  public Executable link(Schedule schedule) {
    return new CudaExecutable(GpuProgram.of(schedule, target, machine::takes), machine);
  }

  /** With kernels of our own alone, whose tiles these are. */
  private Executable link(Schedule schedule, ProductTiles others) {
    return new CudaExecutable(GpuProgram.of(schedule, new Target(others, PARAMETER_BYTES)), machine);
  }

  @Override
  public Optional<Tuner> tuner() {
    return Optional.of(new ProductTuner(this, tuning, this::link));
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
