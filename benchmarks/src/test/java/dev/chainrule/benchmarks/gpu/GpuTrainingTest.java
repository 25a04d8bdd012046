package dev.chainrule.benchmarks.gpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.plan.PlanReport;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The workloads as they are trained, the large ones by their shapes. */
class GpuTrainingTest {

  static Stream<GpuWorkload> small() {
    return GpuWorkload.small().stream();
  }

  private static GpuWorkload workload(String title) {
    return GpuWorkload.titled(title);
  }

  /** An untrained network guesses: its loss is near the logarithm of the number of classes. */
  @ParameterizedTest
  @MethodSource("small")
  void theLossBeginsNearThatOfAGuessAndFalls(GpuWorkload workload) {
    var training = new GpuTraining(workload);
    double guess = Math.log(workload.model().classes());
    double first = training.step().item();
    assertEquals(guess, first, 0.3 * guess);
    for (int i = 0; i < 20; i++) {
      training.step();
    }
    double last = training.lossOfFirstBatch();
    assertTrue(last < first, first + " -> " + last);
  }

  @Test
  void networksHaveTheParametersThatTheirShapesSay() {
    assertEquals(20 * 16 + 16 + 16 * 12 + 12 + 12 * 5 + 5, parameters("small-mlp-8-f32"));
    int block = 4 * 16 + (16 * 48 + 48) + (16 * 16 + 16) + (16 * 64 + 64) + (64 * 16 + 16);
    assertEquals(16 * 16 + 8 * 16 + 2 * block + 2 * 16, parameters("small-gpt2-4-bf16"), "the table counts once");
    assertEquals(11 * 16 + 2 * (2 * 16 * 64 + 2 * 64) + 16 * 11 + 11, parameters("small-lstm-4-tf32"));
    int same = 2 * (9 * 4 * 4 + 2 * 4);
    int wider = 9 * 4 * 8 + 9 * 8 * 8 + 4 * 8 + (4 * 8 + 2 * 8);
    assertEquals(27 * 4 + 2 * 4 + 2 * same + wider + 2 * (9 * 8 * 8 + 2 * 8) + 8 * 5 + 5, parameters("small-resnet18-32-tf32"));
  }

  /** What is published: 124.4 million, and here 47 rows more; 11.2 million. */
  @Test
  void largeNetworksAreTheOnesThatTheirNamesSay() {
    assertEquals(124_439_808 + 47 * 768, parameters("gpt2-32-bf16"));
    assertEquals(11_173_962, parameters("resnet18-512-tf32"));
  }

  private static long parameters(String title) {
    return GpuModels.of(workload(title).model()).parameters().stream().mapToLong(p -> p.type().elements()).sum();
  }

  @Test
  void aPlanTellsTheArithmetic() {
    PlanReport plan = new GpuTraining(workload("small-mlp-8-f32")).plan();
    double forward = 2.0 * 8 * (20 * 16 + 16 * 12 + 12 * 5);
    double inputGradients = 2.0 * 8 * (16 * 12 + 12 * 5);
    double products = 2 * forward + inputGradients;
    double arithmetic = GpuTraining.arithmetic(plan);
    // The CPU's products take bias, activation and update along: some operations for each element, where a product has dozens.
    assertTrue(products <= arithmetic && arithmetic < 1.1 * products, arithmetic + " where products are " + products);
    assertTrue(GpuTraining.kernels(plan) >= 8, plan.toString());
    assertTrue(GpuTraining.bytesMoved(plan) > 0, plan.toString());
  }

  @Test
  void titlesAreDifferent() {
    List<String> titles = Stream.concat(GpuWorkload.all().stream(), GpuWorkload.small().stream()).map(GpuWorkload::title).toList();
    assertEquals(titles.stream().distinct().toList(), titles);
  }
}
