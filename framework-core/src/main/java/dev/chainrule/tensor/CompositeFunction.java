package dev.chainrule.tensor;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.Body;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Derivative;
import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Scope;
import dev.chainrule.graph.TensorType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A named function of tensors, composed of primitives. A device may run it natively by its name; elsewhere, and wherever its meaning
 * is in question, the composition counts. Custom functions with derivatives of their own are made in the same way.
 *
 * <p>The composition is traced once for each set of attributes and input types and each {@link Precision}, and reads nothing else: neither
 * tensors from outside nor anything of Java's that changes.
 */
public final class CompositeFunction {

  /** Attributes and types met so far; more than a model has, far fewer than would weigh. */
  private static final int MOST_OPERATIONS = 256;

  private final String name;
  private final Function function;
  private final Optional<VectorJacobian> derivative;
  private final Map<Signature, Op.Composite> operations = new ConcurrentHashMap<>();

  private record Signature(Map<String, Object> attributes, List<TensorType> inputs, Precision precision) {}

  /**
   * A function that is traced when it is first applied.
   *
   * @param name unique; devices know it
   * @param function the composition, traced on stand-ins for its inputs
   * @param derivative its vector-Jacobian product; empty: that of the composition
   */
  public CompositeFunction(String name, Function function, Optional<VectorJacobian> derivative) {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(function, "function");
    Objects.requireNonNull(derivative, "derivative");
    this.name = name;
    this.function = function;
    this.derivative = derivative;
  }

  /** The name by which devices know it. */
  public String name() {
    return name;
  }

  /** The composition: inputs and attributes to results. */
  @FunctionalInterface
  public interface Function {
    /** Composes the results; called while it is traced, not at every step. */
    List<Tensor> apply(List<Tensor> inputs, Map<String, Object> attributes);
  }

  /** The backward pass over tensors; see {@link Derivative}. */
  @FunctionalInterface
  public interface VectorJacobian {

    /**
     * Composes the gradients.
     *
     * @param cotangents the loss's gradient for each output; empty where the loss does not depend on it
     * @return the loss's gradient for each input, of its type; empty where it is zero
     */
    List<Optional<Tensor>> apply(
        List<Tensor> inputs, List<Tensor> outputs, List<Optional<Tensor>> cotangents, Map<String, Object> attributes);
  }

  /** A function of one tensor without attributes. */
  static CompositeFunction unary(String name, java.util.function.UnaryOperator<Tensor> function, Optional<VectorJacobian> derivative) {
    return new CompositeFunction(name, (in, _) -> List.of(function.apply(in.getFirst())), derivative);
  }

  /** The only result for inputs without attributes. */
  public Tensor apply(Tensor... inputs) {
    return apply(Map.of(), inputs).getFirst();
  }

  /** What it gives for these inputs; the attributes are part of the plan's structure. */
  public List<Tensor> apply(Map<String, Object> attributes, Tensor... inputs) {
    Node[] operands = new Node[inputs.length];
    for (int i = 0; i < operands.length; i++) {
      operands[i] = inputs[i].node();
    }
    return Tensor.resultsOf(Ops.node(operation(attributes, inputs), operands));
  }

  private Op.Composite operation(Map<String, Object> attributes, Tensor... inputs) {
    TensorType[] types = new TensorType[inputs.length];
    for (int i = 0; i < types.length; i++) {
      types[i] = inputs[i].type();
    }
    var signature = new Signature(Map.copyOf(attributes), List.of(types), Precision.current());
    Op.Composite known = operations.get(signature);
    if (known == null) {
      if (operations.size() >= MOST_OPERATIONS) {
        operations.clear();
      }
      Optional<Derivative> rule = derivative.map(d -> overNodes(d, signature.attributes));
      known = new Op.Composite(name, signature.attributes, traced(signature), rule);
      operations.put(signature, known);
    }
    return known;
  }

  private Body traced(Signature signature) {
    return Scope.current().tracingBody(() -> {
      long begin = Ops.parameter(0, TensorType.scalar(DType.BOOL)).id();
      List<Tensor> parameters = new ArrayList<>();
      for (TensorType type : signature.inputs) {
        parameters.add(Tensor.of(Ops.parameter(parameters.size(), type)));
      }
      List<Node> results = nodes(function.apply(parameters, signature.attributes));
      var body = new Body(nodes(parameters), Graphs.withOwnLiterals(results, begin));
      requireClosed(body);
      return body;
    });
  }

  private void requireClosed(Body body) {
    for (Node node : Graphs.topological(body.results())) {
      boolean foreign = node.op() instanceof Op.Parameter && !body.parameters().contains(node);
      if (foreign || node.value().isPresent() || node.op() instanceof Op.State) {
        throw new InvalidArgumentException(name, "its body reads " + node + " from outside", "Pass it as an input.");
      }
    }
  }

  private static Derivative overNodes(VectorJacobian rule, Map<String, Object> attributes) {
    return (inputs, outputs, cotangents) -> {
      List<Optional<Tensor>> seeds = new ArrayList<>();
      for (Node cotangent : cotangents) {
        seeds.add(cotangent == null ? Optional.empty() : Optional.of(Tensor.of(cotangent)));
      }
      List<@Nullable Node> results = new ArrayList<>();
      for (Optional<Tensor> result : rule.apply(tensors(inputs), tensors(outputs), seeds, attributes)) {
        results.add(result.isPresent() ? result.get().node() : null);
      }
      return results;
    };
  }

  private static List<Tensor> tensors(List<Node> nodes) {
    Tensor[] tensors = new Tensor[nodes.size()];
    for (int i = 0; i < tensors.length; i++) {
      tensors[i] = Tensor.of(nodes.get(i));
    }
    return List.of(tensors);
  }

  private static List<Node> nodes(List<Tensor> tensors) {
    return tensors.stream().map(Tensor::node).toList();
  }
}
