package dev.chainrule.backend.cuda;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;

/**
 * An open shared library.
 *
 * @param path where it was found, or its name alone if the operating system knew where
 */
record Library(String path, SymbolLookup symbols) {

  private static final int LONGEST_TEXT = 4096;

  /** A call of a function that gives a status. */
  interface Call {
    int of(MemorySegment function) throws Throwable;
  }

  /** A call that writes what it has made to an address. */
  interface Creation {
    int into(MemorySegment function, long out) throws Throwable;
  }

  /**
   * Address of a function.
   *
   * @throws java.util.NoSuchElementException if the library lacks it
   */
  MemorySegment function(String name) {
    return symbols.findOrThrow(name);
  }

  /**
   * Calls a function.
   *
   * @param naming the library's function from a status to its name
   * @throws CudaException if its status is not 0
   */
  void call(String function, String naming, Call call) {
    check(function, status(function, call), naming);
  }

  /** The same, without a look at the status. */
  int status(String function, Call call) {
    try {
      return call.of(function(function));
    } catch (Throwable thrown) {
      throw new IllegalStateException("[cuda] " + function + " of " + path + " could not be called", thrown);
    }
  }

  /** What a function has made. */
  long made(String function, String naming, Creation creation) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(JAVA_LONG);
      call(function, naming, address -> creation.into(address, out.address()));
      return out.get(JAVA_LONG, 0);
    }
  }

  /**
   * What follows a call.
   *
   * @param call the function, as the library names it
   * @param status what it has returned; 0 if all is well
   * @param naming the library's function from a status to its name
   * @throws CudaException if the status is another
   */
  @SuppressWarnings("restricted")
  void check(String call, int status, String naming) {
    if (status == 0) {
      return;
    }
    MethodHandle text = Linker.nativeLinker().downcallHandle(function(naming), FunctionDescriptor.of(JAVA_LONG, JAVA_INT));
    String name;
    try {
      name = MemorySegment.ofAddress((long) text.invokeExact(status)).reinterpret(LONGEST_TEXT).getString(0);
    } catch (Throwable thrown) {
      throw new IllegalStateException("[cuda] " + naming + " could not be called", thrown);
    }
    throw new CudaException(call, status, name, "of " + path);
  }
}
