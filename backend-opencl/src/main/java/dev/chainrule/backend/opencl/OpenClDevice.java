package dev.chainrule.backend.opencl;

import dev.chainrule.DeviceOutOfMemoryException;
import dev.chainrule.DeviceUnavailableException;
import dev.chainrule.device.Device;
import dev.chainrule.device.DeviceInfo;
import dev.chainrule.device.Executable;
import dev.chainrule.device.Lifetime;
import dev.chainrule.device.NativeKernel;
import dev.chainrule.device.Queue;
import dev.chainrule.device.Tuner;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.TensorType;
import dev.chainrule.kernels.GpuProgram;
import dev.chainrule.kernels.PinnedMemory;
import dev.chainrule.kernels.ProductTiles;
import dev.chainrule.kernels.ProductTuner;
import dev.chainrule.kernels.Target;
import dev.chainrule.kernels.TuningFile;
import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.Schedule;
import java.util.List;
import java.util.Optional;
import org.jocl.CL;
import org.jocl.CLException;
import org.jocl.cl_command_queue;
import org.jocl.cl_context;
import org.jocl.cl_context_properties;
import org.jocl.cl_device_id;
import org.jocl.cl_mem;

/** A device of OpenCL: a context, one queue that works in order, and the programs compiled so far. */
final class OpenClDevice implements Device {

  private final DeviceInfo info;
  private final Hardware.Found found;
  private final OpenClLibrary library;
  private final cl_context context;
  private final long commands;
  private final PinnedMemory pinned;
  private final OpenClQueue queue;
  private final Frame frame;
  private final Programs programs;
  private final Lifetime lifetime;
  private final TuningFile tuning;
  private final ProductTiles tiles;

  OpenClDevice(DeviceInfo info, Hardware.Found found) {
    this.info = info;
    this.found = found;
    this.tuning = TuningFile.of(found.name() + ", " + found.platformName(), found.version().strip() + ", " + found.driver());
    this.tiles = tuning.read();
    this.library = OpenClLibrary.open();
    try {
      var properties = new cl_context_properties();
      properties.addProperty(CL.CL_CONTEXT_PLATFORM, found.platform());
      this.context = CL.clCreateContext(properties, 1, new cl_device_id[] {found.device()}, null, null, null);
      cl_command_queue inOrder = createQueue(context, found.device());
      this.commands = inOrder.getNativePointer();
      var slabs = new PinnedSlabs(info.id(), context, inOrder);
      this.pinned = new PinnedMemory(slabs::allocate);
      this.queue = new OpenClQueue(this);
      this.programs = new Programs(context, found);
      this.frame = new Frame(this);
      this.lifetime = new Lifetime(info.id());
      lifetime.atEnd(() -> {
        library.finish(commands);
        queue.close();
        frame.free();
        slabs.close();
        programs.close();
        CL.clReleaseCommandQueue(inOrder);
        CL.clReleaseContext(context);
      });
    } catch (CLException e) {
      throw new DeviceUnavailableException(info.id(), "the driver could not open it: " + e.getMessage(), "");
    }
  }

  /** The function of OpenCL 1, which every version has. */
  @SuppressWarnings("deprecation")
  private static cl_command_queue createQueue(cl_context context, cl_device_id device) {
    return CL.clCreateCommandQueue(context, device, 0, null);
  }

  @Override
  public DeviceInfo info() {
    return info;
  }

  @Override
  public Optional<NativeKernel> nativeKernel(Op op, List<TensorType> inputs, List<TensorType> outputs) {
    return GpuProgram.support(op, inputs, outputs, found.f64());
  }

  @Override
  public boolean generates(GeneratedKernel kernel) {
    return GpuProgram.generates(kernel, found.f64(), found.parameterBytes());
  }

  @Override
  public String remedy(Op op, List<TensorType> types) {
    return GpuProgram.remedy(op, types, found.f64());
  }

  @Override
  public OpenClMemory allocate(long bytes) {
    if (bytes > found.largestBuffer()) {
      throw new DeviceOutOfMemoryException(info.id(), "the driver gives out %,d bytes at a time, and %,d are needed".formatted(
          found.largestBuffer(), bytes), "Use a smaller batch.");
    }
    try {
      cl_mem buffer = CL.clCreateBuffer(context, CL.CL_MEM_READ_WRITE, Math.max(bytes, Schedule.ALIGNMENT), null, null);
      return new OpenClMemory(buffer, bytes);
    } catch (CLException e) {
      throw new DeviceOutOfMemoryException(info.id(), "the driver has no %,d bytes left (%s)".formatted(bytes, e.getMessage()),
          "Use a smaller batch, or let go of tensors you no longer need.");
    }
  }

  @Override
  public Executable link(Schedule schedule) {
    return link(schedule, tiles);
  }

  private Executable link(Schedule schedule, ProductTiles others) {
    Target.Kind kind = found.isProcessor() ? Target.Kind.PROCESSOR : Target.Kind.GPU;
    return new OpenClExecutable(GpuProgram.of(schedule, new Target(others, found.parameterBytes(), kind)), this);
  }

  @Override
  public Optional<Tuner> tuner() {
    return Optional.of(new ProductTuner(this, tuning, this::link));
  }

  OpenClLibrary library() {
    return library;
  }

  Programs programs() {
    return programs;
  }

  long commands() {
    return commands;
  }

  PinnedMemory pinned() {
    return pinned;
  }

  Frame frame() {
    return frame;
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
