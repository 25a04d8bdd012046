package dev.chainrule.autograd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Interpreter;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.plan.Engine;
import dev.chainrule.tensor.Tensor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** A composite's own derivative is that of its body, which is differentiated primitive by primitive. */
class BodyDerivativesTest {

  private static final int POINTS = 3;

  private final GradientCases cases = new GradientCases();

  @TestFactory
  Stream<DynamicTest> ownDerivativesEqualThoseOfTheBodies() {
    return cases.composites().entrySet().stream().flatMap(e -> e.getValue().stream()
        .filter(c -> composites(loss(c, inputs(c.point()))).anyMatch(o -> o.derivative().isPresent()))
        .map(c -> dynamicTest(e.getKey() + ": " + c.name(), () -> {
          var random = new SplittableRandom(c.name().hashCode());
          for (int i = 0; i < POINTS; i++) {
            compare(c, c.point().stream().map(x -> within(x, random)).toList());
          }
        })));
  }

  @Test
  void theCompositesWithDerivativesAreAmongThem() {
    Set<String> names = new HashSet<>();
    cases.composites().values().forEach(list -> list.forEach(
        c -> composites(loss(c, inputs(c.point()))).filter(o -> o.derivative().isPresent()).forEach(o -> names.add(o.name()))));
    assertTrue(names.containsAll(Set.of("softmax", "layerNorm", "rmsNorm", "batchNorm", "dropout", "silu", "softplus")), names.toString());
  }

  private static void compare(GradientCases.Case c, List<HostArray> point) {
    List<Tensor> inputs = inputs(point);
    Tensor loss = loss(c, inputs);
    Tensor written = writtenOut(loss);
    assertEquals(0, composites(written).count());
    List<HostArray> own = gradients(loss, inputs);
    List<HostArray> throughBody = gradients(written, inputs);
    for (int i = 0; i < own.size(); i++) {
      for (int j = 0; j < own.get(i).elements(); j++) {
        double expected = throughBody.get(i).doubleAt(j);
        assertEquals(expected, own.get(i).doubleAt(j), 1e-11 * Math.max(1, Math.abs(expected)), "input " + i + ", element " + j);
      }
    }
  }

  private static List<HostArray> gradients(Tensor loss, List<Tensor> inputs) {
    return Interpreter.evaluate(Gradients.of(loss, inputs).stream().map(Tensor::node).toList(), Engine::read);
  }

  /** Squares: the cotangents that arrive differ from element to element. */
  private static Tensor loss(GradientCases.Case c, List<Tensor> inputs) {
    return c.function().apply(inputs).square().sum();
  }

  private static List<Tensor> inputs(List<HostArray> point) {
    return point.stream().map(Tensor::of).toList();
  }

  private static HostArray within(HostArray x, SplittableRandom random) {
    double low = Arrays.stream(x.toDoubleArray()).min().orElse(0);
    double high = Arrays.stream(x.toDoubleArray()).max().orElse(0);
    return HostArray.ofDoubles(x.type(), Arrays.stream(x.toDoubleArray()).map(_ -> low + (high - low) * random.nextDouble()).toArray());
  }

  private static Stream<Op.Composite> composites(Tensor tensor) {
    return Graphs.topological(List.of(tensor.node())).stream().map(Node::op)
        .filter(Op.Composite.class::isInstance).map(Op.Composite.class::cast);
  }

  /** Bodies hold composites themselves. */
  private static Tensor writtenOut(Tensor tensor) {
    Tensor result = tensor;
    while (composites(result).findAny().isPresent()) {
      result = onceWrittenOut(result);
    }
    return result;
  }

  private static Tensor onceWrittenOut(Tensor tensor) {
    Map<Node, List<Node>> written = new HashMap<>();
    for (Node node : Graphs.topological(List.of(tensor.node()))) {
      List<Node> inputs = node.inputs().stream().map(i -> Objects.requireNonNull(written.get(i)).getFirst()).toList();
      written.put(node, switch (node.op()) {
        case Op.Composite composite -> composite.body().inline(inputs, node.origin());
        case Op.Result(int index) when node.input(0).op() instanceof Op.Composite ->
            List.of(Objects.requireNonNull(written.get(node.input(0))).get(index));
        default -> List.of(node.isLeaf() ? node : Ops.rebuilt(node, inputs));
      });
    }
    return Tensor.of(Objects.requireNonNull(written.get(tensor.node())).getFirst());
  }
}
