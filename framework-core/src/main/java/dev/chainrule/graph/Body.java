package dev.chainrule.graph;

import dev.chainrule.InvalidArgumentException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A closed subgraph: what a composite, a loop or a conditional executes. It reads nothing but its parameters, constants and iotas.
 *
 * @param parameters nodes of {@link Op.Parameter}, in order
 * @param results nodes over them
 */
public record Body(List<Node> parameters, List<Node> results) {

  public Body {
    parameters = List.copyOf(parameters);
    results = List.copyOf(results);
    if (results.isEmpty()) {
      throw new InvalidArgumentException("body", "has no results", "");
    }
  }

  public List<TensorType> resultTypes() {
    return results.stream().map(Node::type).toList();
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
}
