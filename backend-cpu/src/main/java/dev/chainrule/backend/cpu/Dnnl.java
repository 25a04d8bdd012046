package dev.chainrule.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.chainrule.graph.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

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

  /** {@code dnnl_cpu_isa_avx512_core_bf16}, and all with more: AMX, for one. */
  private static final int AVX512_BF16 = 0xe7;

  /** The length of the C API's arrays of dimensions. */
  private static final int MOST_DIMS = 12;

  /** {@code struct { int arg; dnnl_memory_t memory; }}, of which a list goes to a primitive. */
  static final int ARGUMENT_BYTES = 16;

  /** The argument that is a primitive's scratch memory, and the query for its layout. */
  static final int ARG_SCRATCHPAD = 80;

  static final int QUERY_SCRATCHPAD = 136;

  private static final int CPU = 1;
  private static final int SCRATCHPAD_BY_USER = 1;
  private static final int FPMATH_STRICT = 0;
  private static final int QUERY_IMPLEMENTATION = 8;
  private static final int LONGEST_NAME = 200;

  private final SymbolLookup symbols;
  private final MethodHandle sgemm;
  private final MethodHandle effectiveIsa;
  private final MethodHandle ompThreads;
  private final MethodHandle execute;
  private final MethodHandle setAddress;
  private final AtomicLong objects = new AtomicLong();
  private final long engine;
  private final long attributes;
  private final DnnlCache<Made, DnnlPass> passes =
      new DnnlCache<>(this, (handles, made) -> new DnnlPass(this, handles, made.shape, made.weights));
  private final DnnlCache<DnnlMatmul.Shape, DnnlMatmul> products =
      new DnnlCache<>(this, (handles, shape) -> new DnnlMatmul(this, handles, shape));
  private final Pool<NativeScratch> scratch = new Pool<>(NativeScratch::new);

  /**
   * A pass that was asked for.
   *
   * @param weights another pass, whose weights' layout its own have; its identity is that of its shape
   */
  private record Made(DnnlPass.Shape shape, @Nullable DnnlPass weights) {
    @Override
    public boolean equals(Object other) {
      return other instanceof Made(var otherShape, var otherWeights) && shape.equals(otherShape)
          && Objects.equals(shape(weights), shape(otherWeights));
    }

    @Override
    public int hashCode() {
      return Objects.hash(shape, shape(weights));
    }

    private static DnnlPass.@Nullable Shape shape(@Nullable DnnlPass pass) {
      return pass == null ? null : pass.shape();
    }
  }

  /** oneDNN does not do what it was asked to prepare. */
  static final class RefusedException extends RuntimeException {
    RefusedException(String message) {
      super(message);
    }
  }

  private Dnnl(SymbolLookup symbols) {
    this.symbols = symbols;
    sgemm = function(symbols, "dnnl_sgemm", JAVA_BYTE, JAVA_BYTE, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_FLOAT, JAVA_LONG, JAVA_LONG,
        JAVA_LONG, JAVA_LONG, JAVA_FLOAT, JAVA_LONG, JAVA_LONG);
    effectiveIsa = function(symbols, "dnnl_get_effective_cpu_isa");
    // Found through the library that depends on it: what counts is the runtime that oneDNN itself was given.
    ompThreads = function(symbols, "omp_get_max_threads");
    execute = function(symbols, "dnnl_primitive_execute", JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG);
    setAddress = function(symbols, "dnnl_memory_set_data_handle", JAVA_LONG, JAVA_LONG);
    engine = create("dnnl_engine_create", CPU, 0L);
    attributes = create("dnnl_primitive_attr_create");
    require("dnnl_primitive_attr_set_scratchpad_mode", attributes, SCRATCHPAD_BY_USER);
    require("dnnl_primitive_attr_set_fpmath_mode", attributes, FPMATH_STRICT);
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

  /** Whether the processor multiplies bf16 by instructions of its own that oneDNN uses. */
  boolean hasBf16() {
    return (number(effectiveIsa, "dnnl_get_effective_cpu_isa") & AVX512_BF16) == AVX512_BF16;
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

  /**
   * A pass of a convolution, the same for all who ask for it.
   *
   * @throws RefusedException if oneDNN has no good kernel for it
   */
  DnnlPass pass(DnnlPass.Shape shape, DnnlHolds holds) {
    return holds.take(passes, new Made(shape, null));
  }

  /** The same, with its weights lying as those of another pass. */
  DnnlPass pass(DnnlPass.Shape shape, DnnlPass weights, DnnlHolds holds) {
    return holds.take(passes, new Made(shape, weights));
  }

  /**
   * A product of bf16, the same for all who ask for it.
   *
   * @throws RefusedException if oneDNN does not multiply such operands
   */
  DnnlMatmul product(DnnlMatmul.Shape shape, DnnlHolds holds) {
    return holds.take(products, shape);
  }

  DnnlCache<DnnlMatmul.Shape, DnnlMatmul> products() {
    return products;
  }

  /** How many objects of oneDNN's there are. */
  long objects() {
    return objects.get();
  }

  void destroy(String name, long handle) {
    require(name, handle);
    objects.decrementAndGet();
  }

  /** Scratch memory for primitives whose size no plan knows. */
  Pool<NativeScratch> scratch() {
    return scratch;
  }

  /** The processor. */
  long engine() {
    return engine;
  }

  /** Of primitives: scratch memory comes from the caller, arithmetic is that of f32 whatever the environment says. */
  long attributes() {
    return attributes;
  }

  /**
   * Calls a function that writes a handle to its first argument, and gives that handle. For what is done once: it looks the function up.
   *
   * @throws RefusedException if the function gives another status than success
   */
  long create(String name, Object... arguments) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment handle = arena.allocate(JAVA_LONG);
      Object[] all = new Object[arguments.length + 1];
      all[0] = handle.address();
      System.arraycopy(arguments, 0, all, 1, arguments.length);
      require(name, all);
      objects.incrementAndGet();
      return handle.get(JAVA_LONG, 0);
    }
  }

  private void require(String name, Object... arguments) {
    int status = (int) call(name, JAVA_INT, arguments);
    if (status != 0) {
      throw new RefusedException(name + " gave status " + status);
    }
  }

  @SuppressWarnings("restricted")
  private Object call(String name, MemoryLayout result, Object... arguments) {
    MemoryLayout[] parameters = new MemoryLayout[arguments.length];
    for (int i = 0; i < arguments.length; i++) {
      parameters[i] = arguments[i] instanceof Integer ? JAVA_INT : JAVA_LONG;
    }
    MethodHandle function = Linker.nativeLinker().downcallHandle(symbols.findOrThrow(name), FunctionDescriptor.of(result, parameters));
    try {
      return function.invokeWithArguments(arguments);
    } catch (Throwable thrown) {
      throw new IllegalStateException("[cpu] " + name + " could not be called", thrown);
    }
  }

  /** The number of an element type in the C API (dnnl_types.h). */
  static int number(DType dtype) {
    return switch (dtype) {
      case BF16 -> 2;
      case F32 -> 3;
      case F64, F16, I32, I64, U8, BOOL -> throw new IllegalArgumentException("[cpu] oneDNN computes no " + dtype + " here");
    };
  }

  /** A layout by its strides, in elements. */
  long layout(DType dtype, List<Long> dims, List<Long> strides) {
    try (Arena arena = Arena.ofConfined()) {
      return create("dnnl_memory_desc_create_with_strides", dims.size(), dims(dims, arena), number(dtype), dims(strides, arena));
    }
  }

  /** A layout by its name, one of dnnl_format_tag_t. */
  long layout(DType dtype, List<Long> dims, int tag) {
    try (Arena arena = Arena.ofConfined()) {
      return create("dnnl_memory_desc_create_with_tag", dims.size(), dims(dims, arena), number(dtype), tag);
    }
  }

  /** An array of the C API's, for as long as the arena is open. */
  static long dims(List<Long> dims, Arena arena) {
    MemorySegment segment = arena.allocate(JAVA_LONG, MOST_DIMS);
    for (int i = 0; i < dims.size(); i++) {
      segment.setAtIndex(JAVA_LONG, i, dims.get(i));
    }
    return segment.address();
  }

  /** A memory object, which {@link #setAddress} has refer to memory. */
  long memory(long layout) {
    return create("dnnl_memory_create", layout, engine, 0L);
  }

  /** A stream, for one thread at a time. */
  long stream() {
    return create("dnnl_stream_create", engine, 1);
  }

  /** Writes an entry of a list of arguments. */
  static void setArgument(long list, int index, int argument, long memory) {
    OffHeap.MEMORY.set(ValueLayout.JAVA_INT_UNALIGNED, list + (long) index * ARGUMENT_BYTES, argument);
    OffHeap.MEMORY.set(ValueLayout.JAVA_LONG_UNALIGNED, list + (long) index * ARGUMENT_BYTES + Long.BYTES, memory);
  }

  /** What a primitive's descriptor says of an operand's layout. */
  long layout(long descriptor, int query) {
    return (long) call("dnnl_primitive_desc_query_md", JAVA_LONG, descriptor, query, 0);
  }

  /** Bytes of memory in a layout. */
  long bytes(long layout) {
    return (long) call("dnnl_memory_desc_get_size", JAVA_LONG, layout);
  }

  boolean equal(long layout, long other) {
    return (int) call("dnnl_memory_desc_equal", JAVA_INT, layout, other) != 0;
  }

  /** The name of the kernel that oneDNN would use. */
  @SuppressWarnings("restricted")
  String implementation(long descriptor) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocate(JAVA_LONG);
      require("dnnl_primitive_desc_query", descriptor, QUERY_IMPLEMENTATION, 0, name.address());
      return MemorySegment.ofAddress(name.get(JAVA_LONG, 0)).reinterpret(LONGEST_NAME).getString(0);
    }
  }

  /** Has a memory object refer to other memory. */
  void setAddress(long memory, long address) {
    int status;
    try {
      status = (int) setAddress.invokeExact(memory, address);
    } catch (Throwable thrown) {
      throw new IllegalStateException("[cpu] dnnl_memory_set_data_handle could not be called", thrown);
    }
    if (status != 0) {
      throw new IllegalStateException("[cpu] dnnl_memory_set_data_handle gave status " + status);
    }
  }

  /** Executes a primitive on this thread and returns when it is done. */
  void execute(long primitive, long stream, int count, long arguments) {
    int status;
    try {
      status = (int) execute.invokeExact(primitive, stream, count, arguments);
    } catch (Throwable thrown) {
      throw new IllegalStateException("[cpu] dnnl_primitive_execute could not be called", thrown);
    }
    if (status != 0) {
      throw new IllegalStateException("[cpu] dnnl_primitive_execute gave status " + status);
    }
  }
}
