package dev.chainrule.tensor;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.Op;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;

/**
 * How a convolution moves over its input: {@code ConvOptions.DEFAULT.withStride(2).withPadding(1)}. Each list holds one number for all
 * spatial axes or one for each.
 *
 * @param stride distance between neighbouring windows, 1 by default
 * @param padding zeros before and after each axis, none by default; empty: see {@link #withSamePadding}
 * @param dilation distance between neighbouring kernel elements in the input, 1 by default
 * @param groups parts into which channels and filters are split, each filter seeing the channels of its part only; 1 by default
 */
public record ConvOptions(List<Long> stride, Optional<List<Op.Edge>> padding, List<Long> dilation, int groups) {

  /** Stride 1, no padding, dilation 1, one group. */
  public static final ConvOptions DEFAULT = new ConvOptions(List.of(1L), Optional.of(List.of(new Op.Edge(0, 0))), List.of(1L), 1);

  /**
   * Copies the lists.
   *
   * @throws InvalidArgumentException when a stride, a dilation or the number of groups is below 1, or a padding negative
   */
  public ConvOptions {
    stride = positive("stride", stride);
    padding = padding.map(ConvOptions::notNegative);
    dilation = positive("dilation", dilation);
    if (groups < 1) {
      throw new InvalidArgumentException("convOptions", groups + " groups, expected 1 or more", "");
    }
  }

  /** One number for all spatial axes, or one for each. */
  public ConvOptions withStride(long... stride) {
    return new ConvOptions(LongStream.of(stride).boxed().toList(), padding, dilation, groups);
  }

  /** As many zeros before an axis as after it: one number for all spatial axes, or one for each. */
  public ConvOptions withPadding(long... padding) {
    return withPadding(LongStream.of(padding).mapToObj(p -> new Op.Edge(p, p)).toList());
  }

  /** Zeros before and after: one pair for all spatial axes, or one for each. */
  public ConvOptions withPadding(List<Op.Edge> padding) {
    return new ConvOptions(stride, Optional.of(padding), dilation, groups);
  }

  /**
   * As many zeros as make the result as long as the input, with stride s as long as the input's length over s, rounded up. Half of them
   * come before, the odd one after. Not for transposed convolutions.
   */
  public ConvOptions withSamePadding() {
    return new ConvOptions(stride, Optional.empty(), dilation, groups);
  }

  /** One number for all spatial axes, or one for each. */
  public ConvOptions withDilation(long... dilation) {
    return new ConvOptions(stride, padding, LongStream.of(dilation).boxed().toList(), groups);
  }

  /** With as many groups as channels every channel has filters of its own: a depthwise convolution. */
  public ConvOptions withGroups(int groups) {
    return new ConvOptions(stride, padding, dilation, groups);
  }

  private static List<Long> positive(String what, List<Long> numbers) {
    if (numbers.isEmpty() || numbers.stream().anyMatch(n -> n < 1)) {
      throw new InvalidArgumentException("convOptions", what + " " + numbers + ", expected 1 or more for each axis", "");
    }
    return List.copyOf(numbers);
  }

  private static List<Op.Edge> notNegative(List<Op.Edge> edges) {
    if (edges.isEmpty() || edges.stream().anyMatch(e -> e.low() < 0 || e.high() < 0)) {
      throw new InvalidArgumentException("convOptions", "padding " + edges + ", expected 0 or more for each side", "slice() cuts.");
    }
    return List.copyOf(edges);
  }
}
