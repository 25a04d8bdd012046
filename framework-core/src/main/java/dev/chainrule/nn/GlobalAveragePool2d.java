package dev.chainrule.nn;

import dev.chainrule.ShapeMismatchException;
import dev.chainrule.tensor.Tensor;

/**
 * The mean of each channel's image: [..., height, width] -> [...], so [n, channels, height, width] -> [n, channels] (Lin, Chen and Yan,
 * "Network in network", ICLR 2014; Keras's {@code GlobalAveragePooling2D}).
 */
public final class GlobalAveragePool2d extends Module {

  @Override
  protected Tensor forward(Tensor x) {
    if (x.rank() < 2) {
      throw new ShapeMismatchException(label(), "expected an input [..., height, width], got " + x.type(), "");
    }
    return x.mean(-2, -1);
  }
}
