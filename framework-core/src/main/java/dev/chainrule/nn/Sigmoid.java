package dev.chainrule.nn;

import dev.chainrule.tensor.Tensor;

/** 1 / (1 + exp(-x)) at each element. */
public final class Sigmoid extends Module {

  @Override
  protected Tensor forward(Tensor x) {
    return x.sigmoid();
  }
}
