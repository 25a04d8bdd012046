package dev.chainrule.graph;

import dev.chainrule.InvalidArgumentException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A closed subgraph: what a composite, a loop or a conditional executes. It reads nothing but its parameters, constants and iotas. Bodies
 * are equal when they are made of the same nodes; whether two compute the same is a question for their {@link #structure}.
 */
public final class Body {

  private final List<Node> parameters;
  private final List<Node> results;
  private final List<TensorType> parameterTypes;
  private final List<TensorType> resultTypes;

  /** Null until it is asked for; composites' bodies are asked at every run. */
  private @Nullable Structure structure;

  /**
   * A closed function.
   *
   * @param parameters nodes of {@link Op.Parameter}, in order
   * @param results nodes over them
   */
  public Body(List<Node> parameters, List<Node> results) {
    this.parameters = List.copyOf(parameters);
    this.results = List.copyOf(results);
    if (results.isEmpty()) {
      throw new InvalidArgumentException("body", "has no results", "");
    }
    this.parameterTypes = this.parameters.stream().map(Node::type).toList();
    this.resultTypes = this.results.stream().map(Node::type).toList();
  }

  /** Nodes of {@link Op.Parameter}, in order. */
  public List<Node> parameters() {
    return parameters;
  }

  /** Nodes over the parameters. */
  public List<Node> results() {
    return results;
  }

  List<TensorType> parameterTypes() {
    return parameterTypes;
  }

  /** The types of the results, in order. */
  public List<TensorType> resultTypes() {
    return resultTypes;
  }

  /** What the body computes: equal for two bodies that compute the same. */
  Structure structure() {
    Structure known = structure;
    if (known == null) {
      known = Structure.of(this);
      structure = known;
    }
    return known;
  }

  /**
   * The results with the parameters replaced by {@code arguments}: the body written out where it is used.
   *
   * @param origin where that is: a body may have been traced for another use
   */
  public List<Node> inline(List<Node> arguments, Origin origin) {
    Map<Node, Node> replaced = new HashMap<>();
    for (int i = 0; i < parameters.size(); i++) {
      replaced.put(parameters.get(i), arguments.get(i));
    }
    return Graphs.replaced(results, replaced, _ -> origin);
  }

  @Override
  public boolean equals(Object other) {
    return this == other || other instanceof Body b && parameters.equals(b.parameters) && results.equals(b.results);
  }

  @Override
  public int hashCode() {
    return Objects.hash(parameters, results);
  }

  @Override
  public String toString() {
    return "Body[parameters=" + parameters + ", results=" + results + "]";
  }
}
