package dev.chainrule.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.ChainruleException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Every device computes every operation as the reference interpreter does, on every type, layout and special value, inside a Step and
 * outside, within the bounds of {@link Bounds}.
 */
class ConformanceTest extends ConformanceSuite {

  private final List<Case> cases = Cases.all();

  ConformanceTest() {
    super(Cases.ofOperations());
  }

  @Test
  void everyOperationHasACase() {
    Set<String> missing = operations(Op.class).map(Class::getSimpleName).collect(Collectors.toCollection(TreeSet::new));
    cases.forEach(c -> missing.remove(c.of().getSimpleName()));
    assertEquals(Set.of(), missing);
  }

  /** Gradients and gradients of gradients of all that has them, each as a graph of its own. */
  @Test
  void everyOperationWithAGradientHasCasesOfIt() {
    Set<String> missing = operations(Op.class).map(Class::getSimpleName).collect(Collectors.toCollection(TreeSet::new));
    DerivativeCases.all().forEach(c -> missing.remove(c.of().getSimpleName()));
    Set<String> none = new TreeSet<>(Set.of(
        "Sign", "Floor", "Ceil", "Round", // zero everywhere
        "Not", "And", "Or", "Xor", "ShiftLeft", "ShiftRight", "ShiftRightLogical", "IDiv", "Bitcast", "PhiloxBits", // bits and integers
        "Equal", "Less", "LessEqual", "ArgReduce", // truth values and positions
        "Const", "Iota", "Input", "State", "Scalar", "Parameter", // sources
        "While")); // of unknown length
    assertEquals(none, missing);
  }

  /** For each operation: whatever type its data may have by the type rules, there is a case with data of that type. */
  @Test
  void everyTypeThatAnOperationHasHasACase() {
    Map<Class<? extends Op>, Set<DType>> covered = new LinkedHashMap<>();
    Map<Class<? extends Op>, Set<DType>> possible = new LinkedHashMap<>();
    for (Case c : cases) {
      for (Node node : Cases.nodes(c)) {
        if (node.op().getClass() == c.of() && !node.inputs().isEmpty()) {
          covered.computeIfAbsent(c.of(), _ -> new TreeSet<>()).add(dataType(node));
          if (!possible.containsKey(c.of())) {
            possible.put(c.of(), Stream.of(DType.values()).filter(d -> isPossible(node, d)).collect(Collectors.toSet()));
          }
        }
      }
    }
    List<String> missing = new ArrayList<>();
    // Composites have the types of their bodies.
    possible.remove(Op.Composite.class);
    possible.forEach((op, types) -> types.stream().filter(t -> !covered.get(op).contains(t))
        .forEach(t -> missing.add(op.getSimpleName() + " " + t)));
    assertEquals(List.of(), missing);
    assertTrue(possible.size() > 50, "only " + possible.size() + " operations were looked at");
  }

  /** The type that the operation works on; the first operand of where is a condition, that of a result a node with several. */
  private static DType dataType(Node node) {
    return node.input(node.op() instanceof Op.Where || node.op() instanceof Op.Cond ? 1 : 0).type().dtype();
  }

  private static boolean isPossible(Node node, DType dtype) {
    DType now = dataType(node);
    boolean fixed = switch (node.op()) {
      case Op.PhiloxBits _, Op.Result _, Op.Loop _, Op.While _, Op.Cond _ -> true;
      default -> false;
    };
    if (fixed) {
      return dtype == now;
    }
    try {
      List<Node> inputs = new ArrayList<>();
      for (Node input : node.inputs()) {
        DType as = input.type().dtype() == now ? dtype : input.type().dtype();
        inputs.add(Ops.input(HostArray.ofLongs(input.type().withDType(as), new long[Math.toIntExact(input.type().elements())])));
      }
      Ops.node(node.op(), inputs.toArray(Node[]::new));
      return true;
    } catch (ChainruleException e) {
      return false;
    }
  }

  /** The records of a sealed family. */
  private static Stream<Class<?>> operations(Class<?> family) {
    return family.isSealed() ? Stream.of(family.getPermittedSubclasses()).flatMap(ConformanceTest::operations) : Stream.of(family);
  }
}
