package dev.chainrule.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.KernelCompilationException;
import dev.chainrule.kernels.Dialect;
import dev.chainrule.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With a driver and kernels compiled ahead no compiler is needed, and without it what else is asked for is refused with the way out. */
class PrecompiledTest {

  @TempDir
  private Path folder;

  private Installation withoutNvrtc;

  /** A compiler that remembers what it was given. */
  private record Listening(KernelCompiler compiler, List<String> programs) implements KernelCompiler {
    @Override
    public String version() {
      return "listening-" + ProcessHandle.current().pid() + "-" + System.nanoTime();
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

  @BeforeEach
  void findADriverAlone() throws IOException {
    Path libraries = Files.createDirectories(folder.resolve("libraries"));
    Files.createSymbolicLink(libraries.resolve(Driver.LIBRARY), OnTheStandIn.standIn().folder().resolve(Driver.LIBRARY));
    System.setProperty(Precompiled.FOLDER, folder.toString());
    withoutNvrtc = Installation.of(LibrarySearch.in(libraries));
  }

  @AfterEach
  void forgetTheFolder() {
    System.clearProperty(Precompiled.FOLDER);
  }

  private static double computed() {
    return Tensor.of(new float[] {1, 2, 3}).mul(2).sum().item();
  }

  private CudaDevice device(KernelCompiler compiler) {
    Installation full = OnTheStandIn.standIn().installation();
    var backend = new CudaBackend(() -> full);
    return CudaDevice.open(backend.discover().getFirst(), full.cards().getFirst(), full.driver().orElseThrow(), compiler, Libraries.NONE,
        new Settings(true, false, false, folder.resolve("cubins")));
  }

  /** What {@link #computed} needs, compiled ahead. */
  private void compileAhead(String head) throws IOException {
    var listening = new Listening(OnTheStandIn.standIn().installation().compiler().orElseThrow(), new ArrayList<>());
    try (CudaDevice device = device(listening)) {
      OnTheStandIn.run(device, () -> assertEquals(12, computed()));
    }
    List<String> index = new ArrayList<>(List.of(head));
    for (int i = 0; i < listening.programs.size(); i++) {
      String program = listening.programs.get(i);
      Files.write(folder.resolve("kernels-" + i), listening.compiler.compile(program, "sm_90"));
      for (String name : Pattern.compile("KERNEL\\(256\\) void (\\w+)\\(").matcher(program).results().map((MatchResult r) -> r.group(1)).toList()) {
        index.add(name + " kernels-" + i);
      }
    }
    Files.write(folder.resolve(Precompiled.INDEX), index);
    assertTrue(index.size() > 1, index.toString());
  }

  @Test
  void aDriverAloneIsEnoughForWhatWasCompiledAhead() throws IOException {
    compileAhead(Precompiled.head());
    Installation found = Installation.of(LibrarySearch.in(folder.resolve("libraries")));
    assertTrue(found.isUsable(), found.toString());
    assertTrue(String.join("; ", found.findings()).contains("kernels that were compiled ahead can run; for others: Install NVRTC: pip install"),
        found.findings().toString());
    try (CudaDevice device = device(found.anyCompiler())) {
      OnTheStandIn.run(device, () -> {
        assertEquals(12, computed());
        var refused = assertThrows(KernelCompilationException.class, () -> Tensor.of(new float[] {1}).exp().item());
        assertTrue(refused.getMessage().contains("needs kernels that were not compiled ahead"), refused.getMessage());
        assertTrue(refused.getMessage().contains("pip install nvidia-cuda-nvrtc"), refused.getMessage());
        assertEquals(12, computed(), "and it goes on");
      });
    }
    OnTheStandIn.assertNothingLeft();
  }

  @Test
  void whatWasCompiledWithAnotherHeadIsNotUsed() throws IOException {
    compileAhead(Precompiled.head().replace('a', 'b') + Dialect.CUDA);
    assertEquals(0, Precompiled.here().count());
    assertFalse(Installation.of(LibrarySearch.in(folder.resolve("libraries"))).isUsable());
  }

  @Test
  void aFileThatTheDriverCannotUseLeavesTheKernelToTheCompiler() throws IOException {
    compileAhead(Precompiled.head());
    Files.writeString(folder.resolve("kernels-0"), "for another GPU");
    try (CudaDevice device = device(OnTheStandIn.standIn().installation().compiler().orElseThrow())) {
      OnTheStandIn.run(device, () -> assertEquals(12, computed()));
    }
  }

  /** Not that nobody has compiled it, which would send people the wrong way. */
  @Test
  void withoutACompilerTheDriversReasonToRefuseAFileIsSaid() throws IOException {
    compileAhead(Precompiled.head());
    Files.writeString(folder.resolve("kernels-0"), "for another GPU");
    try (CudaDevice device = device(Installation.of(LibrarySearch.in(folder.resolve("libraries"))).anyCompiler())) {
      OnTheStandIn.run(device, () -> {
        String refused = assertThrows(KernelCompilationException.class, PrecompiledTest::computed).getMessage();
        assertTrue(refused.contains("the driver has no use for them (kernels-0: cuModuleLoadData gave CUDA_ERROR_INVALID_IMAGE (200)"), refused);
        assertFalse(refused.contains("not compiled ahead"), refused);
        assertTrue(refused.contains("scripts/compile-kernels") && refused.contains("pip install nvidia-cuda-nvrtc"), refused);
      });
    }
  }

  @Test
  void whatLiesDamagedOnDiskIsCompiledAgain() throws IOException {
    KernelCompiler compiler = OnTheStandIn.standIn().installation().compiler().orElseThrow();
    for (int i = 0; i < 2; i++) {
      try (CudaDevice device = device(compiler)) {
        OnTheStandIn.run(device, () -> assertEquals(12, computed()));
      }
      try (Stream<Path> files = Files.walk(folder.resolve("cubins"))) {
        List<Path> cubins = files.filter(file -> file.getFileName().toString().startsWith("cubin-")).toList();
        assertFalse(cubins.isEmpty());
        for (Path cubin : cubins) {
          assertTrue(Files.size(cubin) > 100, "whole again");
          Files.writeString(cubin, "cut off");
        }
      }
    }
  }

  @Test
  void withoutEitherTheDeviceIsNotThere() {
    assertFalse(withoutNvrtc.isUsable());
  }
}
