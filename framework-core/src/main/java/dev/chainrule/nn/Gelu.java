package dev.chainrule.nn;

import dev.chainrule.tensor.Tensor;

/** x Phi(x) at each element (Hendrycks and Gimpel, "Gaussian error linear units", 2016), by erf; see {@link Tensor#gelu}. */
public final class Gelu extends Module {

  @Override
  protected Tensor forward(Tensor x) {
    return x.gelu();
  }
}
