package dev.chainrule.backend.cpu;

/**
 * The arrays that a thread packs into and multiplies from. They are kept between products: a fresh array would have to
 * be zeroed, and its pages and cache lines fetched, for every product.
 */
final class GemmScratch {
  private float[] left = {};
  private float[] right = {};
  private float[] tile = {};

  /** Panels of A. */
  float[] left(int floats) {
    left = grown(left, floats);
    return left;
  }

  /** Panels of B. */
  float[] right(int floats) {
    right = grown(right, floats);
    return right;
  }

  /** The sums of one tile. */
  float[] tile(int floats) {
    tile = grown(tile, floats);
    return tile;
  }

  private static float[] grown(float[] array, int floats) {
    return array.length >= floats ? array : new float[floats];
  }
}
