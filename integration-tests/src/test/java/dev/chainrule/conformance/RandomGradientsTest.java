package dev.chainrule.conformance;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.UnsupportedOpException;
import dev.chainrule.autograd.GradientCheck;
import dev.chainrule.graph.GraphPrinter;
import dev.chainrule.graph.HostArray;
import dev.chainrule.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** Gradients of random smooth functions are what differences say, and so are the gradients of those gradients. */
class RandomGradientsTest {

  private static final int COUNT = Integer.getInteger("chainrule.randomgraphs.gradients", 400);
  private static final int ATTEMPTS = 2_000;

  private record Checked(List<Integer> choices, GradientCheck.Report report, String graph) {}

  @Test
  void gradientsEqualDifferences() {
    for (long seed = 1; seed <= COUNT; seed++) {
      assertPasses(seed, GradientCheck::of);
    }
  }

  @Test
  void gradientsOfGradientsEqualDifferences() {
    for (long seed = 1; seed <= COUNT / 8; seed++) {
      assertPasses(seed, GradientCheck::ofGradient);
    }
  }

  private interface Check {
    GradientCheck.Report of(Function<List<Tensor>, Tensor> function, List<HostArray> point);
  }

  private static void assertPasses(long seed, Check check) {
    var choices = Choices.drawn(seed);
    SmoothGraph.of(choices, SmoothGraph.point(choices).stream().map(Tensor::of).toList());
    Checked checked = checked(choices.made(), check);
    if (!checked.report.passed()) {
      List<Integer> simplest = Shrinking.of(checked.choices,
          c -> Optional.of(checked(c, check)).filter(simpler -> !simpler.report.passed()).map(Checked::choices), ATTEMPTS);
      Checked shown = checked(simplest, check);
      assertTrue(shown.report.passed(),
          () -> "seed " + seed + ": " + shown.report.where() + "\n" + shown.graph + "choices " + shown.choices);
    }
  }

  private static Checked checked(List<Integer> given, Check check) {
    var choices = Choices.replayed(given);
    List<HostArray> point = SmoothGraph.point(choices);
    int from = choices.count(); // where the choices of the point end and those of the function begin
    Tensor value = SmoothGraph.of(choices, point.stream().map(Tensor::of).toList());
    List<Integer> function = given.subList(Math.min(from, given.size()), given.size());
    GradientCheck.Report report = report(check, in -> SmoothGraph.of(Choices.replayed(function), in), point);
    return new Checked(choices.made(), report, GraphPrinter.toText(List.of(value.node())));
  }

  /** Some operations have no second derivative, and say so. */
  private static GradientCheck.Report report(Check check, Function<List<Tensor>, Tensor> function, List<HostArray> point) {
    try {
      return check.of(function, point);
    } catch (UnsupportedOpException noDerivative) {
      return new GradientCheck.Report(0, noDerivative.getMessage());
    }
  }
}
