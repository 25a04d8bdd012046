package dev.chainrule.tensor;

import dev.chainrule.DTypeMismatchException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.TensorType;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * A choice that is made when the graph runs, between two parts of it of which only one is computed. (A Java {@code if} decides while
 * tracing; {@link Tensor#where} computes both and picks element by element.)
 */
public final class Cond {

  private Cond() {}

  /**
   * The results of {@code then} where the predicate is true, else of {@code otherwise}. Both may read tensors, variables and numbers from
   * around them; they must not read values on the host nor assign variables. Differentiable: gradients flow through the chosen part.
   *
   * @param predicate a bool scalar
   * @param then at least one tensor
   * @param otherwise as many, of the same types
   */
  public static List<Tensor> of(Tensor predicate, Supplier<List<Tensor>> then, Supplier<List<Tensor>> otherwise) {
    if (!predicate.type().equals(TensorType.scalar(DType.BOOL))) {
      throw new DTypeMismatchException("cond", "the predicate is " + predicate.type() + ", expected bool[]",
          "Compare first; any() and all() reduce to one, where() chooses element by element.");
    }
    Region.Traced chosen = Region.trace(List.of(), Region.Assignments.REFUSED, _ -> then.get());
    Region.Traced other = Region.trace(List.of(), Region.Assignments.REFUSED, _ -> otherwise.get());
    if (chosen.results().isEmpty() && other.results().isEmpty()) {
      throw new InvalidArgumentException("cond", "the branches give nothing", "Return what they compute.");
    }
    if (!types(chosen).equals(types(other))) {
      throw new ShapeMismatchException("cond", "the branches give " + types(chosen) + " and " + types(other), "Both give the same types.");
    }
    List<Node> captured = Region.Traced.captured(chosen, other);
    List<Node> in = new ArrayList<>(List.of(predicate.node()));
    in.addAll(captured);
    return Tensor.resultsOf(Ops.node(new Op.Cond(chosen.body(captured), other.body(captured)), in.toArray(Node[]::new)));
  }

  private static List<TensorType> types(Region.Traced region) {
    return region.results().stream().map(Node::type).toList();
  }
}
