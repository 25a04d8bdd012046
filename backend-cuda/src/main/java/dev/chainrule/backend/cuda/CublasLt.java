package dev.chainrule.backend.cuda;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * NVIDIA's library of matrix products, {@code libcublasLt}, through the foreign function interface. Methods are named as the library's
 * functions, constants as its enumerators. Handles, descriptors, and addresses on the device and on the host, are numbers.
 */
final class CublasLt {

  static final int CUBLAS_COMPUTE_32F = 68;
  static final int CUBLAS_COMPUTE_64F = 70;
  static final int CUBLAS_COMPUTE_32F_FAST_TF32 = 77;

  static final int CUDA_R_32F = 0;
  static final int CUDA_R_64F = 1;
  static final int CUDA_R_16F = 2;
  static final int CUDA_R_16BF = 14;

  static final int CUBLASLT_MATMUL_DESC_TRANSA = 3;
  static final int CUBLASLT_MATMUL_DESC_TRANSB = 4;

  static final int CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT = 5;
  static final int CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET = 6;

  static final int CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES = 1;
  static final int CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK = 3;
  static final int CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES = 5;
  static final int CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES = 6;
  static final int CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES = 7;
  static final int CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES = 8;

  static final int CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE = 2;

  static final int CUBLAS_STATUS_NOT_SUPPORTED = 15;

  /** The function from a status to its name. */
  private static final String NAMING = "cublasLtGetStatusName";

  /** {@code cublasLtMatmulHeuristicResult_t}: the algorithm, bytes of workspace, status, waves, four integers. */
  private static final long RESULT_BYTES = 96;

  private static final long ALGORITHM_BYTES = 64;
  private static final long STATUS_AT = ALGORITHM_BYTES + Long.BYTES;

  private static final MethodHandle NOTHING = Linker.nativeLinker().downcallHandle(FunctionDescriptor.of(JAVA_LONG));
  private static final MethodHandle L = form(JAVA_LONG);
  private static final MethodHandle LII = form(JAVA_LONG, JAVA_INT, JAVA_INT);
  private static final MethodHandle LILL = form(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle LILLL = form(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle HEURISTIC = form(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT,
      JAVA_LONG, JAVA_LONG);
  private static final MethodHandle MATMUL = form(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
      JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);

  private final Library library;
  private final MemorySegment matmul;

  /**
   * What the library would do for a product.
   *
   * @param address of its description, on the host
   * @param workspaceBytes that it needs
   */
  record Algorithm(long address, long workspaceBytes) {}

  /** @throws java.util.NoSuchElementException if the library lacks a function */
  CublasLt(Library library) {
    this.library = library;
    this.matmul = library.function("cublasLtMatmul");
  }

  /**
   * Opens the library if it is there. One for a newer CUDA than the driver's does not start.
   *
   * @param cuda the driver's major version
   * @throws IllegalArgumentException if the operating system cannot open it
   */
  static Optional<CublasLt> find(LibrarySearch search, int cuda) {
    return search.open(names(cuda)).map(CublasLt::new);
  }

  static List<String> names(int cuda) {
    return cuda >= 13 ? List.of("libcublasLt.so.13", "libcublasLt.so.12") : List.of("libcublasLt.so.12");
  }

  @SuppressWarnings("restricted") // native calls live here
  private static MethodHandle form(MemoryLayout... parameters) {
    return Linker.nativeLinker().downcallHandle(FunctionDescriptor.of(JAVA_INT, parameters));
  }

  String path() {
    return library.path();
  }

  /** Such as {@code cublasLt-13.1.1}. */
  String version() {
    long number;
    try {
      number = (long) NOTHING.invokeExact(library.function("cublasLtGetVersion"));
    } catch (Throwable thrown) {
      throw broken(thrown);
    }
    return "cublasLt-%d.%d.%d".formatted(number / 10000, number / 100 % 100, number % 100);
  }

  /** On the thread with the context, for which the handle is. */
  long cublasLtCreate() {
    return made("cublasLtCreate", (function, out) -> (int) L.invokeExact(function, out));
  }

  void cublasLtDestroy(long handle) {
    end("cublasLtDestroy", handle);
  }

  long cublasLtMatmulDescCreate(int computeType, int scaleType) {
    return made("cublasLtMatmulDescCreate", (function, out) -> (int) LII.invokeExact(function, out, computeType, scaleType));
  }

  void cublasLtMatmulDescSetAttribute(long descriptor, int attribute, int value) {
    set("cublasLtMatmulDescSetAttribute", descriptor, attribute, value, Integer.BYTES);
  }

  void cublasLtMatmulDescDestroy(long descriptor) {
    end("cublasLtMatmulDescDestroy", descriptor);
  }

  long cublasLtMatrixLayoutCreate(int type, long rows, long columns, long leading) {
    return made("cublasLtMatrixLayoutCreate", (function, out) -> (int) LILLL.invokeExact(function, out, type, rows, columns, leading));
  }

  void cublasLtMatrixLayoutSetAttribute(long layout, int attribute, int value) {
    set("cublasLtMatrixLayoutSetAttribute", layout, attribute, value, Integer.BYTES);
  }

  void cublasLtMatrixLayoutSetAttribute(long layout, int attribute, long value) {
    set("cublasLtMatrixLayoutSetAttribute", layout, attribute, value, Long.BYTES);
  }

  void cublasLtMatrixLayoutDestroy(long layout) {
    end("cublasLtMatrixLayoutDestroy", layout);
  }

  long cublasLtMatmulPreferenceCreate() {
    return made("cublasLtMatmulPreferenceCreate", (function, out) -> (int) L.invokeExact(function, out));
  }

  void cublasLtMatmulPreferenceSetAttribute(long preference, int attribute, int value) {
    set("cublasLtMatmulPreferenceSetAttribute", preference, attribute, value, Integer.BYTES);
  }

  void cublasLtMatmulPreferenceSetAttribute(long preference, int attribute, long value) {
    set("cublasLtMatmulPreferenceSetAttribute", preference, attribute, value, Long.BYTES);
  }

  void cublasLtMatmulPreferenceDestroy(long preference) {
    end("cublasLtMatmulPreferenceDestroy", preference);
  }

  /**
   * The best algorithms by the library's estimate, the first before the others; none if it has none.
   *
   * @param most how many
   * @param allocator of what they are written to
   */
  List<Algorithm> cublasLtMatmulAlgoGetHeuristic(long handle, long descriptor, long a, long b, long c, long d, long preference, int most,
      SegmentAllocator allocator) {
    MemorySegment results = allocator.allocate(RESULT_BYTES * most, Long.BYTES);
    MemorySegment count = allocator.allocate(JAVA_INT);
    int status = library.status("cublasLtMatmulAlgoGetHeuristic", function -> (int) HEURISTIC.invokeExact(function, handle, descriptor, a, b,
        c, d, preference, most, results.address(), count.address()));
    if (status == CUBLAS_STATUS_NOT_SUPPORTED) {
      return List.of();
    }
    library.check("cublasLtMatmulAlgoGetHeuristic", status, NAMING);
    List<Algorithm> algorithms = new ArrayList<>();
    for (int i = 0; i < count.get(JAVA_INT, 0); i++) {
      MemorySegment result = results.asSlice(i * RESULT_BYTES, RESULT_BYTES);
      if (result.get(JAVA_INT, STATUS_AT) == 0) {
        algorithms.add(new Algorithm(result.address(), result.get(JAVA_LONG, ALGORITHM_BYTES)));
      }
    }
    return algorithms;
  }

  /** Enqueues {@code d = alpha a b + beta c}; alpha and beta are addresses on the host, as are the algorithm's and the descriptors'. */
  void cublasLtMatmul(long handle, long descriptor, long alpha, long a, long aLayout, long b, long bLayout, long beta, long c, long cLayout,
      long d, long dLayout, long algorithm, long workspace, long workspaceBytes, long stream) {
    int status;
    try {
      status = (int) MATMUL.invokeExact(matmul, handle, descriptor, alpha, a, aLayout, b, bLayout, beta, c, cLayout, d, dLayout, algorithm,
          workspace, workspaceBytes, stream);
    } catch (Throwable thrown) {
      throw broken(thrown);
    }
    library.check("cublasLtMatmul", status, NAMING);
  }

  // --- the forms of call -----------------------------------------------------------------------------------------------------------

  private long made(String function, Library.Creation creation) {
    return library.made(function, NAMING, creation);
  }

  private void set(String function, long object, int attribute, long value, long bytes) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocateFrom(JAVA_LONG, value); // little-endian, so that the first four bytes are the integer
      library.call(function, NAMING, address -> (int) LILL.invokeExact(address, object, attribute, buffer.address(), bytes));
    }
  }

  private void end(String function, long object) {
    library.call(function, NAMING, address -> (int) L.invokeExact(address, object));
  }

  private static IllegalStateException broken(Throwable thrown) {
    return new IllegalStateException("[cuda] cuBLASLt could not be called", thrown);
  }
}
