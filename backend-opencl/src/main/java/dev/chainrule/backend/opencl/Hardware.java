package dev.chainrule.backend.opencl;

import dev.chainrule.kernels.Source;
import dev.chainrule.kernels.UnpackedLibraries;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jocl.CL;
import org.jocl.CLException;
import org.jocl.Pointer;
import org.jocl.cl_device_id;
import org.jocl.cl_platform_id;

/** What there is: platforms, which drivers bring along, and their devices. */
record Hardware(List<Found> devices, List<String> findings, String remedy) {

  /** CL_DEVICE_FP_CONFIG's flag for division and roots to the nearest (cl.h). */
  private static final long CORRECTLY_ROUNDED = 1 << 7;

  Hardware {
    devices = List.copyOf(devices);
    findings = List.copyOf(findings);
  }

  /** A device and what it can do. */
  record Found(cl_platform_id platform, cl_device_id device, long type, String name, String platformName, String version, String driver,
      long memoryBytes, long largestBuffer, long parameterBytes, long groupSize, boolean f64, boolean roundsCorrectly) {

    /** Why the kernels cannot run on it. */
    Optional<String> lacking() {
      if (version.startsWith("OpenCL 1.0") || version.startsWith("OpenCL 1.1")) {
        return Optional.of(name + " has " + version + ", and 1.2 is needed");
      }
      return groupSize < Source.THREADS
          ? Optional.of(name + " has groups of " + groupSize + " threads, and " + Source.THREADS + " are needed") : Optional.empty();
    }

    boolean isCpu() {
      return (type & CL.CL_DEVICE_TYPE_CPU) != 0;
    }

    boolean isGpu() {
      return (type & CL.CL_DEVICE_TYPE_GPU) != 0;
    }

    /** A processor and nothing else; what says that it is everything, as Oclgrind does, gets the kernels for GPUs. */
    boolean isProcessor() {
      return isCpu() && !isGpu();
    }

    /** PoCL keeps what it has compiled itself; asked for a binary it compiles all kernels once more. */
    boolean keepsPrograms() {
      return platformName.equals("Portable Computing Language");
    }

    /** What a program that is too large for it runs into. */
    String limits() {
      return "%s: %,d MB, %,d MB of them at a time, groups of up to %,d threads, %,d bytes of parameters, %s".formatted(name,
          memoryBytes >> 20, largestBuffer >> 20, groupSize, parameterBytes, f64 ? "f64" : "no f64");
    }

    String description() {
      return name + ", " + platformName + ", " + version.strip() + ", driver " + driver + (f64 ? "" : ", without f64");
    }
  }

  static Hardware look() {
    if (!OpenClLibrary.isPresent()) {
      return new Hardware(List.of(), List.of("the library " + OpenClLibrary.names().getFirst() + " is not installed"),
          "Install a driver with OpenCL for your hardware, or PoCL for any processor "
              + "(Debian: apt install ocl-icd-libopencl1 pocl-opencl-icd).");
    }
    try {
      CL.setExceptionsEnabled(true);
    } catch (LinkageError e) {
      return new Hardware(List.of(), List.of(UnpackedLibraries.problem("JOCL", e)), UnpackedLibraries.remedy());
    }
    List<Found> devices = new ArrayList<>();
    List<String> findings = new ArrayList<>();
    List<cl_platform_id> platforms = platforms();
    if (platforms.isEmpty()) {
      return new Hardware(List.of(), List.of("the library is here, but no driver has registered a platform with it"),
          "Install a driver with OpenCL for your hardware, or PoCL for any processor (Debian: apt install pocl-opencl-icd).");
    }
    for (cl_platform_id platform : platforms) {
      String name = text(size -> CL.clGetPlatformInfo(platform, CL.CL_PLATFORM_NAME, 0, null, size),
          bytes -> CL.clGetPlatformInfo(platform, CL.CL_PLATFORM_NAME, bytes.length, Pointer.to(bytes), null));
      List<cl_device_id> own = devices(platform);
      findings.add("platform " + name + " has " + (own.isEmpty() ? "no device" : own.size() == 1 ? "1 device" : own.size() + " devices"));
      for (cl_device_id device : own) {
        Found found = found(platform, name, device);
        found.lacking().ifPresentOrElse(findings::add, () -> {
          devices.add(found);
          findings.add(found.limits());
        });
      }
    }
    devices.sort(Comparator.comparing(found -> !found.isGpu()));
    return new Hardware(devices, findings,
        devices.isEmpty() ? "Check that your user may use the device (groups video and render on Linux) and that the driver fits it." : "");
  }

  private static List<cl_platform_id> platforms() {
    int[] count = new int[1];
    try {
      CL.clGetPlatformIDs(0, null, count);
      cl_platform_id[] platforms = new cl_platform_id[count[0]];
      if (count[0] > 0) {
        CL.clGetPlatformIDs(count[0], platforms, null);
      }
      return List.of(platforms);
    } catch (CLException none) { // CL_PLATFORM_NOT_FOUND_KHR
      return List.of();
    }
  }

  private static List<cl_device_id> devices(cl_platform_id platform) {
    int[] count = new int[1];
    try {
      CL.clGetDeviceIDs(platform, CL.CL_DEVICE_TYPE_ALL, 0, null, count);
      cl_device_id[] devices = new cl_device_id[count[0]];
      if (count[0] > 0) {
        CL.clGetDeviceIDs(platform, CL.CL_DEVICE_TYPE_ALL, count[0], devices, null);
      }
      return Arrays.stream(devices).filter(device -> number(device, CL.CL_DEVICE_AVAILABLE, Integer.BYTES) != 0).toList();
    } catch (CLException none) { // CL_DEVICE_NOT_FOUND
      return List.of();
    }
  }

  private static Found found(cl_platform_id platform, String platformName, cl_device_id device) {
    boolean f64 = text(device, CL.CL_DEVICE_EXTENSIONS).contains("cl_khr_fp64");
    long config = number(device, CL.CL_DEVICE_SINGLE_FP_CONFIG, Long.BYTES);
    return new Found(platform, device, number(device, CL.CL_DEVICE_TYPE, Long.BYTES),
        text(device, CL.CL_DEVICE_NAME), platformName, text(device, CL.CL_DEVICE_VERSION), text(device, CL.CL_DRIVER_VERSION),
        number(device, CL.CL_DEVICE_GLOBAL_MEM_SIZE, Long.BYTES), number(device, CL.CL_DEVICE_MAX_MEM_ALLOC_SIZE, Long.BYTES),
        number(device, CL.CL_DEVICE_MAX_PARAMETER_SIZE, Long.BYTES), number(device, CL.CL_DEVICE_MAX_WORK_GROUP_SIZE, Long.BYTES),
        f64, (config & CORRECTLY_ROUNDED) != 0);
  }

  private static String text(cl_device_id device, int what) {
    return text(size -> CL.clGetDeviceInfo(device, what, 0, null, size),
        bytes -> CL.clGetDeviceInfo(device, what, bytes.length, Pointer.to(bytes), null));
  }

  private interface AskSize {
    int ask(long... size);
  }

  private interface AskBytes {
    int ask(byte... bytes);
  }

  private static String text(AskSize size, AskBytes content) {
    long[] length = new long[1];
    size.ask(length);
    byte[] bytes = new byte[Math.toIntExact(length[0])];
    content.ask(bytes);
    return new String(bytes, StandardCharsets.UTF_8).replace("\0", "").strip();
  }

  private static long number(cl_device_id device, int what, int bytes) {
    long[] number = new long[1];
    CL.clGetDeviceInfo(device, what, bytes, Pointer.to(number), null);
    return number[0];
  }
}
