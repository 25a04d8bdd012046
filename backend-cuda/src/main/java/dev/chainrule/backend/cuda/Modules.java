package dev.chainrule.backend.cuda;

import dev.chainrule.KernelCompilationException;
import dev.chainrule.kernels.Dialect;
import dev.chainrule.kernels.Source;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import jcuda.driver.CUmodule;

/**
 * The kernels that are on the device. What a plan lacks is compiled as one program, unless it was compiled ahead or is on disk, and stays
 * to the end.
 */
final class Modules {

  private static final String HEAD = Dialect.CUDA.head(true);

  /** Statuses of a driver that has no use for a file: damaged or not for this GPU, PTX that is too new, without the kernel. */
  private static final Set<Integer> USELESS = Set.of(200, 209, 218, 222, 500);

  private final Context context;
  private final KernelCompiler compiler;
  private final String architecture;
  private final CubinFiles files;
  private final Map<String, Long> functions = new HashMap<>();
  private final Map<String, CUmodule> modules = new HashMap<>();
  private final Precompiled precompiled = Precompiled.here();

  /** Files that the driver has no use for, with what it said. */
  private final Map<String, String> useless = new HashMap<>();

  Modules(Context context, KernelCompiler compiler, String architecture, Settings settings) {
    this.context = context;
    this.compiler = compiler;
    this.architecture = architecture;
    this.files = new CubinFiles(settings.cubins(), compiler, architecture, HEAD);
    context.atEnd(() -> modules.values().forEach(context.setup()::cuModuleUnload));
  }

  /**
   * Has these kernels on the device.
   *
   * @throws KernelCompilationException if the compiler refuses one
   */
  void require(Collection<Source> sources) {
    List<Source> missing = new ArrayList<>();
    for (Source source : sources) {
      if (!functions.containsKey(source.name()) && !isCompiledAhead(source) && !isOnDisk(source)) {
        missing.add(source);
      }
    }
    if (!missing.isEmpty()) {
      String name = CubinFiles.name(missing);
      byte[] cubin = compiled(missing);
      files.keep(name, cubin, missing);
      load(name, cubin, missing);
    }
  }

  private boolean isCompiledAhead(Source source) {
    Optional<String> file = precompiled.fileOf(source);
    return file.isPresent() && context.call(() -> loadedFrom(file.get(), () -> precompiled.content(file.get()), source));
  }

  /** On the context's thread; not from what the driver cannot use, a file that is damaged or for other GPUs. */
  private boolean loadedFrom(String file, Supplier<byte[]> content, Source source) {
    if (useless.containsKey(file)) {
      return false;
    }
    DriverSetup setup = context.setup();
    try {
      CUmodule module = modules.containsKey(file) ? modules.get(file) : loaded(content.get());
      modules.put(file, module);
      functions.put(source.name(), setup.cuModuleGetFunction(module, source.name()).handle());
      return true;
    } catch (CudaException e) {
      if (!USELESS.contains(e.status())) {
        throw e;
      }
      System.getLogger(Modules.class.getName()).log(System.Logger.Level.INFO, "kernels that were compiled before are not used: " + e.problem());
      useless.put(file, e.problem());
      return false;
    }
  }

  private boolean isOnDisk(Source source) {
    Optional<String> name = files.cubinOf(source);
    if (name.isEmpty()) {
      return false;
    }
    // Many kernels share a cubin, which is read once.
    Optional<byte[]> cubin = modules.containsKey(name.get()) ? Optional.of(new byte[0]) : files.cubin(name.get());
    return cubin.isPresent() && context.call(() -> loadedFrom(name.get(), cubin::get, source));
  }

  private byte[] compiled(List<Source> sources) {
    String refused = sources.stream().flatMap(source -> precompiled.fileOf(source).stream()).distinct()
        .filter(useless::containsKey).map(file -> file + ": " + useless.get(file)).collect(Collectors.joining("; "));
    if (compiler instanceof NoCompiler(String remedy) && !refused.isEmpty()) {
      throw new KernelCompilationException(context.id(), "this computation's kernels were compiled ahead, but the driver has no use for them ("
          + refused + "), and NVRTC, NVIDIA's compiler, is not there",
          "Compile them again for this GPU and driver (scripts/compile-kernels). Or: " + remedy);
    }
    String text = HEAD + sources.stream().map(Source::text).collect(Collectors.joining("\n"));
    try {
      return compiler.compile(text, architecture);
    } catch (KernelCompiler.CompilationFailure e) {
      throw new KernelCompilationException(context.id(), "%s refuses kernels for %s:%n%s".formatted(compiler.version(), architecture, e.getMessage()),
          "This is a defect of Chainrule's, or the compiler is older than the GPU: try a newer NVRTC.");
    } catch (CudaException e) {
      throw new KernelCompilationException(context.id(), e.problem(), "Try another version of NVRTC: pip install nvidia-cuda-nvrtc.");
    }
  }

  private CUmodule loaded(byte[] cubin) {
    return context.taking(() -> context.setup().cuModuleLoadData(cubin));
  }

  private void load(String name, byte[] cubin, List<Source> kernels) {
    context.run(() -> {
      DriverSetup setup = context.setup();
      CUmodule module = modules.computeIfAbsent(name, _ -> loaded(cubin));
      kernels.forEach(kernel -> functions.put(kernel.name(), setup.cuModuleGetFunction(module, kernel.name()).handle()));
    });
  }

  /** Handle of a kernel that was required before. */
  long function(Source source) {
    return Objects.requireNonNull(functions.get(source.name()), source.name());
  }
}
