package dev.chainrule.gpu;

import dev.chainrule.backend.cuda.AheadOfTime;
import dev.chainrule.benchmarks.gpu.GpuTraining;
import dev.chainrule.benchmarks.gpu.GpuWorkload;
import dev.chainrule.benchmarks.training.Workload;
import dev.chainrule.benchmarks.workloads.ChainruleTraining;
import dev.chainrule.cli.Main;
import dev.chainrule.conformance.Rehearsal;
import dev.chainrule.graph.Op;
import dev.chainrule.kernels.Dialect;
import dev.chainrule.kernels.Source;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;
import picocli.CommandLine;

/**
 * Compiles ahead what machines without NVRTC are to run: kernels written by hand, in all variants that the conformance suite meets, and
 * all kernels of the mnist recipe and of the benchmarks' trainings, for processors and for GPUs. Sizes and strides are no part of a kernel,
 * so others that are made of the same layers need few more.
 *
 * <p>Arguments: a folder for what goes into a jar, and nvcc's path.
 */
final class KernelsAhead {

  /** None, cuBLASLt, cuDNN as well, which needs it: what a library does takes no epilogue along, which is a kernel of its own then. */
  private static final List<Predicate<Op>> LIBRARIES = List.of(_ -> false, Op.Dot.class::isInstance,
      op -> op instanceof Op.Dot || op instanceof Op.Conv || op instanceof Op.ConvInputGradient || op instanceof Op.ConvWeightGradient);

  private KernelsAhead() {}

  public static void main(String[] args) throws IOException {
    Set<Source> kernels = ofTrainings();
    int trainings = kernels.size();
    kernels.addAll(writtenByHand());
    List<String> spills = AheadOfTime.compile(kernels, AheadOfTime.folder(Path.of(args[0])), Path.of(args[1]));
    spills.forEach(spill -> System.out.println("spills registers: " + spill));
    System.out.printf("%d kernels of trainings, %d written by hand beside them%n", trainings, kernels.size() - trainings);
  }

  /** Those of the recipe and of the benchmarks. */
  static Set<Source> ofTrainings() {
    List<Runnable> steps = new ArrayList<>();
    for (Workload workload : Workload.values()) {
      steps.add(() -> new ChainruleTraining(workload).step());
    }
    Stream.concat(GpuWorkload.all().stream(), GpuWorkload.small().stream()).forEach(workload -> steps.add(() -> new GpuTraining(workload).step()));
    List.of("adam", "sgd").forEach(optimizer -> steps.add(recipe(optimizer)));
    Set<Source> kernels = new LinkedHashSet<>();
    for (Predicate<Op> library : LIBRARIES) {
      steps.forEach(step -> kernels.addAll(Rehearsal.during(step, library)));
    }
    return kernels;
  }

  /** In all variants that the suite meets. */
  static List<Source> writtenByHand() {
    return Rehearsal.ofSuite().stream().filter(KernelsAhead::isWrittenByHand).toList();
  }

  /** A step of the mnist recipe, with the evaluation at its end. */
  static Runnable recipe(String optimizer) {
    return () -> {
      int status = new CommandLine(new Main()).execute("train", "mnist", "--max-steps", "1", "--optimizer", optimizer);
      if (status != 0) {
        throw new IllegalStateException("the recipe ended with " + status);
      }
    };
  }

  /** Those have a file with their name. */
  private static boolean isWrittenByHand(Source kernel) {
    String label = kernel.name().substring(0, kernel.name().lastIndexOf('_'));
    return Dialect.class.getResource(label + ".cl") != null;
  }
}
