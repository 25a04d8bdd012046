package dev.chainrule.kernels;

import dev.chainrule.graph.DType;
import java.util.Map;

/** The tiles that a device takes for products of each shape; the usual one where nothing has been measured. */
public record ProductTiles(Map<ProductShape, ProductTile> choices) {

  /** Nothing has been measured. */
  public static final ProductTiles USUAL = new ProductTiles(Map.of());

  /** Copies the map. */
  public ProductTiles {
    choices = Map.copyOf(choices);
  }

  ProductTile of(DType dtype, long rows, long columns, long depth) {
    boolean floats = dtype == DType.F32 || dtype == DType.F16 || dtype == DType.BF16;
    return floats ? choices.getOrDefault(new ProductShape(rows, columns, depth), ProductTile.DEFAULT) : ProductTile.DEFAULT;
  }
}
