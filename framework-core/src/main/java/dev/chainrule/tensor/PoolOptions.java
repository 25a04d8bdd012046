package dev.chainrule.tensor;

import dev.chainrule.InvalidArgumentException;
import java.util.List;
import java.util.stream.LongStream;

/**
 * How a pooling window moves over its input: {@code PoolOptions.of(3).withStride(2).withPadding(1)}. Each list holds one number for all
 * spatial axes or one for each.
 *
 * @param size elements of a window along each axis
 * @param stride distance between neighbouring windows, the size by default
 * @param padding elements before and as many after each axis, at most half the size, so that every window holds some of the input; 0 by
 *     default
 * @param countPadding whether an average divides by the elements of the padding as well, as by default
 */
public record PoolOptions(List<Long> size, List<Long> stride, List<Long> padding, boolean countPadding) {

  /**
   * Copies the lists.
   *
   * @throws InvalidArgumentException when a size or stride is below 1, or a padding negative or more than half of its window
   */
  public PoolOptions {
    size = atLeast(1, "size", size);
    stride = atLeast(1, "stride", stride);
    padding = atLeast(0, "padding", padding);
    for (int i = 0; i < Math.max(size.size(), padding.size()); i++) {
      long length = size.get(Math.min(i, size.size() - 1));
      long added = padding.get(Math.min(i, padding.size() - 1));
      if (added > length / 2) {
        throw new InvalidArgumentException("poolOptions",
            "padding " + added + " of windows of " + length + ", expected at most half, " + length / 2, "");
      }
    }
  }

  /** Windows side by side: one size for all spatial axes, or one for each. */
  public static PoolOptions of(long... size) {
    List<Long> sizes = LongStream.of(size).boxed().toList();
    return new PoolOptions(sizes, sizes, List.of(0L), true);
  }

  /** One number for all spatial axes, or one for each. */
  public PoolOptions withStride(long... stride) {
    return new PoolOptions(size, LongStream.of(stride).boxed().toList(), padding, countPadding);
  }

  /** One number for all spatial axes, or one for each. For a maximum it is lower than every number, for an average 0. */
  public PoolOptions withPadding(long... padding) {
    return new PoolOptions(size, stride, LongStream.of(padding).boxed().toList(), countPadding);
  }

  /** Whether an average divides by the elements of the padding as well; else it is the mean of those elements that are in the input. */
  public PoolOptions withCountPadding(boolean countPadding) {
    return new PoolOptions(size, stride, padding, countPadding);
  }

  private static List<Long> atLeast(long least, String what, List<Long> numbers) {
    if (numbers.isEmpty() || numbers.stream().anyMatch(n -> n < least)) {
      throw new InvalidArgumentException("poolOptions", what + " " + numbers + ", expected " + least + " or more for each axis", "");
    }
    return List.copyOf(numbers);
  }
}
