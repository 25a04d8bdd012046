package dev.chainrule.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.chainrule.benchmarks.gpu.GpuTraining;
import dev.chainrule.benchmarks.gpu.GpuWorkload;
import dev.chainrule.kernels.GpuProgram;
import dev.chainrule.kernels.ProductTiles;
import dev.chainrule.kernels.Step;
import dev.chainrule.kernels.Target;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.tensor.Precision;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** How many kernels a step of training starts where four kilobytes can be handed to each, as on CUDA, or where each goes alone. */
class LaunchesTest {

  private record Counted(long all, long apart, long updates, long updated) {}

  private static Counted count(GpuWorkload.Model model) {
    var workload = new GpuWorkload("counted", model, 4, Precision.AS_WRITTEN, 1e-3);
    List<GpuProgram> programs = Rehearsal.programs(() -> new GpuTraining(workload).step());
    GpuProgram step = programs.getLast();
    List<Instruction> instructions = step.schedule().instructions();
    List<Integer> commits = IntStream.range(0, instructions.size()).filter(i -> instructions.get(i).isCommit()).boxed().toList();
    GpuProgram apart = GpuProgram.of(step.schedule(), new Target(ProductTiles.USUAL, 0));
    return new Counted(step.instructions().stream().mapToLong(LaunchesTest::launches).sum(),
        apart.instructions().stream().mapToLong(LaunchesTest::launches).sum(),
        commits.stream().mapToLong(i -> launches(step.instructions().get(i))).sum(),
        commits.stream().mapToLong(i -> kernels(instructions.get(i))).sum());
  }

  private static long kernels(Instruction instruction) {
    return instruction instanceof Instruction.Group group ? group.kernels().size() : 1;
  }

  private static long launches(List<Step> steps) {
    return steps.stream().mapToLong(step -> switch (step) {
      case Step.Launch _ -> 1;
      case Step.LibraryCall call -> launches(call.otherwise());
      case Step.Repeat repeat -> repeat.length() * (1 + launches(repeat.body()));
      case Step.RepeatWhile _, Step.Choice _ -> throw new AssertionError("nobody knows how often");
    }).sum();
  }

  /** Weights and their moments by packs, biases element by element; another counts the steps. */
  @Test
  void aPerceptronIsUpdatedByThreeLaunches() {
    Counted counted = count(new GpuWorkload.Perceptron(List.of(784, 512, 256, 10)));
    System.out.println("perceptron: " + counted);
    assertEquals(3, counted.updates());
    assertEquals(7, counted.updated());
  }

  /** As many parameters as the network of 124 million numbers has, each smaller. */
  @Test
  void gpt2IsUpdatedByFewLaunches() {
    Counted counted = count(new GpuWorkload.Gpt(12, 32, 2, 8, 13, 16));
    System.out.println("GPT-2: " + counted);
    assertEquals(151, counted.updated());
    assertEquals(5, counted.updates(), "three for matrices and vectors in so many memories, one for the transposed table, one counts");
  }
}
