package dev.chainrule.gpu;

import dev.chainrule.backend.cuda.AheadOfTime;
import dev.chainrule.benchmarks.gpu.GpuTraining;
import dev.chainrule.benchmarks.gpu.GpuWorkload;
import dev.chainrule.benchmarks.training.Workload;
import dev.chainrule.benchmarks.workloads.ChainruleTraining;
import dev.chainrule.conformance.Rehearsal;
import dev.chainrule.kernels.Dialect;
import dev.chainrule.kernels.Source;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Compiles ahead what machines without NVRTC are to run: kernels written by hand, in all variants that the conformance suite meets, and
 * all kernels of the benchmarks' trainings, for processors and for GPUs. Sizes and strides are no part of a kernel, so others that are made of the same layers
 * need no more.
 *
 * <p>Arguments: a folder for what goes into a jar, and nvcc's path.
 */
final class KernelsAhead {

  private KernelsAhead() {}

  public static void main(String[] args) throws IOException {
    Set<Source> kernels = new LinkedHashSet<>();
    for (Workload workload : Workload.values()) {
      kernels.addAll(Rehearsal.during(() -> new ChainruleTraining(workload).step()));
    }
    for (GpuWorkload workload : GpuWorkload.all()) {
      kernels.addAll(Rehearsal.during(() -> new GpuTraining(workload).step()));
    }
    int trainings = kernels.size();
    Rehearsal.ofSuite().stream().filter(KernelsAhead::isWrittenByHand).forEach(kernels::add);
    List<String> spills = AheadOfTime.compile(kernels, AheadOfTime.folder(Path.of(args[0])), Path.of(args[1]));
    spills.forEach(spill -> System.out.println("spills registers: " + spill));
    System.out.printf("%d kernels of trainings, %d written by hand beside them%n", trainings, kernels.size() - trainings);
  }

  /** Those have a file with their name. */
  private static boolean isWrittenByHand(Source kernel) {
    String label = kernel.name().substring(0, kernel.name().lastIndexOf('_'));
    return Dialect.class.getResource(label + ".cl") != null;
  }
}
