package dev.chainrule.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.UnsupportedOpException;
import dev.chainrule.device.Device;
import dev.chainrule.device.Devices;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.train.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Runs cases on one device and counts. */
final class Conformance {

  /** Of the table of operations. */
  private static final int COLUMNS = 3;

  private final Device device;
  private final Map<String, Double> worst = new TreeMap<>();

  /** By what cases are about. */
  private final Map<String, Outcomes> outcomes = new TreeMap<>();

  /** By operation that there is no kernel for the types of the graph, and how often. */
  private final Map<String, Map<String, Integer>> refused = new TreeMap<>();

  private record Outcomes(int passed, int refused) {
    Outcomes plus(Outcomes other) {
      return new Outcomes(passed + other.passed, refused + other.refused);
    }
  }

  Conformance(Device device) {
    this.device = device;
  }

  /**
   * Evaluates the case outside Steps and inside one, twice there: equal bits each time, and as near to the exact results as the bound
   * demands. A device may refuse the case by name where {@link Cases#mayBeRefused} lets it.
   */
  void check(Case c) {
    assertTrue(Cases.nodes(c).stream().anyMatch(n -> c.of().isInstance(n.op())), () -> c + " does not contain what it is about");
    List<HostArray> outside;
    try {
      outside = Devices.with(device, () -> outside(c));
    } catch (UnsupportedOpException refusal) {
      checkRefusal(c, refusal);
      return;
    }
    Devices.with(device, () -> {
      Step step = Step.evaluation(c.graph()::apply);
      assertSameBits(outside, onHost(step.run(tensors(c))), c + " inside a Step");
      assertSameBits(outside, onHost(step.run(tensors(c))), c + " inside a Step that has a plan");
      assertEquals(1, step.plans(), () -> "plans of " + c);
      return null;
    });
    compare(c, outside);
    count(c, new Outcomes(1, 0));
  }

  private static void assertSameBits(List<HostArray> outside, List<HostArray> inside, String where) {
    for (int i = 0; i < outside.size(); i++) {
      assertEquals("", Comparison.differingBits(inside.get(i), outside.get(i)), where + ", result " + i);
    }
  }

  private List<HostArray> outside(Case c) {
    List<Tensor> results = c.graph().apply(List.of(tensors(c)));
    Tensor.eval(results.toArray(Tensor[]::new));
    return onHost(results);
  }

  private static Tensor[] tensors(Case c) {
    return c.inputs().stream().map(Tensor::of).toArray(Tensor[]::new);
  }

  private static List<HostArray> onHost(List<Tensor> tensors) {
    return tensors.stream().map(Tensor::toHostArray).toList();
  }

  private void checkRefusal(Case c, UnsupportedOpException refusal) {
    if (!Cases.mayBeRefused(c, device.info().backend())) {
      throw refusal;
    }
    assertTrue(refusal.getMessage().contains("the " + device.info().backend() + " backend"), refusal.getMessage());
    boolean namesAnOp = Cases.nodes(c).stream().anyMatch(n -> refusal.getMessage().startsWith("[" + n.op().label() + "]"));
    assertTrue(namesAnOp, refusal.getMessage());
    String op = refusal.getMessage().replaceAll("(?s)^\\[(\\w+)\\].*", "$1");
    String dtypes = Cases.nodes(c).stream().map(n -> n.type().dtype()).distinct().sorted()
        .map(DType::toString).collect(Collectors.joining(", "));
    refused.computeIfAbsent(op, _ -> new TreeMap<>()).merge(dtypes, 1, Integer::sum);
    count(c, new Outcomes(0, 1));
  }

  private void count(Case c, Outcomes one) {
    outcomes.merge(c.of().getSimpleName(), one, Outcomes::plus);
  }

  private void compare(Case c, List<HostArray> actual) {
    List<HostArray> exact = Exact.results(c);
    List<String> complaints = new ArrayList<>();
    for (int i = 0; i < actual.size(); i++) {
      double[] sizes = c.bound().magnitude()
          .map(m -> Exact.evaluate(List.of(m.apply(Exact.inF64(c.inputs())))).getFirst().toDoubleArray()).orElse(new double[0]);
      Comparison comparison = Comparison.of(actual.get(i), exact.get(i), sizes, c.bound());
      if (c.bound().keepsBits() && comparison.complaints().isEmpty()) {
        assertEquals(exact.get(i), actual.get(i), () -> c + ": bits of NaN have changed");
      }
      String result = actual.size() == 1 ? "" : "result " + i + ": ";
      comparison.complaints().forEach(text -> complaints.add(result + text));
      if (actual.get(i).type().dtype().isFloating() && comparison.worst() > 0) {
        worst.merge(c.of().getSimpleName() + " " + actual.get(i).type().dtype(), comparison.worst(), Math::max);
      }
    }
    assertEquals("", String.join("\n", complaints), () -> c + " on " + device.info().id());
  }

  /** How many cases of each operation passed, and what was refused how often. */
  String summary() {
    Outcomes all = outcomes.values().stream().reduce(new Outcomes(0, 0), Outcomes::plus);
    var text = new StringBuilder("conformance of %s (%s): %d cases passed, %d refused for want of a kernel".formatted(
        device.info().id(), device.info().description(), all.passed, all.refused));
    List<String> cells = new ArrayList<>();
    outcomes.forEach((op, o) -> cells.add(
        "%-18s %5d%-14s".formatted(op, o.passed, o.refused == 0 ? "" : ", refused " + o.refused)));
    for (int i = 0; i < cells.size(); i += COLUMNS) {
      text.append("\n  ").append(String.join("", cells.subList(i, Math.min(i + COLUMNS, cells.size()))).stripTrailing());
    }
    refused.forEach((op, types) -> text.append("\n  no kernel for %s on %s".formatted(op,
        types.entrySet().stream().map(e -> e.getKey() + " (" + e.getValue() + ")").collect(Collectors.joining("; ")))));
    return text.toString();
  }

  /** The largest error of each operation in ulps of the exact value; sums of both signs have large ones where they cancel. */
  String worstErrors() {
    var text = new StringBuilder();
    worst.forEach((what, error) -> text.append("%-24s %10.3f ulp%n".formatted(what, error)));
    return text.toString();
  }
}
