package dev.chainrule.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.TensorType;
import dev.chainrule.schedule.BufferRef;
import dev.chainrule.schedule.GeneratedKernel;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.KernelExpression;
import dev.chainrule.schedule.Operand;
import dev.chainrule.schedule.Schedule;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Kernels of a group as launches. That they compute the same is shown where they run: conformance, CompiledPlansTest. */
class JointLaunchTest {

  /** The word of faults, and what is kept for numbers: two parameters more than inputs. */
  private static final long TWO_INPUTS = 4 * 16;

  private static Instruction.Compute check(int input, long... dims) {
    Operand operand = Operand.dense(new BufferRef.Input(input), TensorType.of(DType.F32, dims));
    return new Instruction.Compute(GeneratedKernel.check(new KernelExpression.Load(0, DType.F32, operand.layout())), List.of(operand),
        List.of(), List.of(input), List.of());
  }

  private static Instruction.Compute copy(int input, int offset) {
    Operand from = Operand.dense(new BufferRef.Input(input), TensorType.of(DType.F32, 5));
    return new Instruction.Compute(GeneratedKernel.copy(new KernelExpression.Load(0, DType.F32, from.layout())), List.of(from),
        List.of(Operand.dense(new BufferRef.Temporary(offset), TensorType.of(DType.F32, 5))), List.of(), List.of());
  }

  private static GpuProgram program(long parameterBytes, Instruction.Compute... kernels) {
    List<TensorType> inputs = new ArrayList<>();
    for (Instruction.Compute kernel : kernels) {
      inputs.add(new TensorType(DType.F32, kernel.kernel().domain()));
    }
    return GpuProgram.of(new Schedule(List.of(new Instruction.Group(List.of(kernels))), List.of(), inputs, List.of(), List.of(), List.of(),
        List.of(64L, 64L), List.of(0L, 64L), 0, 128), new Target(ProductTiles.USUAL, parameterBytes));
  }

  private static List<Step.Launch> launches(GpuProgram program) {
    return program.instructions().getFirst().stream().map(Step.Launch.class::cast).toList();
  }

  private static List<Long> numbers(GpuProgram program, Step.Launch launch, int from, int count) {
    return LongStream.of(program.numbers()).skip(launch.numbers() + (long) from).limit(count).boxed().toList();
  }

  @Test
  void kernelsOfOneTextAreOneLaunchWhoseGroupsAreTheirs() {
    GpuProgram program = program(1024, check(0, 5), check(1, 600), check(2, 3));
    Step.Launch launch = launches(program).getFirst();
    assertEquals(1, launches(program).size());
    assertEquals(5, launch.groups());
    assertEquals(List.of(0L, 1L, 4L, 5L), numbers(program, launch, 0, 4));
    assertEquals(4, launch.places().size(), "three inputs, the word of faults");
  }

  /** A fault tells the place of the check in the whole instruction. */
  @Test
  void checksOfAGroupAreCountedThrough() {
    GpuProgram program = program(1024, check(0, 5), check(1, 600));
    Step.Launch launch = launches(program).getFirst();
    int table = 3;
    int member = 6 + 1 + 2 + 2; // what comes first, a size, offset and stride, two buffers
    assertEquals(List.of(0L), numbers(program, launch, table + 5, 1));
    assertEquals(List.of(1L), numbers(program, launch, table + member + 5, 1));
  }

  /** Temporaries lie in one memory; where in it, the table says. */
  @Test
  void aMemoryIsOneParameterWhereverItsBuffersBegin() {
    GpuProgram program = program(1024, copy(0, 0), copy(1, 1));
    Step.Launch launch = launches(program).getFirst();
    assertEquals(List.of(Bases.INPUTS, Bases.ARENA, Bases.FRAME, Bases.INPUTS + 1), launch.places().stream().map(Place::base).toList());
    assertTrue(launch.places().stream().allMatch(place -> place.offset() == 0));
    assertTrue(launch.source().text().contains("switch (member)"));
  }

  @Test
  void aLaunchHasNoMoreMemoriesThanTheDeviceTakes() {
    GpuProgram program = program(TWO_INPUTS, check(0, 5), check(1, 600), check(2, 3));
    assertEquals(List.of(3, 2), launches(program).stream().map(launch -> launch.places().size()).toList());
    assertEquals(3, launches(program(16, check(0, 5), check(1, 600), check(2, 3))).size(), "one at least");
  }

  @Test
  void kernelsOfOtherTextsAreLaunchesOfTheirOwn() {
    List<Step.Launch> launches = launches(program(1024, check(0, 5), copy(1, 0), check(2, 3)));
    assertEquals(2, launches.size());
    assertNotEquals(launches.getFirst().source(), launches.getLast().source());
  }

  @Test
  void groupsAreSharedOutWhereThereAreTooMany() {
    long large = GeneratedSource.MOST_GROUPS * Source.THREADS;
    GpuProgram program = program(1024, check(0, large), check(1, 2048), check(2, 3 * large));
    Step.Launch launch = launches(program).getFirst();
    assertTrue(launch.groups() <= GeneratedSource.MOST_GROUPS + 3, () -> launch.groups() + " groups");
    List<Long> first = numbers(program, launch, 0, 4);
    IntStream.range(0, 3).forEach(i -> assertTrue(first.get(i) < first.get(i + 1), first.toString()));
    assertEquals(3, (first.get(3) - first.get(2)) / (double) first.get(1), 0.01);
    assertEquals(launch.groups(), first.get(3));
  }

  @Test
  void aGroupWithNothingToDoIsNoLaunch() {
    assertEquals(List.of(), launches(program(1024, check(0, 0), check(1, 0))));
  }
}
