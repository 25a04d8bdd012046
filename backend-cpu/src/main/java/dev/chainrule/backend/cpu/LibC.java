package dev.chainrule.backend.cpu;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * The C library's allocator. Memory from it can be freed by any thread at the cost of a call; closing a shared {@link
 * java.lang.foreign.Arena} stops all threads of the JVM.
 */
final class LibC {

  private static final MethodHandle MALLOC =
      handle("malloc", FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_LONG));
  private static final MethodHandle FREE = handle("free", FunctionDescriptor.ofVoid(ValueLayout.ADDRESS));

  private LibC() {}

  @SuppressWarnings("restricted") // native calls live here
  private static MethodHandle handle(String name, FunctionDescriptor type) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type);
  }

  /** The address of {@code bytes} new bytes, 0 when there are none left. */
  static long malloc(long bytes) {
    try {
      return ((MemorySegment) MALLOC.invokeExact(bytes)).address();
    } catch (Throwable thrown) {
      throw new IllegalStateException("malloc(" + bytes + ") could not be called", thrown);
    }
  }

  static void free(long address) {
    try {
      FREE.invokeExact(MemorySegment.ofAddress(address));
    } catch (Throwable thrown) {
      throw new IllegalStateException("free could not be called", thrown);
    }
  }
}
