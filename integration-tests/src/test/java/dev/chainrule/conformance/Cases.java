package dev.chainrule.conformance;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.tensor.Tensor;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Every case that a device has to pass. */
final class Cases {

  /**
   * What a backend that is not of this project may lack. A device either computes it right or says that it has no kernel; the cases are the same, so
   * whatever a device starts to support is checked from its first day.
   */
  private static final Set<Class<? extends Op>> REFUSED_BY_OTHERS = Set.of(Op.Conv.class, Op.ConvInputGradient.class,
      Op.ConvWeightGradient.class, Op.Sort.class, Op.Overlap.class, Op.Cumulate.class);

  /** The backends that lack nothing. */
  private static final Set<String> COMPLETE = Set.of("cpu", "opencl", "cuda");

  private static final Set<DType> TYPES_REFUSED_BY_OTHERS = Set.of(DType.F16, DType.BF16);

  private Cases() {}

  static List<Case> all() {
    return together(ofOperations(), ofFunctions());
  }

  /** Of single operations. */
  static List<Case> ofOperations() {
    return together(
        PointwiseCases.all(),
        SourceCases.all(),
        ReductionCases.all(),
        ReductionMethodCases.all(),
        ProductCases.all(),
        ProductMethodCases.all(),
        PrecisionCases.all(),
        IndexCases.all());
  }

  /** Of what is made of several: movement, loops, composites, layers, gradients. About as many kernels, and fewer cases. */
  static List<Case> ofFunctions() {
    return together(
        MovementCases.all(),
        ControlCases.all(),
        LoopCases.all(),
        CompositeCases.all(),
        ActivationCases.all(),
        NormalisationCases.all(),
        AttentionCases.all(),
        TrainingCases.all(),
        LayerCases.all(),
        ShapingCases.all(),
        GradientCases.all(),
        DerivativeCases.all());
  }

  @SafeVarargs
  private static List<Case> together(List<Case>... lists) {
    return Stream.of(lists).flatMap(List::stream).toList();
  }

  /** Whether a device of the backend may answer the case with UnsupportedOpException. */
  static boolean mayBeRefused(Case c, String backend) {
    List<Node> nodes = nodes(c);
    boolean other = !COMPLETE.contains(backend);
    return (other && nodes.stream().anyMatch(n -> REFUSED_BY_OTHERS.contains(n.op().getClass())))
        || (other && nodes.stream().flatMap(n -> n.types().stream()).anyMatch(t -> TYPES_REFUSED_BY_OTHERS.contains(t.dtype())));
  }

  /** The nodes of the case's graph, those in bodies too. */
  static List<Node> nodes(Case c) {
    List<Tensor> results = c.graph().apply(c.inputs().stream().map(Tensor::of).toList());
    Set<Node> nodes = new LinkedHashSet<>();
    collect(results.stream().map(Tensor::node).toList(), nodes);
    return List.copyOf(nodes);
  }

  /**
   * The rules of the semantics that the case shows. One whose bound is relative to the largest element is about a whole graph and too
   * coarse for the rules of the operation in it.
   */
  static Set<String> rules(Case c) {
    Set<String> rules = new TreeSet<>(c.shows());
    if (c.bound().normwise() != 0) {
      return rules;
    }
    rules.addAll(RulesOfMethods.of(c));
    nodes(c).stream().filter(node -> c.of().isInstance(node.op())).forEach(node -> rules.addAll(RulesOfOperations.of(node)));
    return rules;
  }

  private static void collect(List<Node> roots, Set<Node> nodes) {
    for (Node node : Graphs.topological(roots)) {
      if (nodes.add(node)) {
        node.op().bodies().forEach(body -> collect(body.results(), nodes));
      }
    }
  }
}
