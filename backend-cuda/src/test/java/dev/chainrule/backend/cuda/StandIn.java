package dev.chainrule.backend.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.chainrule.kernels.Source;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import jcuda.driver.JCudaDriver;

/**
 * Libraries that stand in for NVIDIA's driver, compiler, matrix products and convolutions on machines without a GPU, built from C++ by g++. One for each process: JCuda
 * is given the driver that was opened first.
 */
public final class StandIn {

  private static final String JCUDA = "/lib/libJCudaDriver-12.6.0-linux-x86_64.so";

  /** What the stand-in's machine code comes from, and what it runs on. */
  private static final List<String> SOURCES = List.of("libcuda.cpp", "libnvrtc.cpp", "cuda_on_host.h");

  /** What the libraries that run on the driver share. */
  private static final String SHARED = "on_the_driver.h";

  /** These, by their sources. */
  private static final Map<String, String> ON_THE_DRIVER = Map.of("libcublasLt.cpp", "libcublasLt.so.13", "libcudnn.cpp", Cudnn.LIBRARY);

  private static final int DIGITS = 16;

  private final Path folder;

  private StandIn(Path folder) {
    this.folder = folder;
  }

  private static final class Here {
    private static final StandIn BUILT = new StandIn(built());
  }

  /** Whether it can be built here; in CI that it cannot is an error, not a reason to skip tests. */
  public static boolean isPossible() {
    boolean possible = System.getProperty("os.name").equals("Linux") && System.getProperty("os.arch").equals("amd64") && hasCompiler();
    if (!possible && System.getenv("CI") != null) {
      throw new IllegalStateException("The stand-in for CUDA needs g++ on Linux, x86-64: install g++.");
    }
    return possible;
  }

  private static boolean hasCompiler() {
    String path = Optional.ofNullable(System.getenv("PATH")).orElse("");
    return List.of(path.split(":", -1)).stream().anyMatch(folder -> Files.isExecutable(Path.of(folder, "g++")));
  }

  /** The one of this process, built at the first use. */
  public static StandIn here() {
    return Here.BUILT;
  }

  private static Path built() {
    try {
      Path folder = Files.createTempDirectory("chainrule-stand-in");
      for (String source : SOURCES) {
        Files.writeString(folder.resolve(source), resource(source));
      }
      writeMissing(folder);
      compile(folder, "libcuda.so.1", "-fvisibility=hidden", "-Wl,-soname,libcuda.so.1", "libcuda.cpp", "missing.cpp", "-ldl");
      Files.writeString(folder.resolve(SHARED), resource(SHARED));
      for (var library : ON_THE_DRIVER.entrySet()) {
        Files.writeString(folder.resolve(library.getKey()), resource(library.getKey()));
        compile(folder, library.getValue(), "-fvisibility=hidden", "-ffp-contract=off", library.getKey(), "-L.", "-l:libcuda.so.1",
            "-Wl,-rpath,$ORIGIN");
      }
      compile(folder, "libnvrtc.so.13", "-DPRELUDE=\"" + folder.resolve("cuda_on_host.h") + "\"", "libnvrtc.cpp");
      folder.toFile().deleteOnExit(); // the last that was asked for is deleted first
      try (Stream<Path> files = Files.list(folder)) {
        files.forEach(file -> file.toFile().deleteOnExit());
      }
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All other functions that JCuda wants say that they are not supported. */
  private static void writeMissing(Path folder) throws IOException {
    Path jcuda = folder.resolve("jcuda.so");
    try (InputStream library = Objects.requireNonNull(JCudaDriver.class.getResourceAsStream(JCUDA), JCUDA)) {
      Files.copy(library, jcuda);
    }
    List<String> lines = new ArrayList<>();
    for (String line : run(folder, List.of("nm", "-D", "--undefined-only", "jcuda.so")).lines().toList()) {
      String name = line.strip().replaceFirst("^U ", "");
      if (name.matches("cu[A-Z]\\w*")) {
        lines.add("extern \"C\" __attribute__((weak, visibility(\"default\"))) int " + name + "() { return 801; }");
      }
    }
    Files.write(folder.resolve("missing.cpp"), lines);
    Files.delete(jcuda);
  }

  private static void compile(Path folder, String library, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of("g++", "-std=c++20", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", library));
    command.addAll(List.of(arguments));
    run(folder, command);
  }

  static String run(Path folder, List<String> command) throws IOException {
    Process process = new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      if (process.waitFor() != 0) {
        throw new IllegalStateException(command + " failed:\n" + output);
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    return output;
  }

  /** Has the backend find it, and keep what is compiled for it where the build's files are; before anybody asks for devices. */
  public void install() {
    System.setProperty(LibrarySearch.FOLDER, folder.toString());
    System.setProperty(Settings.CUBINS, cubins().toString());
  }

  /** Where what is compiled for it is kept: for each of what it is made of another place, since it is of no use to another one. */
  public static Path cubins() {
    String digest = Source.digest(SOURCES.stream().map(StandIn::resource).collect(Collectors.joining()));
    return Path.of("target", "stand-in-" + digest.substring(0, DIGITS)).toAbsolutePath();
  }

  private static String resource(String name) {
    try (InputStream text = Objects.requireNonNull(StandIn.class.getResourceAsStream(name), name)) {
      return new String(text.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Where its libraries are, for {@code -Dchainrule.cuda.libraries}. */
  public Path folder() {
    return folder;
  }

  /** What the backend finds there. */
  Installation installation() {
    return Installation.of(LibrarySearch.in(folder));
  }

  /**
   * Has a call fail: the {@code number}-th of a kind from now on, of a negative number so many from the next on. Kinds are
   * {@code module}, {@code graph}, {@code graph memory}, {@code products memory}, {@code convolutions memory}, and {@code alloc}, {@code pinned}, {@code launch}, {@code async}, {@code lost}, {@code products},
   * {@code algorithm}, {@code update}, {@code convolutions}, {@code engine}, {@code plan}.
   */
  public void fail(String kind, long number) {
    call("stand_in_fail", kind, number);
  }

  /** Has all copies done that wait for no kernel. */
  @SuppressWarnings("restricted") // the library is of these tests
  public void copy() {
    MethodHandle handle = Linker.nativeLinker().downcallHandle(symbols().findOrThrow("stand_in_copy"), FunctionDescriptor.of(JAVA_INT));
    try {
      if ((int) handle.invoke() != 0) {
        throw new IllegalStateException("a copy failed");
      }
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /** Changes the machine: {@code version}, {@code init}, {@code devices}, {@code capability}, {@code memory}. */
  public void set(String what, long value) {
    call("stand_in_set", what, value);
  }

  @SuppressWarnings("restricted") // the library is of these tests
  private void call(String function, String text, long number) {
    try (Arena arena = Arena.ofConfined()) {
      MethodHandle handle = Linker.nativeLinker().downcallHandle(symbols().findOrThrow(function), FunctionDescriptor.ofVoid(ADDRESS, JAVA_LONG));
      handle.invoke(arena.allocateFrom(text), number);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /** How much there is of something: {@code all}, {@code memory}, {@code graphs}, {@code launches}, {@code replays}, ... */
  @SuppressWarnings("restricted")
  public long count(String what) {
    try (Arena arena = Arena.ofConfined()) {
      MethodHandle handle = Linker.nativeLinker().downcallHandle(symbols().findOrThrow("stand_in_count"), FunctionDescriptor.of(JAVA_LONG, ADDRESS));
      return (long) handle.invoke(arena.allocateFrom(what));
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  @SuppressWarnings("restricted")
  private SymbolLookup symbols() {
    return SymbolLookup.libraryLookup(folder.resolve(Driver.LIBRARY), Arena.global());
  }
}
