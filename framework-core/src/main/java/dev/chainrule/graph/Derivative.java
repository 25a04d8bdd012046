package dev.chainrule.graph;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The backward pass of a composite or a custom function, given where the function is defined: the vector-Jacobian product.
 */
@FunctionalInterface
public interface Derivative {

  /**
   * Makes the nodes of the backward pass.
   *
   * @param inputs what the function was applied to
   * @param outputs its results
   * @param cotangents the loss's gradient for each result; null where the loss does not depend on it
   * @return the loss's gradient for each input, of the input's type; null where it is zero by definition
   */
  List<@Nullable Node> cotangents(List<Node> inputs, List<Node> outputs, List<@Nullable Node> cotangents);
}
