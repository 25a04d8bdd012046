package dev.chainrule.backend.opencl;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jocl.CL;

/**
 * What a run calls of OpenCL, through Java's foreign functions: an argument is set in some ten nanoseconds, and no call makes an object.
 * Everything else goes through JOCL, whose objects are the same handles.
 */
final class OpenClLibrary {

  /** Looked for once; the functions are linked when a device is opened, since whoever only asks what there is should not wait for that. */
  private static final Optional<SymbolLookup> FOUND = names().stream().flatMap(name -> open(name).stream()).findFirst();

  private static final int TRUE = 1;
  private static final int FALSE = 0;
  private static final MemorySegment NOTHING = MemorySegment.NULL;

  private final MethodHandle setKernelArg;
  private final MethodHandle enqueueKernel;
  private final MethodHandle enqueueWrite;
  private final MethodHandle enqueueRead;
  private final MethodHandle waitForEvents;
  private final MethodHandle releaseEvent;
  private final MethodHandle finish;
  private final MethodHandle flush;

  /** Where the driver writes the event of a copy; the queue is used by one thread at a time. */
  private final MemorySegment event = Arena.ofAuto().allocate(JAVA_LONG);

  private OpenClLibrary(SymbolLookup symbols) {
    setKernelArg = function(symbols, "clSetKernelArg", JAVA_LONG, JAVA_INT, JAVA_LONG, ADDRESS);
    enqueueKernel = function(symbols, "clEnqueueNDRangeKernel",
        JAVA_LONG, JAVA_LONG, JAVA_INT, ADDRESS, ADDRESS, ADDRESS, JAVA_INT, ADDRESS, ADDRESS);
    enqueueWrite = function(symbols, "clEnqueueWriteBuffer",
        JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_INT, ADDRESS, ADDRESS);
    enqueueRead = function(symbols, "clEnqueueReadBuffer",
        JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_INT, ADDRESS, ADDRESS);
    waitForEvents = function(symbols, "clWaitForEvents", JAVA_INT, ADDRESS);
    releaseEvent = function(symbols, "clReleaseEvent", JAVA_LONG);
    finish = function(symbols, "clFinish", JAVA_LONG);
    flush = function(symbols, "clFlush", JAVA_LONG);
  }

  /** Whether the operating system has the library. Nothing of JOCL may be touched before: without a library it fails for good. */
  static boolean isPresent() {
    return FOUND.isPresent();
  }

  static OpenClLibrary open() {
    return new OpenClLibrary(FOUND.orElseThrow());
  }

  /** What the library is called here. */
  static List<String> names() {
    String system = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
    if (system.contains("windows")) {
      return List.of("OpenCL.dll");
    }
    return system.contains("mac")
        ? List.of("/System/Library/Frameworks/OpenCL.framework/OpenCL")
        : List.of("libOpenCL.so.1", "libOpenCL.so");
  }

  @SuppressWarnings("restricted") // native calls live here
  private static Optional<SymbolLookup> open(String name) {
    try {
      return Optional.of(SymbolLookup.libraryLookup(name, Arena.global()));
    } catch (IllegalArgumentException absent) {
      return Optional.empty();
    }
  }

  @SuppressWarnings("restricted")
  private static MethodHandle function(SymbolLookup symbols, String name, MemoryLayout... parameters) {
    return Linker.nativeLinker().downcallHandle(symbols.findOrThrow(name), FunctionDescriptor.of(JAVA_INT, parameters));
  }

  /** Sets an argument to the {@code bytes} bytes at {@code value}. */
  void setKernelArg(long kernel, int number, long bytes, MemorySegment value) {
    int status;
    try {
      status = (int) setKernelArg.invokeExact(kernel, number, bytes, value);
    } catch (Throwable thrown) {
      throw uncallable("clSetKernelArg", thrown);
    }
    check("clSetKernelArg", status);
  }

  /** Starts {@code size} threads in groups of {@code groupSize}, each a number in memory. */
  void enqueueKernel(long queue, long kernel, MemorySegment size, MemorySegment groupSize) {
    int status;
    try {
      status = (int) enqueueKernel.invokeExact(queue, kernel, 1, NOTHING, size, groupSize, 0, NOTHING, NOTHING);
    } catch (Throwable thrown) {
      throw uncallable("clEnqueueNDRangeKernel", thrown);
    }
    check("clEnqueueNDRangeKernel", status);
  }

  /**
   * Begins to copy to the device, from memory that stays as it is until the copy is done.
   *
   * @return the event of that, which {@link #await} takes
   */
  long write(long queue, long buffer, long offset, long bytes, MemorySegment source) {
    int status;
    try {
      status = (int) enqueueWrite.invokeExact(queue, buffer, FALSE, offset, bytes, source, 0, NOTHING, event);
    } catch (Throwable thrown) {
      throw uncallable("clEnqueueWriteBuffer", thrown);
    }
    check("clEnqueueWriteBuffer", status);
    return event.get(JAVA_LONG, 0);
  }

  /**
   * Begins to copy to the host, after everything queued before.
   *
   * @return the event of that, which {@link #await} takes
   */
  long read(long queue, long buffer, long offset, long bytes, MemorySegment target) {
    read(queue, buffer, FALSE, offset, bytes, target, event);
    return event.get(JAVA_LONG, 0);
  }

  /** Reads after everything queued before, and waits for it. */
  void readNow(long queue, long buffer, long offset, long bytes, MemorySegment target) {
    read(queue, buffer, TRUE, offset, bytes, target, NOTHING);
  }

  private void read(long queue, long buffer, int waits, long offset, long bytes, MemorySegment target, MemorySegment ended) {
    int status;
    try {
      status = (int) enqueueRead.invokeExact(queue, buffer, waits, offset, bytes, target, 0, NOTHING, ended);
    } catch (Throwable thrown) {
      throw uncallable("clEnqueueReadBuffer", thrown);
    }
    check("clEnqueueReadBuffer", status);
  }

  /** Waits until what an event stands for has been done, and gives the event back. */
  void await(long done) {
    event.set(JAVA_LONG, 0, done);
    int status;
    try {
      status = (int) waitForEvents.invokeExact(1, event);
    } catch (Throwable thrown) {
      throw uncallable("clWaitForEvents", thrown);
    }
    forget(done);
    check("clWaitForEvents", status);
  }

  /** Gives back an event for which nobody waits. */
  void forget(long done) {
    int status;
    try {
      status = (int) releaseEvent.invokeExact(done);
    } catch (Throwable thrown) {
      throw uncallable("clReleaseEvent", thrown);
    }
    check("clReleaseEvent", status);
  }

  void finish(long queue) {
    int status;
    try {
      status = (int) finish.invokeExact(queue);
    } catch (Throwable thrown) {
      throw uncallable("clFinish", thrown);
    }
    check("clFinish", status);
  }

  void flush(long queue) {
    int status;
    try {
      status = (int) flush.invokeExact(queue);
    } catch (Throwable thrown) {
      throw uncallable("clFlush", thrown);
    }
    check("clFlush", status);
  }

  private static void check(String function, int status) {
    if (status != CL.CL_SUCCESS) {
      throw new IllegalStateException("[opencl] " + function + " gave " + CL.stringFor_errorCode(status));
    }
  }

  private static IllegalStateException uncallable(String function, Throwable thrown) {
    return new IllegalStateException("[opencl] " + function + " could not be called", thrown);
  }
}
