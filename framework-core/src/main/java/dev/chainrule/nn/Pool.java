package dev.chainrule.nn;

import dev.chainrule.ShapeMismatchException;
import dev.chainrule.tensor.PoolOptions;
import dev.chainrule.tensor.Tensor;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;

/** What layers that pool windows of images have in common: the check of their input and how they are shown. */
abstract sealed class Pool extends Module permits MaxPool2d, AvgPool2d {

  private final PoolOptions options;

  Pool(PoolOptions options) {
    Objects.requireNonNull(options, "options");
    this.options = options;
  }

  /** [..., height, width] -> [..., height', width']. */
  abstract Tensor pooled(Tensor x, PoolOptions options);

  @Override
  protected final Tensor forward(Tensor x) {
    if (x.rank() < 2) {
      throw new ShapeMismatchException(label(), "expected an input [..., height, width], got " + x.type(), "");
    }
    return pooled(x, options);
  }

  @Override
  public final String toString() {
    return getClass().getSimpleName() + "(" + listed(options.size())
        + (options.stride().equals(options.size()) ? "" : ", stride " + listed(options.stride()))
        + (options.padding().equals(List.of(0L)) ? "" : ", padding " + listed(options.padding())) + ")";
  }

  private static String listed(List<Long> numbers) {
    return numbers.stream().map(n -> Long.toString(n)).collect(Collectors.joining("x"));
  }
}
