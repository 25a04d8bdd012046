package dev.chainrule.backend.opencl;

import dev.chainrule.KernelCompilationException;
import dev.chainrule.kernels.Dialect;
import dev.chainrule.kernels.Source;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jocl.CL;
import org.jocl.CLException;
import org.jocl.Pointer;
import org.jocl.cl_context;
import org.jocl.cl_device_id;
import org.jocl.cl_kernel;
import org.jocl.cl_program;

/**
 * The kernels that have been compiled for a device, by name, which says what text they have. All that a plan lacks are one program: to
 * start the compiler costs more than a kernel does. Programs are kept on disk as well.
 */
final class Programs {

  /** {@code off}: compilers are told not to optimise, which takes half the time where many kernels run once, as in tests. */
  private static final String OPTIMISE = "chainrule.opencl.optimise";

  private final cl_context context;
  private final cl_device_id device;
  private final String options;
  private final String head;
  private final String compiler;
  private final ProgramFiles files;
  private final Map<String, cl_program> byKernel = new HashMap<>();
  private final List<cl_program> all = new ArrayList<>();

  Programs(cl_context context, Hardware.Found found) {
    this.context = context;
    this.device = found.device();
    this.options = "-cl-std=CL1.2" + (found.roundsCorrectly() ? " -cl-fp32-correctly-rounded-divide-sqrt" : "")
        + (System.getProperty(OPTIMISE, "on").equals("off") ? " -cl-opt-disable" : "")
        + (found.isProcessor() ? " -DON_PROCESSOR" : "");
    this.files = found.keepsPrograms() ? ProgramFiles.none() : ProgramFiles.chosen();
    this.head = Dialect.OPENCL.head(found.f64());
    this.compiler = String.join("\n", found.platformName(), found.name(), found.version(), found.driver(), options);
  }

  /** Compiles what has not been compiled yet. */
  void require(Collection<Source> sources) {
    List<Source> lacking = sources.stream().filter(source -> !byKernel.containsKey(source.name())).toList();
    if (lacking.isEmpty()) {
      return;
    }
    var text = new StringBuilder(head);
    lacking.forEach(source -> text.append('\n').append(source.text()));
    cl_program program = program(text.toString());
    all.add(program);
    lacking.forEach(source -> byKernel.put(source.name(), program));
  }

  private cl_program program(String text) {
    String key = Source.digest(compiler + "\n" + text);
    Optional<cl_program> kept = files.read(key).flatMap(this::fromBinary);
    if (kept.isPresent()) {
      return kept.get();
    }
    cl_program program = CL.clCreateProgramWithSource(context, 1, new String[] {text}, null, null);
    try {
      CL.clBuildProgram(program, 1, new cl_device_id[] {device}, options, null, null);
    } catch (CLException e) {
      String log = log(program);
      CL.clReleaseProgram(program);
      throw new KernelCompilationException("opencl", "the driver's compiler refused a program (" + e.getMessage() + "):\n" + log,
          "Report it with the driver's name and version, which 'chainrule devices' shows.");
    }
    files.write(key, () -> binary(program));
    return program;
  }

  private Optional<cl_program> fromBinary(byte[] binary) {
    try {
      cl_program program = CL.clCreateProgramWithBinary(context, 1, new cl_device_id[] {device}, new long[] {binary.length},
          new byte[][] {binary}, new int[1], null);
      CL.clBuildProgram(program, 1, new cl_device_id[] {device}, options, null, null);
      return Optional.of(program);
    } catch (CLException unusable) { // of another driver after all
      return Optional.empty();
    }
  }

  private byte[] binary(cl_program program) {
    long[] size = new long[1];
    CL.clGetProgramInfo(program, CL.CL_PROGRAM_BINARY_SIZES, Long.BYTES, Pointer.to(size), null);
    byte[] binary = new byte[Math.toIntExact(size[0])];
    CL.clGetProgramInfo(program, CL.CL_PROGRAM_BINARIES, Long.BYTES, Pointer.to(new Pointer[] {Pointer.to(binary)}), null);
    return binary;
  }

  private String log(cl_program program) {
    long[] size = new long[1];
    CL.clGetProgramBuildInfo(program, device, CL.CL_PROGRAM_BUILD_LOG, 0, null, size);
    byte[] log = new byte[Math.toIntExact(size[0])];
    CL.clGetProgramBuildInfo(program, device, CL.CL_PROGRAM_BUILD_LOG, log.length, Pointer.to(log), null);
    return new String(log, StandardCharsets.UTF_8).replace("\0", "").strip();
  }

  /** A kernel with arguments of its own. */
  cl_kernel kernel(Source source) {
    return CL.clCreateKernel(Objects.requireNonNull(byKernel.get(source.name()), source.name()), source.name(), null);
  }

  void close() {
    all.forEach(CL::clReleaseProgram);
    all.clear();
    byKernel.clear();
  }
}
