package dev.chainrule.kernels;

/**
 * What kernels and their launches depend on of a device. The bits of results depend on none of it.
 *
 * @param tiles that it takes for products
 * @param parameterBytes what it can hand to a kernel
 * @param registers whether a thread has many, and kernels go through memory as little as they can: rows are kept ({@link Held}), elements
 *     come by {@link Packs}. A processor that runs the kernels has caches for rows and joins threads to vectors of its own, and its compiler
 *     takes long over texts that do both
 */
public record Target(ProductTiles tiles, long parameterBytes, boolean registers) {

  /** A GPU. */
  public Target(ProductTiles tiles, long parameterBytes) {
    this(tiles, parameterBytes, true);
  }
}
