package dev.chainrule.kernels;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A class of products that one choice of a tile is for: sizes to the nearest power of four, so that few measurements do for all products.
 * Only products of floats, 16-bit ones too, have a choice.
 */
public record ProductShape(long rows, long columns, long depth) {

  private static final Pattern TEXT = Pattern.compile("(\\d{1,10})x(\\d{1,10})x(\\d{1,10})");

  /** Takes each size for the power of four that it counts as. */
  public ProductShape {
    rows = rounded(rows);
    columns = rounded(columns);
    depth = rounded(depth);
  }

  /** From 16, below which all tiles are too large, to 4096, above which all are many. */
  private static long rounded(long size) {
    long power = 16;
    while (power < 4096 && size > 2 * power) {
      power *= 4;
    }
    return power;
  }

  static Optional<ProductShape> parse(String text) {
    Matcher sizes = TEXT.matcher(text);
    return sizes.matches() ? Optional.of(new ProductShape(
        Long.parseLong(sizes.group(1)), Long.parseLong(sizes.group(2)), Long.parseLong(sizes.group(3)))) : Optional.empty();
  }

  /** {@code 64x1024x256}: rows, columns, depth. */
  @Override
  public String toString() {
    return rows + "x" + columns + "x" + depth;
  }
}
