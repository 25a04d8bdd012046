package dev.chainrule.nn;

import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Modules one after the other. Without any it gives back its input. */
public final class Sequential extends Module {

  private final List<Module> layers = new ArrayList<>();

  /** Layers called {@code 0}, {@code 1}, ... */
  public Sequential(Module... layers) {
    for (Module layer : layers) {
      add(Integer.toString(this.layers.size()), layer);
    }
  }

  /**
   * Appends a layer under a name of its own, while the model is built:
   * {@code new Sequential().add("hidden", new Linear(784, 512)).add("relu", new Relu())}.
   *
   * @return this
   */
  public Sequential add(String name, Module layer) {
    layers.add(child(name, layer));
    return this;
  }

  /** The layers in order. */
  public List<Module> layers() {
    return Collections.unmodifiableList(layers);
  }

  @Override
  protected Tensor forward(Tensor x) {
    Tensor y = x;
    for (Module layer : layers) {
      y = layer.apply(y);
    }
    return y;
  }
}
