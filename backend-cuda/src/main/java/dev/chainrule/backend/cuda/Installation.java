package dev.chainrule.backend.cuda;

import dev.chainrule.InvalidArgumentException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a machine has of NVIDIA's: driver, GPUs, compiler, libraries. Found out without touching JCuda, whose classes can't be initialised where
 * there is no driver.
 *
 * @param driver if it is there and works
 * @param cards the GPUs that can be used
 * @param compiler if it is there
 * @param libraries of matrix products and convolutions
 * @param findings one line each
 * @param remedy what to do; empty if all is well
 */
record Installation(Optional<Driver> driver, List<Card> cards, Optional<Nvrtc> compiler, Libraries libraries,
    List<String> findings, String remedy) {

  private static final int OLDEST_CUDA = 12000;

  Installation {
    cards = List.copyOf(cards);
    findings = List.copyOf(findings);
  }

  boolean isUsable() {
    return remedy.isEmpty();
  }

  /** What compiles for the GPUs, or says that nothing does. */
  KernelCompiler anyCompiler() {
    return compiler.isPresent() ? compiler.get() : new NoCompiler(nvrtc(driver.map(Driver::cuDriverGetVersion).orElse(OLDEST_CUDA)));
  }

  static Installation of(LibrarySearch search) {
    if (!System.getProperty("os.name").equals("Linux") || !System.getProperty("os.arch").equals("amd64")) {
      return without("there is no CUDA backend for %s on %s".formatted(System.getProperty("os.name"), System.getProperty("os.arch")),
          "Use Linux on x86-64, or --backend opencl.");
    }
    Optional<Library> library;
    try {
      library = search.open(List.of(Driver.LIBRARY));
    } catch (IllegalArgumentException e) {
      return without("NVIDIA's driver library " + Driver.LIBRARY + " cannot be opened: " + e.getMessage(), "Install NVIDIA's driver anew.");
    }
    if (library.isEmpty()) {
      return without("NVIDIA's driver library " + Driver.LIBRARY + " is not there: " + search.where(),
          "Install NVIDIA's driver, version 525 or newer (Ubuntu: sudo apt install nvidia-driver-580); in a container start it with"
              + " --gpus all, which needs the NVIDIA Container Toolkit.");
    }
    return of(library.get(), search);
  }

  private static Installation without(String finding, String remedy) {
    return new Installation(Optional.empty(), List.of(), Optional.empty(), Libraries.NONE, List.of(finding), remedy);
  }

  private static Installation of(Library library, LibrarySearch search) {
    Driver driver;
    try {
      driver = new Driver(library);
    } catch (NoSuchElementException e) {
      return without(library.path() + " is older than CUDA 12: " + e.getMessage(), "Install NVIDIA's driver, version 525 or newer.");
    }
    try {
      driver.cuInit();
      int version = driver.cuDriverGetVersion();
      if (version < OLDEST_CUDA) {
        return without("the driver (%s) is for CUDA %s; 12.0 is needed".formatted(driver.path(), cuda(version)),
            "Install NVIDIA's driver, version 525 or newer.");
      }
      return with(driver, version, search);
    } catch (InvalidArgumentException e) {
      return without(String.valueOf(e.getMessage()), "Correct the property.");
    } catch (CudaException e) {
      return without("the driver (%s) does not start: %s".formatted(driver.path(), e.problem()), remedy(e.status(), Path.of("/dev")));
    }
  }

  private static Installation with(Driver driver, int version, LibrarySearch search) {
    List<String> findings = new ArrayList<>(List.of("driver for CUDA %s (%s)".formatted(cuda(version), driver.path())));
    List<Card> cards = new ArrayList<>();
    int count = driver.cuDeviceGetCount();
    for (int ordinal = 0; ordinal < count; ordinal++) {
      Card card = Card.of(driver, ordinal);
      if (card.isNewEnough()) {
        cards.add(card);
      } else {
        findings.add("too old, 7.5 is needed: " + card.description());
      }
    }
    Optional<Nvrtc> compiler = Optional.empty();
    try {
      compiler = Nvrtc.find(search, version / 1000);
      findings.add(compiler.map(c -> "%s (%s)".formatted(c.version(), c.path())).orElse("NVRTC, NVIDIA's compiler, is not there: " + search.where()));
    } catch (IllegalArgumentException | NoSuchElementException | CudaException e) {
      findings.add("NVRTC, NVIDIA's compiler, cannot be opened: " + e.getMessage());
    }
    int ahead = Precompiled.here().count();
    if (compiler.isEmpty() && ahead > 0) {
      findings.add("without NVRTC only the %d kernels that were compiled ahead can run; for others: %s".formatted(ahead, nvrtc(version)));
    }
    Libraries libraries = Libraries.find(search, version / 1000);
    findings.addAll(libraries.findings());
    findings.add(search.toolkits().isEmpty() ? "no CUDA toolkit, which is needed for none of these"
        : "CUDA toolkits: " + search.toolkits().stream().map(Path::toString).collect(Collectors.joining(", ")));
    return new Installation(Optional.of(driver), cards, compiler, libraries, findings, remedy(count, cards, compiler.isPresent() || ahead > 0, version));
  }

  private static String remedy(int count, List<Card> cards, boolean hasKernels, int version) {
    if (count == 0) {
      return remedy(CudaException.NO_DEVICE, Path.of("/dev"));
    }
    if (cards.isEmpty()) {
      return "Use --backend opencl with this GPU.";
    }
    return hasKernels ? "" : nvrtc(version);
  }

  /** Those that CUDA opens: of the kernel module, of its memory, of each GPU. */
  private static List<Path> deviceFiles(Path devices) {
    try (Stream<Path> files = Files.list(devices)) {
      return files.filter(file -> file.getFileName().toString().matches("nvidia(ctl|-uvm|\\d+)")).sorted().toList();
    } catch (IOException _) {
      return List.of(); // then there is nothing to say about them
    }
  }

  private static String group(Path file) {
    try {
      return file + ": " + Files.readAttributes(file, PosixFileAttributes.class).group().getName();
    } catch (IOException _) {
      return file + ": often video or render";
    }
  }

  /** How to get NVRTC for a driver. */
  private static String nvrtc(int version) {
    int cuda = version / 1000;
    return "Install NVRTC: pip install nvidia-cuda-nvrtc%s, or the CUDA toolkit; or name the folder of libnvrtc.so.%d with -D%s."
        .formatted(cuda >= 13 ? "" : "-cu12", cuda, LibrarySearch.FOLDER);
  }

  private static String cuda(int version) {
    return version / 1000 + "." + version % 1000 / 10;
  }

  /**
   * What helps against a status of {@code cuInit}.
   *
   * @param devices the folder with the GPUs' files
   */
  static String remedy(int status, Path devices) {
    return remedy(status, devices, file -> Files.isReadable(file) && Files.isWritable(file));
  }

  /** @param allowed whether this process may use a file */
  static String remedy(int status, Path devices, Predicate<Path> allowed) {
    List<Path> files = deviceFiles(devices);
    List<Path> refused = files.stream().filter(allowed.negate()).toList();
    if (!refused.isEmpty()) {
      return "You may not use %s: become a member of the group that may (%s), then log in again; in a container start it with --gpus all."
          .formatted(refused.stream().map(Path::toString).collect(Collectors.joining(", ")),
              refused.stream().map(Installation::group).distinct().collect(Collectors.joining(", ")));
    }
    Path control = devices.resolve("nvidiactl");
    if (files.contains(control) && !files.contains(devices.resolve("nvidia-uvm")) && status != CudaException.NO_DEVICE) {
      return "There is no %s: load its kernel module (sudo nvidia-modprobe -u -c=0); in a container start it with --gpus all."
          .formatted(devices.resolve("nvidia-uvm"));
    }
    return switch (status) {
      case 34 -> "This is the toolkit's stub of the driver: take .../lib64/stubs out of LD_LIBRARY_PATH, and install the driver.";
      case CudaException.NO_DEVICE -> Files.exists(control)
          ? "Look at CUDA_VISIBLE_DEVICES, which may hide the GPUs, and at what nvidia-smi says."
          : "There is no " + control + ": this machine has no NVIDIA GPU, or its kernel module is not loaded (sudo nvidia-modprobe);"
              + " in a container start it with --gpus all.";
      case CudaException.OPERATING_SYSTEM -> "The operating system refuses access to the GPU: look at what nvidia-smi and dmesg say.";
      case 803, 804 -> "The driver's library and kernel module are of different versions: restart the machine, or install the driver anew.";
      default -> "Look at what nvidia-smi says; restarting the machine helps after an update of the driver.";
    };
  }
}
