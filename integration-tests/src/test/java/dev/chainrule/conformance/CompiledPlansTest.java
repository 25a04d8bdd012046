package dev.chainrule.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.device.Device;
import dev.chainrule.device.Devices;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.schedule.Instruction;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whole plans of the kernels of graphics processors, compiled as C++, are as near to the interpreter's results as those of the CPU. */
class CompiledPlansTest {

  private static final int STEPS = 5;

  @BeforeAll
  static void requireCompiler() {
    CppCompiler.require();
  }

  /** Loops too, for their kernels work on parts of buffers that move. */
  static List<Case> plans() {
    return Stream.concat(GoldenNetworks.all().stream(), LoopCases.all().stream().filter(c -> c.name().startsWith("f32"))).toList();
  }

  @ParameterizedTest
  @MethodSource("plans")
  void networksTheirGradientsAndLoopsAreRightCompiledAndOnTheCpu(Case plan) {
    for (Device device : List.of(new CompiledDevice(), Devices.open("cpu"))) {
      new Conformance(device).check(plan);
    }
  }

  @Test
  void trainingIsRightCompiledAndOnTheCpu() {
    var exact = new TrainedPerceptron(DType.F64);
    var compiled = new TrainedPerceptron(DType.F32);
    var onCpu = new TrainedPerceptron(DType.F32);
    Device plain = new PlainDevice((_, result) -> result);
    Device host = new CompiledDevice();
    Device cpu = Devices.open("cpu");
    for (int step = 0; step < STEPS; step++) {
      long number = step;
      List<HostArray> expected = Devices.with(plain, () -> exact.train(number));
      Bound bound = Devices.with(plain, () -> exact.bound(number + 1));
      compare("compiled, step " + step, expected, Devices.with(host, () -> compiled.train(number)), bound);
      compare("CPU, step " + step, expected, Devices.with(cpu, () -> onCpu.train(number)), bound);
    }
  }

  private static void compare(String where, List<HostArray> expected, List<HostArray> actual, Bound bound) {
    assertEquals(expected.size(), actual.size());
    for (int i = 0; i < expected.size(); i++) {
      Comparison comparison = Comparison.of(actual.get(i), expected.get(i), new double[0], bound);
      assertEquals(List.of(), comparison.complaints(), where + ", result " + i);
    }
  }

  /** Without these the tests above would show less than they say. */
  @Test
  void theTrainingStepHasFoldsSeveralResultsChecksAndAGroupThatWritesVariables() {
    List<Instruction> instructions = new ArrayList<>();
    var recording = new AlteredDevice(schedule -> {
      instructions.addAll(schedule.instructions());
      return schedule;
    }, fault -> fault);
    Devices.with(recording, () -> new TrainedPerceptron(DType.F32).train(0));
    List<Instruction.Compute> kernels = instructions.stream().flatMap(CompiledPlansTest::kernels).toList();
    assertTrue(kernels.stream().anyMatch(k -> k.kernel().folded().count() > 0));
    assertTrue(kernels.stream().anyMatch(k -> k.kernel().results().size() > 1));
    assertTrue(kernels.stream().anyMatch(k -> !k.checks().isEmpty()));
    assertTrue(instructions.stream().anyMatch(i -> i instanceof Instruction.Group && i.isCommit()));
  }

  private static Stream<Instruction.Compute> kernels(Instruction instruction) {
    return switch (instruction) {
      case Instruction.Compute compute -> Stream.of(compute);
      case Instruction.Group(var kernels) -> kernels.stream();
      case Instruction.WithEpilogue(_, var epilogue) -> Stream.of(epilogue);
      case Instruction.Call _, Instruction.Loop _, Instruction.While _, Instruction.Cond _ -> Stream.of();
    };
  }
}
