package dev.chainrule.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.chainrule.backend.cuda.AheadOfTime;
import dev.chainrule.kernels.Nvcc;
import dev.chainrule.kernels.Source;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** NVIDIA's compiler, where it is, takes every kernel that is written by hand, and all of the benchmarks' trainings, and spills no register. */
class AllKernelsTest {

  @Test
  void areCompiledForTheOldestGpuAndNewOnesWithoutSpills(@TempDir Path folder) throws IOException {
    Optional<Path> nvcc = Nvcc.here();
    if (nvcc.isEmpty()) {
      System.out.println("skipped: nvcc is not here");
    }
    assumeTrue(nvcc.isPresent(), "nvcc is not here");
    Set<Source> kernels = KernelsAhead.ofTrainings();
    kernels.addAll(KernelsAhead.writtenByHand());
    List<String> architectures = List.of("75", "90", "90a");
    assertEquals(List.of(), AheadOfTime.compile(kernels, folder.resolve("kernels"), nvcc.get(), architectures));
    System.out.println(kernels.size() + " kernels for " + architectures + " without spills");
  }
}
