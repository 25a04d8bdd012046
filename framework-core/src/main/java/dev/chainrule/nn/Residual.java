package dev.chainrule.nn;

import dev.chainrule.ShapeMismatchException;
import dev.chainrule.tensor.Tensor;
import java.util.Optional;

/**
 * x + f(x), or s(x) + f(x) where f changes the shape: He, Zhang, Ren and Sun, "Deep residual learning for image recognition" (CVPR 2016).
 * The children are called {@code body} and {@code shortcut}.
 */
public final class Residual extends Module {

  private final Module body;
  private final Optional<Module> shortcut;

  /**
   * A layer around another.
   *
   * @param body f; its output has its input's type
   */
  public Residual(Module body) {
    this(body, Optional.empty());
  }

  /**
   * A layer around another, whose input takes a way of its own to the sum.
   *
   * @param body f
   * @param shortcut s, such as a convolution of 1 by 1; its output has the type of f's
   */
  public Residual(Module body, Module shortcut) {
    this(body, Optional.of(shortcut));
  }

  private Residual(Module body, Optional<Module> shortcut) {
    this.body = child("body", body);
    this.shortcut = shortcut.map(s -> child("shortcut", s));
  }

  @Override
  protected Tensor forward(Tensor x) {
    Tensor change = body.apply(x);
    Tensor straight = shortcut.map(s -> s.apply(x)).orElse(x);
    if (!change.shape().equals(straight.shape())) {
      throw new ShapeMismatchException(label(), "the body gives " + change.type() + " for an input " + x.type()
          + (shortcut.isPresent() ? ", the shortcut " + straight.type() : ""), "Both terms of the sum must have one shape.");
    }
    return straight.add(change);
  }
}
