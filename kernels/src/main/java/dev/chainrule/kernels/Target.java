package dev.chainrule.kernels;

/**
 * What kernels and their launches depend on of a device. The bits of results depend on none of it, but for those of attention in 16 bits, which
 * tensor cores add up otherwise.
 *
 * @param tiles that it takes for products
 * @param parameterBytes what it can hand to a kernel
 */
public record Target(ProductTiles tiles, long parameterBytes, Kind kind) {

  /** What runs the kernels. */
  public enum Kind {
    /**
     * A processor. It has caches for rows and joins threads to vectors of its own, and its compiler takes long over texts that do both.
     */
    PROCESSOR,
    /**
     * A GPU: a thread has many registers, and kernels go through memory as little as they can. Rows are kept ({@link Held}), elements come by
     * {@link Packs}.
     */
    GPU,
    /** A GPU that multiplies matrices of bf16, as NVIDIA's do from compute capability 8.0 on. */
    TENSOR_CORES
  }

  /** A GPU without tensor cores. */
  public Target(ProductTiles tiles, long parameterBytes) {
    this(tiles, parameterBytes, Kind.GPU);
  }

  /** Whether a thread has many registers. */
  boolean registers() {
    return kind != Kind.PROCESSOR;
  }

  /** Whether the device multiplies matrices of bf16. */
  boolean tensorCores() {
    return kind == Kind.TENSOR_CORES;
  }
}
