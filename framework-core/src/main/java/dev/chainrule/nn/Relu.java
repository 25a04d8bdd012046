package dev.chainrule.nn;

import dev.chainrule.tensor.Tensor;

/** max(x, 0) at each element; see {@link Tensor#relu}. */
public final class Relu extends Module {

  @Override
  protected Tensor forward(Tensor x) {
    return x.relu();
  }
}
