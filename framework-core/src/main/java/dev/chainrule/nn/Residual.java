package dev.chainrule.nn;

import dev.chainrule.ShapeMismatchException;
import dev.chainrule.tensor.Tensor;

/**
 * x + f(x): He, Zhang, Ren and Sun, "Deep residual learning for image recognition" (CVPR 2016). The child is called {@code body}.
 */
public final class Residual extends Module {

  private final Module body;

  /**
   * A layer around another.
   *
   * @param body f; its output has its input's type
   */
  public Residual(Module body) {
    this.body = child("body", body);
  }

  @Override
  protected Tensor forward(Tensor x) {
    Tensor change = body.apply(x);
    if (!change.shape().equals(x.shape())) {
      throw new ShapeMismatchException(label(), "the body gives " + change.type() + " for an input " + x.type(),
          "Sum and input must have one shape.");
    }
    return x.add(change);
  }
}
