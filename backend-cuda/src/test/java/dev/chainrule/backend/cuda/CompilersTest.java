package dev.chainrule.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.kernels.Nvcc;
import dev.chainrule.nn.BatchNorm;
import dev.chainrule.nn.Conv2d;
import dev.chainrule.nn.Dropout;
import dev.chainrule.nn.Flatten;
import dev.chainrule.nn.Linear;
import dev.chainrule.nn.Losses;
import dev.chainrule.nn.MaxPool2d;
import dev.chainrule.nn.Module;
import dev.chainrule.nn.Relu;
import dev.chainrule.nn.Sequential;
import dev.chainrule.optim.Adam;
import dev.chainrule.optim.Optimizer;
import dev.chainrule.optim.Schedule;
import dev.chainrule.kernels.Source;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.train.Step;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** NVIDIA's own compilers, where they are, take the kernels of trainings, for the oldest GPU and a new one, and need no spilled registers. */
class CompilersTest {

  static final List<String> ARCHITECTURES = List.of("sm_75", "sm_90");

  /** The last is sm_90 with what only that has. */
  private static final List<String> MORE_ARCHITECTURES = List.of("sm_75", "sm_90", "sm_90a");
  private static final Path REPORTS = Path.of("target", "gpu");

  /** A compiler that remembers what it was given. */
  private record Remembering(KernelCompiler compiler, List<String> programs) implements KernelCompiler {
    @Override
    public String version() {
      return compiler.version() + "-remembered-" + ProcessHandle.current().pid() + "-" + System.nanoTime();
    }

    @Override
    public List<String> options() {
      return compiler.options();
    }

    @Override
    public byte[] compile(String source, String architecture) {
      programs.add(source);
      return compiler.compile(source, architecture);
    }
  }

  /** A class of its own, so that the trainings run once. */
  private static final class Here {
    private static final List<String> PROGRAMS = programs();
  }

  private static List<Path> files() throws IOException {
    OnTheStandIn.standIn();
    Files.createDirectories(REPORTS);
    List<Path> files = new ArrayList<>();
    for (String program : Here.PROGRAMS) {
      files.add(Files.writeString(REPORTS.resolve("kernels-" + files.size() + ".cu").toAbsolutePath(), program));
    }
    return files;
  }

  /** The programs of two trainings. */
  private static List<String> programs() {
    Installation found = OnTheStandIn.standIn().installation();
    var compiler = new Remembering(found.compiler().orElseThrow(), new ArrayList<>());
    var info = new CudaBackend(() -> found).discover().getFirst();
    try (var device = CudaDevice.open(info, found.cards().getFirst(), found.driver().orElseThrow(), compiler, found.libraries(),
        OnTheStandIn.usual())) {
      OnTheStandIn.run(device, () -> {
        train(new Sequential(new Conv2d(1, 4, 3), new BatchNorm(4), new Relu(), new MaxPool2d(2), new Flatten(), new Dropout(0.2),
            new Linear(36, 3)), TensorType.of(DType.F32, 8, 1, 8, 8));
        train(new Sequential(new Linear(12, 16), new Relu(), new Linear(16, 3)), TensorType.of(DType.F32, 8, 12));
      });
    }
    assertFalse(compiler.programs.isEmpty());
    return compiler.programs;
  }

  private static void train(Module model, TensorType batch) {
    model.initialise(1);
    Optimizer optimizer = new Adam(model.parameters(), Schedule.constant(0.01));
    Step step = Step.training(in -> {
      Tensor loss = Losses.crossEntropy(model.apply(in.get(0)), in.get(1));
      optimizer.minimise(loss);
      return List.of(loss);
    });
    double loss = step.run(Tensor.ones(batch), Tensor.of(HostArray.ofLongs(TensorType.of(DType.I32, 8), new long[8]))).getFirst().item();
    assertTrue(Double.isFinite(loss), "a loss of " + loss);
  }

  @Test
  void nvrtcCompilesTrainings() throws IOException {
    assumeTrue(LibrarySearch.here().file(List.of("libnvrtc.so.13", "libnvrtc.so.12")).isPresent(), "skipped: NVRTC is not here");
    List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path"), NvrtcProcess.class.getName()));
    List<Path> files = files();
    files.forEach(file -> command.add(file.toString()));
    String output = StandIn.run(REPORTS, command);
    assertEquals(files.size() * ARCHITECTURES.size(), output.lines().filter(line -> line.endsWith(" ELF")).count(), output);
    assertTrue(output.contains("refused: ") && output.contains("\"wrong\" is undefined"), output);
  }

  @Test
  void nvccCompilesTrainingsWithoutSpills() throws IOException {
    Optional<Path> nvcc = Nvcc.here();
    assumeTrue(nvcc.isPresent(), "skipped: nvcc is not here");
    for (String architecture : MORE_ARCHITECTURES) {
      var report = new StringBuilder();
      for (Path file : files()) {
        report.append(StandIn.run(REPORTS, List.of(nvcc.get().toString(), "-std=c++17", "-cubin", "-arch=" + architecture, "--fmad=false",
            "-Xptxas", "-v", "-o", "kernels.cubin", file.toString())));
      }
      Path kept = REPORTS.resolve("ptxas-" + architecture + ".txt");
      Files.writeString(kept, report);
      List<String> spilled = report.toString().lines().filter(l -> l.matches(".* [1-9]\\d* bytes spill .*")).toList();
      assertTrue(report.toString().contains("spill stores"), "ptxas reported nothing: " + report);
      assertEquals(List.of(), spilled, kept.toString());
    }
  }

  @Test
  void nvccCompilesAheadForAllArchitectures() throws IOException {
    Optional<Path> nvcc = Nvcc.here();
    assumeTrue(nvcc.isPresent(), "skipped: nvcc is not here");
    Path folder = REPORTS.resolve("ahead").toAbsolutePath();
    var kernel = new Source("one", "KERNEL(256) void one(GLOBAL u8 *b0, i64 o0) {\n  b0[o0] = 1;\n}\n");
    assertEquals(List.of(), AheadOfTime.compile(List.of(kernel), folder, nvcc.get()));
    List<String> held = new ArrayList<>();
    ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(folder.resolve("kernels-0.fatbin"))).order(ByteOrder.LITTLE_ENDIAN);
    assertEquals(0xBA55ED50, file.getInt(0), "a file of machine code for several GPUs");
    // Each part: what it is, the bytes of its head and of its body, and for which GPU.
    for (int at = 16; at < file.limit(); at += file.getInt(at + 4) + Math.toIntExact(file.getLong(at + 8))) {
      held.add((file.getShort(at) == 1 ? "ptx " : "cubin ") + file.getInt(at + 28));
    }
    for (String architecture : AheadOfTime.ARCHITECTURES) {
      assertTrue(held.contains("cubin " + architecture), held.toString());
    }
    assertTrue(held.contains("ptx 75"), held.toString());
    assertEquals(List.of(Precompiled.head(), "one kernels-0.fatbin"), Files.readAllLines(folder.resolve(Precompiled.INDEX)));
  }

  @Test
  void kernelsForTensorCoresAreCompiledAheadForGpusThatHaveThem() throws IOException {
    Optional<Path> nvcc = Nvcc.here();
    assumeTrue(nvcc.isPresent(), "skipped: nvcc is not here");
    Path folder = REPORTS.resolve("ahead-tensor-cores").toAbsolutePath();
    var everywhere = new Source("one", "KERNEL(256) void one(GLOBAL u8 *b0, i64 o0) {\n  b0[o0] = 1;\n}\n");
    var multiplying = new Source("multiplying", """
        KERNEL(256) void multiplying(GLOBAL u8 *b0, i64 o0) {
          f32 *sums = (f32 *)b0 + THREAD * 4;
          multiply_tiles(sums, (u32 *)sums, 1, 2);
        }
        """, true);
    assertEquals(List.of(), AheadOfTime.compile(List.of(multiplying, everywhere), folder, nvcc.get()));
    assertEquals(List.of(Precompiled.head(), "one kernels-0.fatbin", "multiplying kernels-1.fatbin"),
        Files.readAllLines(folder.resolve(Precompiled.INDEX)));
  }

  /** So many numbers at once as no thread has registers for. */
  @Test
  void whatSpillsAheadOfTimeIsNamed() throws IOException {
    Optional<Path> nvcc = Nvcc.here();
    assumeTrue(nvcc.isPresent(), "skipped: nvcc is not here");
    var kernel = new Source("many", """
        KERNEL(1024) void many(GLOBAL f32 *b0) {
          f32 x[128];
          #pragma unroll
          for (int i = 0; i < 128; i++) { x[i] = b0[THREAD + i]; }
          BARRIER();
          #pragma unroll
          for (int i = 0; i < 128; i++) { b0[THREAD + i] = x[127 - i]; }
        }
        """);
    List<String> spills = AheadOfTime.compile(List.of(kernel), REPORTS.resolve("spilling").toAbsolutePath(), nvcc.get());
    assertEquals(AheadOfTime.ARCHITECTURES.size(), spills.size(), spills.toString());
    assertTrue(spills.getFirst().startsWith("many on sm_75: "), spills.toString());
  }
}
