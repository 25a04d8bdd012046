package dev.chainrule.benchmarks.floor;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.net.URI;
import java.net.URL;
import java.nio.file.Path;
import java.util.Optional;

/**
 * oneDNN's C API, as much of it as the floor needs, in the natives that JavaCPP's jar carries. Nothing is ever given back: the process
 * ends when it has measured.
 */
final class Dnnl {

  private static final String NATIVES = "/org/bytedeco/dnnl/linux-x86_64/";
  private static final Arena ARENA = Arena.global();

  // Numbers of the C API's enumerations (dnnl_types.h).
  private static final int CPU = 1;
  private static final int IN_ORDER = 1;
  private static final int F32 = 3;
  private static final int MOST_DIMS = 12;

  private final SymbolLookup symbols;
  private final MethodHandle sgemm;
  private final MethodHandle execute;
  private final MemorySegment engine;
  private final MemorySegment stream;

  private Dnnl(SymbolLookup symbols) {
    this.symbols = symbols;
    sgemm = function("dnnl_sgemm", JAVA_BYTE, JAVA_BYTE, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_FLOAT, ADDRESS, JAVA_LONG, ADDRESS,
        JAVA_LONG, JAVA_FLOAT, ADDRESS, JAVA_LONG);
    execute = function("dnnl_primitive_execute", ADDRESS, ADDRESS, JAVA_INT, ADDRESS);
    engine = create("dnnl_engine_create", CPU, 0L);
    stream = create("dnnl_stream_create", engine, IN_ORDER);
  }

  /** oneDNN, if its natives are files on the class path. It computes on as many threads as OMP_NUM_THREADS says. */
  static Optional<Library> find() {
    URL there = Dnnl.class.getResource(NATIVES + "libdnnl.so.3");
    if (there == null || !there.getProtocol().equals("file")) {
      return Optional.empty();
    }
    Path library = Path.of(URI.create(there.toString()));
    // oneDNN asks for this one by its name alone; it is found because it is open.
    SymbolLookup.libraryLookup(library.resolveSibling("libgomp.so.1"), ARENA);
    var dnnl = new Dnnl(SymbolLookup.libraryLookup(library, ARENA));
    return Optional.of(new Library("oneDNN", new DnnlCalls(dnnl)::prepare));
  }

  private MethodHandle function(String name, MemoryLayout... parameters) {
    return Linker.nativeLinker().downcallHandle(symbols.find(name).orElseThrow(), FunctionDescriptor.of(JAVA_INT, parameters));
  }

  /** Calls a function that writes a handle to its first argument, and gives that handle. */
  MemorySegment create(String name, Object... arguments) {
    MemoryLayout[] parameters = new MemoryLayout[arguments.length + 1];
    Object[] all = new Object[arguments.length + 1];
    MemorySegment handle = ARENA.allocate(ADDRESS);
    parameters[0] = ADDRESS;
    all[0] = handle;
    for (int i = 0; i < arguments.length; i++) {
      all[i + 1] = arguments[i];
      parameters[i + 1] = switch (arguments[i]) {
        case Integer _ -> JAVA_INT;
        case Long _ -> JAVA_LONG;
        default -> ADDRESS;
      };
    }
    try {
      check(name, (int) function(name, parameters).invokeWithArguments(all));
    } catch (Throwable e) {
      throw failure(name, e);
    }
    return handle.get(ADDRESS, 0);
  }

  MemorySegment engine() {
    return engine;
  }

  static MemorySegment floats(long count) {
    return ARENA.allocate(count * Float.BYTES, 64).fill((byte) 0);
  }

  static MemorySegment dims(long... dims) {
    MemorySegment segment = ARENA.allocate(JAVA_LONG, MOST_DIMS);
    MemorySegment.copy(dims, 0, segment, JAVA_LONG, 0, dims.length);
    return segment;
  }

  /** A descriptor of f32 in the layout that a format tag names. */
  MemorySegment descriptor(int tag, long... dims) {
    return create("dnnl_memory_desc_create_with_tag", dims.length, dims(dims), F32, tag);
  }

  /** Memory for what a primitive's descriptor asks for under this query. */
  MemorySegment memory(MemorySegment primitive, int query) {
    try {
      var ask = FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_INT, JAVA_INT);
      MethodHandle queryMd = Linker.nativeLinker().downcallHandle(symbols.find("dnnl_primitive_desc_query_md").orElseThrow(), ask);
      var descriptor = (MemorySegment) queryMd.invokeExact(primitive, query, 0);
      var count = FunctionDescriptor.of(JAVA_LONG, ADDRESS);
      MethodHandle size = Linker.nativeLinker().downcallHandle(symbols.find("dnnl_memory_desc_get_size").orElseThrow(), count);
      long bytes = (long) size.invokeExact(descriptor);
      return create("dnnl_memory_create", descriptor, engine, floats(bytes / Float.BYTES + 1));
    } catch (Throwable e) {
      throw failure("dnnl_primitive_desc_query_md", e);
    }
  }

  /** A primitive with its arguments, as pairs of an argument's number and its memory. */
  Runnable primitive(MemorySegment descriptor, Object... arguments) {
    MemorySegment primitive = create("dnnl_primitive_create", descriptor);
    int count = arguments.length / 2;
    // struct { int arg; dnnl_memory_t memory; }
    MemorySegment list = ARENA.allocate(16L * count, 8);
    for (int i = 0; i < count; i++) {
      list.set(JAVA_INT, 16L * i, (Integer) arguments[2 * i]);
      list.set(ADDRESS, 16L * i + 8, (MemorySegment) arguments[2 * i + 1]);
    }
    return () -> {
      try {
        check("dnnl_primitive_execute", (int) execute.invokeExact(primitive, stream, count, list));
      } catch (Throwable e) {
        throw failure("dnnl_primitive_execute", e);
      }
    };
  }

  /** C [m, n] = A [m, k] B [k, n], row by row. */
  void sgemm(long m, long k, long n, MemorySegment a, MemorySegment b, MemorySegment c) {
    try {
      check("dnnl_sgemm", (int) sgemm.invokeExact((byte) 'N', (byte) 'N', m, n, k, 1f, a, k, b, n, 0f, c, n));
    } catch (Throwable e) {
      throw failure("dnnl_sgemm", e);
    }
  }

  private static void check(String name, int status) {
    if (status != 0) {
      throw new IllegalStateException(name + " gave status " + status);
    }
  }

  private static RuntimeException failure(String name, Throwable e) {
    return e instanceof RuntimeException known ? known : new IllegalStateException(name + " cannot be called", e);
  }
}
