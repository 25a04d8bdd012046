package dev.chainrule.nn;

import dev.chainrule.tensor.Tensor;

/** The hyperbolic tangent of each element. */
public final class Tanh extends Module {

  @Override
  protected Tensor forward(Tensor x) {
    return x.tanh();
  }
}
