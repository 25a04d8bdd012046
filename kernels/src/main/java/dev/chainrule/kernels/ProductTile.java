package dev.chainrule.kernels;

import java.util.List;
import java.util.Optional;

/**
 * How {@code product.cl} cuts a product. The bits of the result do not depend on it.
 *
 * @param rows of the result that a group of threads makes
 * @param columns likewise
 * @param depth steps that go through shared memory together; divides 256, after which sums are rounded (S19.14)
 * @param ownRows of the tile that one thread makes
 * @param ownColumns likewise
 */
public record ProductTile(int rows, int columns, int depth, int ownRows, int ownColumns) {

  /** For devices that have not been measured. */
  public static final ProductTile DEFAULT = new ProductTile(64, 64, 16, 4, 4);

  /**
   * What is tried on a device: larger tiles for large products, which read operands less often; small ones, of which a small product has
   * more. All fit into the 32 KiB of shared memory that every device has.
   */
  public static final List<ProductTile> CANDIDATES = List.of(DEFAULT, new ProductTile(128, 128, 8, 8, 8),
      new ProductTile(128, 64, 16, 8, 4), new ProductTile(64, 128, 16, 4, 8), new ProductTile(64, 64, 32, 4, 4),
      new ProductTile(32, 32, 16, 2, 2), new ProductTile(16, 64, 32, 1, 4));

  /** Of {@link #toString}; empty if it is not one of the candidates. */
  static Optional<ProductTile> parse(String text) {
    return CANDIDATES.stream().filter(tile -> tile.toString().equals(text)).findFirst();
  }

  Template in(Template template) {
    return template.with("tile_rows", Integer.toString(rows)).with("tile_columns", Integer.toString(columns))
        .with("tile_depth", Integer.toString(depth)).with("own_rows", Integer.toString(ownRows))
        .with("own_columns", Integer.toString(ownColumns));
  }

  /** {@code 64x64x16/4x4}. */
  @Override
  public String toString() {
    return rows + "x" + columns + "x" + depth + "/" + ownRows + "x" + ownColumns;
  }
}
