package dev.chainrule.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/**
 * oneDNN's C API, as much of it as the kernels need. Pointers are passed as numbers, which takes the same registers and makes no objects.
 * The library stays open as long as the process lives.
 *
 * <p>oneDNN was built for OpenMP, and would share out each call among threads of its own. Here it is told that there is one: each call is
 * computed by the thread that makes it, and {@link Workers} are the only threads.
 */
final class Dnnl {

  /** The bit pattern of {@code dnnl_cpu_isa_avx512_core}: processors with more have these bits too (dnnl_types.h). */
  private static final int AVX512 = 0x27;

  private final MethodHandle sgemm;
  private final MethodHandle effectiveIsa;
  private final MethodHandle ompThreads;

  private Dnnl(SymbolLookup symbols) {
    sgemm = function(symbols, "dnnl_sgemm", JAVA_BYTE, JAVA_BYTE, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_FLOAT, JAVA_LONG, JAVA_LONG,
        JAVA_LONG, JAVA_LONG, JAVA_FLOAT, JAVA_LONG, JAVA_LONG);
    effectiveIsa = function(symbols, "dnnl_get_effective_cpu_isa");
    // Found through the library that depends on it: what counts is the runtime that oneDNN itself was given.
    ompThreads = function(symbols, "omp_get_max_threads");
  }

  /**
   * Opens the libraries in a folder.
   *
   * @throws IllegalArgumentException if the operating system cannot open them
   * @throws java.util.NoSuchElementException if they lack a function
   */
  @SuppressWarnings("restricted") // native calls live here
  static Dnnl open(Path folder) {
    try (var _ = new DnnlEnvironment()) {
      // oneDNN asks for this one by its name alone and is given the one that is open.
      SymbolLookup.libraryLookup(folder.resolve(DnnlFiles.OPENMP), Arena.global());
      return new Dnnl(SymbolLookup.libraryLookup(folder.resolve(DnnlFiles.LIBRARY), Arena.global()));
    }
  }

  @SuppressWarnings("restricted")
  private static MethodHandle function(SymbolLookup symbols, String name, MemoryLayout... parameters) {
    return Linker.nativeLinker().downcallHandle(symbols.findOrThrow(name), FunctionDescriptor.of(JAVA_INT, parameters));
  }

  /** Whether oneDNN may use AVX-512 on this processor. */
  boolean hasAvx512() {
    return (number(effectiveIsa, "dnnl_get_effective_cpu_isa") & AVX512) == AVX512;
  }

  /** How many threads oneDNN would compute on. */
  int threads() {
    return number(ompThreads, "omp_get_max_threads");
  }

  private static int number(MethodHandle function, String name) {
    try {
      return (int) function.invokeExact();
    } catch (Throwable thrown) {
      throw new IllegalStateException("[cpu] " + name + " could not be called", thrown);
    }
  }

  /**
   * C[m, n] = A[m, k] B[k, n] + beta C, row by row. A and B are {@code 'N'}, dense along their rows, or {@code 'T'}, dense along their
   * columns; {@code ldA}, {@code ldB} and {@code ldC} are the distances between these, in elements.
   */
  void sgemm(byte formA, byte formB, long m, long n, long k, long a, long ldA, long b, long ldB, float beta, long c, long ldC) {
    int status;
    try {
      status = (int) sgemm.invokeExact(formA, formB, m, n, k, 1f, a, ldA, b, ldB, beta, c, ldC);
    } catch (Throwable thrown) {
      throw new IllegalStateException("[cpu] dnnl_sgemm could not be called", thrown);
    }
    if (status != 0) {
      throw new IllegalStateException(
          "[cpu] dnnl_sgemm gave status %d for m=%d n=%d k=%d ldA=%d ldB=%d ldC=%d".formatted(status, m, n, k, ldA, ldB, ldC));
    }
  }
}
