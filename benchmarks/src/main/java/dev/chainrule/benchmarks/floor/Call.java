package dev.chainrule.benchmarks.floor;

/** A product or convolution of a step, of f32; only its size counts. */
sealed interface Call {

  /** Scalar operations, two for each multiplication. */
  long flops();

  /** [batch, m, k] x [batch, k, n]. */
  record Product(long batch, long m, long k, long n) implements Call {
    @Override
    public long flops() {
      return 2 * batch * m * k * n;
    }
  }

  /** Which of a convolution and its two gradients. */
  enum Pass {
    FORWARD,
    INPUT_GRADIENT,
    WEIGHT_GRADIENT
  }

  /** Images [batch, channels, size, size] with square filters of an odd size, as many pixels out as in. */
  record Convolution(Pass pass, long batch, long channels, long size, long filters, long kernel) implements Call {
    @Override
    public long flops() {
      return 2 * batch * filters * size * size * channels * kernel * kernel;
    }
  }
}
