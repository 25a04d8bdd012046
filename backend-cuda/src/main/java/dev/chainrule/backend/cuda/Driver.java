package dev.chainrule.backend.cuda;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * NVIDIA's driver, {@code libcuda.so.1}, through the foreign function interface: what is asked before anything is set up, and what is
 * enqueued in every run. The rest is {@link DriverSetup}'s. Methods are named as the driver's functions. Handles, and addresses on the
 * device and on the host, are numbers.
 */
final class Driver {

  static final String LIBRARY = "libcuda.so.1";

  private static final int CAPTURE_THREAD_LOCAL = 1;
  private static final int NAME_BYTES = 256;
  private static final int LONGEST_TEXT = 4096;

  // One handle for each form of call, which all functions of that form share: as constants they cost next to nothing.
  private static final MethodHandle I = form(JAVA_INT);
  private static final MethodHandle IL = form(JAVA_INT, JAVA_LONG);
  private static final MethodHandle L = form(JAVA_LONG);
  private static final MethodHandle LI = form(JAVA_LONG, JAVA_INT);
  private static final MethodHandle LII = form(JAVA_LONG, JAVA_INT, JAVA_INT);
  private static final MethodHandle LL = form(JAVA_LONG, JAVA_LONG);
  private static final MethodHandle LLI = form(JAVA_LONG, JAVA_LONG, JAVA_INT);
  private static final MethodHandle LLL = form(JAVA_LONG, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle LLLL = form(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle LLLLL = form(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle LILL = form(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle LAUNCH = form(JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT,
      JAVA_LONG, JAVA_LONG, JAVA_LONG);

  private final Library library;
  private final MemorySegment errorName;
  private final MemorySegment errorString;
  private final MemorySegment launchKernel;
  private final MemorySegment copyToDevice;
  private final MemorySegment copyToHost;
  private final MemorySegment copyOnDevice;
  private final MemorySegment setWords;
  private final MemorySegment eventRecord;
  private final MemorySegment eventSynchronize;
  private final MemorySegment streamWaitEvent;
  private final MemorySegment streamSynchronize;
  private final MemorySegment beginCapture;
  private final MemorySegment endCapture;
  private final MemorySegment graphCreate;
  private final MemorySegment addChildGraph;
  private final MemorySegment setChildGraph;
  private final MemorySegment addKernelNode;
  private final MemorySegment setKernelNode;
  private final MemorySegment instantiate;
  private final MemorySegment graphLaunch;
  private final MemorySegment graphDestroy;
  private final MemorySegment graphExecDestroy;

  /** @throws java.util.NoSuchElementException if the driver lacks a function: then it is older than CUDA 12 */
  Driver(Library library) {
    this.library = library;
    errorName = library.function("cuGetErrorName");
    errorString = library.function("cuGetErrorString");
    launchKernel = library.function("cuLaunchKernel");
    copyToDevice = library.function("cuMemcpyHtoDAsync_v2");
    copyToHost = library.function("cuMemcpyDtoHAsync_v2");
    copyOnDevice = library.function("cuMemcpyDtoDAsync_v2");
    setWords = library.function("cuMemsetD32Async");
    eventRecord = library.function("cuEventRecord");
    eventSynchronize = library.function("cuEventSynchronize");
    streamWaitEvent = library.function("cuStreamWaitEvent");
    streamSynchronize = library.function("cuStreamSynchronize");
    beginCapture = library.function("cuStreamBeginCapture_v2");
    endCapture = library.function("cuStreamEndCapture");
    addChildGraph = library.function("cuGraphAddChildGraphNode");
    setChildGraph = library.function("cuGraphExecChildGraphNodeSetParams");
    graphCreate = library.function("cuGraphCreate");
    addKernelNode = library.function("cuGraphAddKernelNode_v2");
    setKernelNode = library.function("cuGraphExecKernelNodeSetParams_v2");
    instantiate = library.function("cuGraphInstantiateWithFlags");
    graphLaunch = library.function("cuGraphLaunch");
    graphDestroy = library.function("cuGraphDestroy");
    graphExecDestroy = library.function("cuGraphExecDestroy");
  }

  @SuppressWarnings("restricted") // native calls live here
  private static MethodHandle form(MemoryLayout... parameters) {
    return Linker.nativeLinker().downcallHandle(FunctionDescriptor.of(JAVA_INT, parameters));
  }

  String path() {
    return library.path();
  }

  // --- before anything is set up ---------------------------------------------------------------------------------------------------

  void cuInit() {
    check("cuInit", i(library.function("cuInit"), 0));
  }

  /** 13000 for CUDA 13.0. */
  int cuDriverGetVersion() {
    return number("cuDriverGetVersion", out -> l(library.function("cuDriverGetVersion"), out.address()));
  }

  int cuDeviceGetCount() {
    return number("cuDeviceGetCount", out -> l(library.function("cuDeviceGetCount"), out.address()));
  }

  int cuDeviceGet(int ordinal) {
    return number("cuDeviceGet", out -> li(library.function("cuDeviceGet"), out.address(), ordinal));
  }

  int cuDeviceGetAttribute(int attribute, int device) {
    MemorySegment function = library.function("cuDeviceGetAttribute");
    return number("cuDeviceGetAttribute", out -> lii(function, out.address(), attribute, device));
  }

  String cuDeviceGetName(int device) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocate(NAME_BYTES);
      check("cuDeviceGetName", lii(library.function("cuDeviceGetName"), name.address(), NAME_BYTES, device));
      return name.getString(0);
    }
  }

  /** Bytes of memory on a device. */
  long cuDeviceTotalMem(int device) {
    return handle("cuDeviceTotalMem_v2", out -> li(library.function("cuDeviceTotalMem_v2"), out.address(), device));
  }

  // --- in every run ----------------------------------------------------------------------------------------------------------------

  /**
   * Launches a kernel.
   *
   * @param parameters host address of a table with the host address of each argument, which are copied
   */
  void cuLaunchKernel(long function, int blocks, int threads, long stream, long parameters) {
    int status;
    try {
      status = (int) LAUNCH.invokeExact(launchKernel, function, blocks, 1, 1, threads, 1, 1, 0, stream, parameters, 0L);
    } catch (Throwable thrown) {
      throw broken(thrown);
    }
    check("cuLaunchKernel", status);
  }

  void cuMemcpyHtoDAsync(long device, long host, long bytes, long stream) {
    check("cuMemcpyHtoDAsync_v2", llll(copyToDevice, device, host, bytes, stream));
  }

  void cuMemcpyDtoHAsync(long host, long device, long bytes, long stream) {
    check("cuMemcpyDtoHAsync_v2", llll(copyToHost, host, device, bytes, stream));
  }

  void cuMemcpyDtoDAsync(long target, long source, long bytes, long stream) {
    check("cuMemcpyDtoDAsync_v2", llll(copyOnDevice, target, source, bytes, stream));
  }

  /** Sets words of 32 bits. */
  void cuMemsetD32Async(long device, int value, long words, long stream) {
    int status;
    try {
      status = (int) LILL.invokeExact(setWords, device, value, words, stream);
    } catch (Throwable thrown) {
      throw broken(thrown);
    }
    check("cuMemsetD32Async", status);
  }

  void cuEventRecord(long event, long stream) {
    check("cuEventRecord", ll(eventRecord, event, stream));
  }

  void cuEventSynchronize(long event) {
    check("cuEventSynchronize", l(eventSynchronize, event));
  }

  void cuStreamWaitEvent(long stream, long event) {
    int status;
    try {
      status = (int) LLI.invokeExact(streamWaitEvent, stream, event, 0);
    } catch (Throwable thrown) {
      throw broken(thrown);
    }
    check("cuStreamWaitEvent", status);
  }

  void cuStreamSynchronize(long stream) {
    check("cuStreamSynchronize", l(streamSynchronize, stream));
  }

  /** From here on what this thread enqueues on the stream becomes part of a graph instead. */
  void cuStreamBeginCapture(long stream) {
    check("cuStreamBeginCapture_v2", li(beginCapture, stream, CAPTURE_THREAD_LOCAL));
  }

  /** The graph of what was enqueued since the beginning of the capture. */
  long cuStreamEndCapture(long stream) {
    return handle("cuStreamEndCapture", out -> ll(endCapture, stream, out.address()));
  }

  /** A graph without nodes. */
  long cuGraphCreate() {
    return handle("cuGraphCreate", out -> li(graphCreate, out.address(), 0));
  }

  /**
   * Adds a kernel to a graph.
   *
   * @param after the node that it waits for; 0 for none
   * @param parameters host address of a CUDA_KERNEL_NODE_PARAMS_v2; what it names is copied
   */
  long cuGraphAddKernelNode(long graph, long after, long parameters) {
    return added("cuGraphAddKernelNode_v2", addKernelNode, graph, after, parameters);
  }

  /** Adds a copy of a graph to a graph, after a node as above. */
  long cuGraphAddChildGraphNode(long graph, long after, long child) {
    return added("cuGraphAddChildGraphNode", addChildGraph, graph, after, child);
  }

  private long added(String name, MemorySegment function, long graph, long after, long what) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment dependencies = arena.allocateFrom(JAVA_LONG, after);
      return handle(name, out -> {
        try {
          return (int) LLLLL.invokeExact(function, out.address(), graph, dependencies.address(), after == 0 ? 0L : 1L, what);
        } catch (Throwable thrown) {
          throw broken(thrown);
        }
      });
    }
  }

  /** Changes a kernel of a graph for later launches; {@code parameters} as above. */
  void cuGraphExecKernelNodeSetParams(long executable, long node, long parameters) {
    check("cuGraphExecKernelNodeSetParams_v2", lll(setKernelNode, executable, node, parameters));
  }

  /** Changes a graph in a graph for later launches to one with the same nodes. */
  void cuGraphExecChildGraphNodeSetParams(long executable, long node, long child) {
    check("cuGraphExecChildGraphNodeSetParams", lll(setChildGraph, executable, node, child));
  }

  /** Makes a graph ready to be launched. */
  long cuGraphInstantiateWithFlags(long graph) {
    return handle("cuGraphInstantiateWithFlags", out -> lll(instantiate, out.address(), graph, 0));
  }

  void cuGraphLaunch(long executable, long stream) {
    check("cuGraphLaunch", ll(graphLaunch, executable, stream));
  }

  void cuGraphDestroy(long graph) {
    check("cuGraphDestroy", l(graphDestroy, graph));
  }

  void cuGraphExecDestroy(long executable) {
    check("cuGraphExecDestroy", l(graphExecDestroy, executable));
  }

  // --- statuses --------------------------------------------------------------------------------------------------------------------

  /** Turns any status but success into an exception that names the call. */
  void check(String call, int status) {
    if (status != 0) {
      throw new CudaException(call, status, text(errorName, status, "CUDA_ERROR"), text(errorString, status, "no more is known"));
    }
  }

  @SuppressWarnings("restricted")
  private static String text(MemorySegment function, int status, String otherwise) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(JAVA_LONG);
      int found = il(function, status, out.address());
      long address = out.get(JAVA_LONG, 0);
      return found != 0 || address == 0 ? otherwise : MemorySegment.ofAddress(address).reinterpret(LONGEST_TEXT).getString(0);
    }
  }

  private interface Call {
    int into(MemorySegment out);
  }

  private int number(String name, Call call) {
    return Math.toIntExact(handle(name, call) & 0xffffffffL);
  }

  private long handle(String name, Call call) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(JAVA_LONG);
      check(name, call.into(out));
      return out.get(JAVA_LONG, 0);
    }
  }

  // --- the forms of call -----------------------------------------------------------------------------------------------------------

  private static int i(MemorySegment function, int a) {
    try {
      return (int) I.invokeExact(function, a);
    } catch (Throwable thrown) {
      throw broken(thrown);
    }
  }

  private static int il(MemorySegment function, int a, long b) {
    try {
      return (int) IL.invokeExact(function, a, b);
    } catch (Throwable thrown) {
      throw broken(thrown);
    }
  }

  private static int l(MemorySegment function, long a) {
    try {
      return (int) L.invokeExact(function, a);
    } catch (Throwable thrown) {
      throw broken(thrown);
    }
  }

  private static int li(MemorySegment function, long a, int b) {
    try {
      return (int) LI.invokeExact(function, a, b);
    } catch (Throwable thrown) {
      throw broken(thrown);
    }
  }

  private static int lii(MemorySegment function, long a, int b, int c) {
    try {
      return (int) LII.invokeExact(function, a, b, c);
    } catch (Throwable thrown) {
      throw broken(thrown);
    }
  }

  private static int ll(MemorySegment function, long a, long b) {
    try {
      return (int) LL.invokeExact(function, a, b);
    } catch (Throwable thrown) {
      throw broken(thrown);
    }
  }

  private static int lll(MemorySegment function, long a, long b, long c) {
    try {
      return (int) LLL.invokeExact(function, a, b, c);
    } catch (Throwable thrown) {
      throw broken(thrown);
    }
  }

  private static int llll(MemorySegment function, long a, long b, long c, long d) {
    try {
      return (int) LLLL.invokeExact(function, a, b, c, d);
    } catch (Throwable thrown) {
      throw broken(thrown);
    }
  }

  private static IllegalStateException broken(Throwable thrown) {
    return new IllegalStateException("[cuda] the driver could not be called", thrown);
  }
}
