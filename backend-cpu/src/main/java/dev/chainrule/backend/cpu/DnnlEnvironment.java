package dev.chainrule.backend.cpu;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The environment in which OpenMP is opened, which it reads only then: one thread, and none that waits busily. Closing this puts back
 * what other libraries may look for.
 */
final class DnnlEnvironment implements AutoCloseable {

  private static final Map<String, String> WANTED = Map.of("OMP_NUM_THREADS", "1", "OMP_WAIT_POLICY", "PASSIVE");

  private final Map<String, String> before = new LinkedHashMap<>();
  private final MethodHandle set = function("setenv", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_INT));
  private final MethodHandle unset = function("unsetenv", FunctionDescriptor.of(JAVA_INT, ADDRESS));

  DnnlEnvironment() {
    WANTED.forEach((name, value) -> {
      before.put(name, System.getenv().getOrDefault(name, ""));
      set(name, value);
    });
  }

  @SuppressWarnings("restricted") // native calls live here
  private static MethodHandle function(String name, FunctionDescriptor type) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type);
  }

  private void set(String name, String value) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment key = arena.allocateFrom(name);
      int status = value.isEmpty() ? (int) unset.invokeExact(key) : (int) set.invokeExact(key, arena.allocateFrom(value), 1);
      if (status != 0) {
        throw new IllegalStateException("[cpu] setenv(" + name + ") gave status " + status);
      }
    } catch (RuntimeException e) {
      throw e;
    } catch (Throwable thrown) {
      throw new IllegalStateException("[cpu] setenv(" + name + ") could not be called", thrown);
    }
  }

  @Override
  public void close() {
    before.forEach(this::set);
  }
}
