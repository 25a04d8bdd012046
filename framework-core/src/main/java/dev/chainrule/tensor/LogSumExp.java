package dev.chainrule.tensor;

import dev.chainrule.graph.Axes;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;

/** log(sum exp(x)) over several axes, with the largest element taken out. */
final class LogSumExp {

  static final CompositeFunction FUNCTION = new CompositeFunction("logsumexp", (in, attributes) -> {
    Tensor x = in.getFirst();
    int[] axes = axes(attributes);
    Tensor largest = x.max(axes);
    // Beside an infinite one every difference would be infinite or NaN; as they are, exp and log make of them what they should.
    Tensor shift = largest.abs().less(Double.POSITIVE_INFINITY).where(largest, Tensor.zeros(largest.type()));
    return List.of(x.sub(x.keep(shift, axes)).exp().sum(axes).log().add(shift));
  }, Optional.of((in, _, g, attributes) -> {
    // Not exp(x - result): the rounding of a large result would be an error of the exponent.
    Tensor x = in.getFirst();
    int[] axes = axes(attributes);
    Tensor e = x.sub(x.keep(x.max(axes).stopGradient(), axes)).exp();
    return List.of(Optional.of(e.mul(x.keep(Composites.only(g).div(e.sum(axes)), axes))));
  }));

  private LogSumExp() {}

  static Tensor of(Tensor x, Axes axes) {
    return FUNCTION.apply(Map.of("axes", axes), x).getFirst();
  }

  private static int[] axes(Map<String, Object> attributes) {
    Axes axes = (Axes) Objects.requireNonNull(attributes.get("axes"));
    return IntStream.range(0, axes.count()).map(axes::get).toArray();
  }
}
