package dev.chainrule.benchmarks.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Processes that say what a library would. */
class ChildTest {

  /** A library whose steps do nothing and whose loss falls. */
  static final class Idle implements Training {
    private double loss = 2;

    @Override
    public String library() {
      return "idle of " + System.getenv("IDLE");
    }

    @Override
    public long parameters() {
      return 7;
    }

    @Override
    public double step() {
      loss *= 0.99;
      return loss;
    }

    public static void main(String[] args) {
      TrainingProcess.run(args, (_, _) -> new Idle());
    }
  }

  @BeforeEach
  void hasTaskset() {
    assumeTrue(Arrays.stream(System.getenv("PATH").split(":")).anyMatch(folder -> Files.isExecutable(Path.of(folder, "taskset"))),
        "there is no taskset");
  }

  private static Child child(String... arguments) {
    return new Child("idle", List.of(System.getProperty("java.class.path")), Idle.class.getName(), Map.of("IDLE", "test"),
        List.of(arguments), Cores.allowed().first(1));
  }

  @Test
  void whatAProcessMeasuresIsRead() {
    Sample sample = Sample.of(child("mlp-64-sgd", "1", "0", "10", "5").run());
    assertEquals("idle of test", sample.library());
    assertEquals(7, sample.parameters());
    assertEquals(1.98, sample.firstLoss(), 1e-9);
    assertTrue(sample.lastLoss() < sample.firstLoss());
    assertEquals(3, sample.warmUpSteps());
    assertEquals(5, sample.stepNanos().size());
    assertTrue(sample.firstLossNanos() > 1_000_000, "a JVM starts in " + sample.firstLossNanos() + " ns");
    assertTrue(sample.peakResidentBytes() > 1_000_000, "a JVM needs " + sample.peakResidentBytes() + " bytes");
  }

  @Test
  void aProcessThatFailsIsQuoted() {
    var problem = assertThrows(IllegalStateException.class, () -> child("no-such-workload", "1", "0", "0", "5").run());
    assertTrue(problem.getMessage().contains("no-such-workload"), problem.getMessage());
  }
}
