package dev.chainrule.backend.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * NVIDIA's compiler as a library, {@code libnvrtc}; needs neither GPU nor driver. Cubins for the GPU at hand are asked for rather than
 * PTX: an older driver rejects PTX of a newer compiler.
 */
final class Nvrtc implements KernelCompiler {

  private static final int COMPILATION_FAILED = 6;

  /** Without contraction, flushing and approximations: an operation's bits are those of the definition. */
  static final List<String> OPTIONS = List.of("--std=c++17", "--fmad=false", "--ftz=false", "--prec-div=true", "--prec-sqrt=true");

  private static final MethodHandle ONE = form(JAVA_LONG);
  private static final MethodHandle TWO = form(JAVA_LONG, JAVA_LONG);
  private static final MethodHandle COMPILE = form(JAVA_LONG, JAVA_INT, JAVA_LONG);
  private static final MethodHandle CREATE = form(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);

  private final Library library;
  private final String version;

  private Nvrtc(Library library) {
    this.library = library;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment numbers = arena.allocate(JAVA_INT, 2);
      check("nvrtcVersion", two("nvrtcVersion", numbers.address(), numbers.address() + JAVA_INT.byteSize()));
      version = "nvrtc-" + numbers.getAtIndex(JAVA_INT, 0) + "." + numbers.getAtIndex(JAVA_INT, 1);
    }
  }

  /**
   * Opens NVRTC if it is there.
   *
   * @param cuda the driver's major version: a compiler of the same makes what the driver certainly takes
   * @throws IllegalArgumentException if the operating system cannot open it
   */
  static Optional<Nvrtc> find(LibrarySearch search, int cuda) {
    List<String> names = cuda >= 13 ? List.of("libnvrtc.so.13", "libnvrtc.so.12") : List.of("libnvrtc.so.12", "libnvrtc.so.13");
    search.file(names).ifPresent(Nvrtc::openBuiltins);
    return search.open(names).map(Nvrtc::new);
  }

  /** NVRTC asks for this library by its name alone and is given the one that is open. */
  @SuppressWarnings("restricted") // native calls live here
  private static void openBuiltins(Path nvrtc) {
    Path folder = Optional.ofNullable(nvrtc.getParent()).orElse(Path.of("."));
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "libnvrtc-builtins.so*")) {
      files.forEach(file -> SymbolLookup.libraryLookup(file, Arena.global()));
    } catch (IOException _) {
      // Then NVRTC looks for it itself, and says what it lacks when it compiles.
    }
  }

  @SuppressWarnings("restricted")
  private static MethodHandle form(MemoryLayout... parameters) {
    return Linker.nativeLinker().downcallHandle(FunctionDescriptor.of(JAVA_INT, parameters));
  }

  String path() {
    return library.path();
  }

  @Override
  public String version() {
    return version;
  }

  @Override
  public List<String> options() {
    return OPTIONS;
  }

  @Override
  public byte[] compile(String source, String architecture) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment program = arena.allocate(JAVA_LONG);
      check("nvrtcCreateProgram", create(program.address(), arena.allocateFrom(source).address(), arena.allocateFrom("kernels.cu").address()));
      try {
        return compiled(program.get(JAVA_LONG, 0), architecture, arena);
      } finally {
        check("nvrtcDestroyProgram", one("nvrtcDestroyProgram", program.address()));
      }
    }
  }

  private byte[] compiled(long program, String architecture, Arena arena) {
    MemorySegment options = arena.allocate(ADDRESS, OPTIONS.size() + 1L);
    for (int i = 0; i < OPTIONS.size(); i++) {
      options.setAtIndex(ADDRESS, i, arena.allocateFrom(OPTIONS.get(i)));
    }
    options.setAtIndex(ADDRESS, OPTIONS.size(), arena.allocateFrom("--gpu-architecture=" + architecture));
    int status;
    try {
      status = (int) COMPILE.invokeExact(library.function("nvrtcCompileProgram"), program, OPTIONS.size() + 1, options.address());
    } catch (Throwable thrown) {
      throw broken(thrown);
    }
    if (status == COMPILATION_FAILED) {
      throw new CompilationFailure(output(program, "nvrtcGetProgramLogSize", "nvrtcGetProgramLog", arena).getString(0));
    }
    check("nvrtcCompileProgram", status);
    return output(program, "nvrtcGetCUBINSize", "nvrtcGetCUBIN", arena).toArray(JAVA_BYTE);
  }

  private MemorySegment output(long program, String size, String content, Arena arena) {
    MemorySegment bytes = arena.allocate(JAVA_LONG);
    check(size, two(size, program, bytes.address()));
    MemorySegment output = arena.allocate(Math.max(1, bytes.get(JAVA_LONG, 0)));
    check(content, two(content, program, output.address()));
    return output;
  }

  private void check(String call, int status) {
    library.check(call, status, "nvrtcGetErrorString");
  }

  private int create(long program, long source, long name) {
    try {
      return (int) CREATE.invokeExact(library.function("nvrtcCreateProgram"), program, source, name, 0, 0L, 0L);
    } catch (Throwable thrown) {
      throw broken(thrown);
    }
  }

  private int one(String function, long a) {
    try {
      return (int) ONE.invokeExact(library.function(function), a);
    } catch (Throwable thrown) {
      throw broken(thrown);
    }
  }

  private int two(String function, long a, long b) {
    try {
      return (int) TWO.invokeExact(library.function(function), a, b);
    } catch (Throwable thrown) {
      throw broken(thrown);
    }
  }

  private static IllegalStateException broken(Throwable thrown) {
    return new IllegalStateException("[cuda] NVRTC could not be called", thrown);
  }
}
