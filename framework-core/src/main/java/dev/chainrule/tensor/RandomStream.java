package dev.chainrule.tensor;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Philox;
import dev.chainrule.graph.Shape;

/**
 * Where random bits come from: a value, not a generator. The same stream gives the same bits each time it is asked and on every
 * device; {@link #split} gives others. Inside a Step, {@link Trace#random} makes streams; outside, {@link #of}.
 *
 * <p><b>Equal addresses are equal bits.</b> Two Steps with one seed draw the same bits in their n-th runs, at the same place of the same
 * module path; so do two streams {@link #of} one seed. Where that must not be, give them different seeds
 * ({@link dev.chainrule.train.Step#withSeed}).
 */
public final class RandomStream {

  private final Tensor seed;
  private final Tensor run;
  private final Tensor zero;
  private final long stream;

  RandomStream(Tensor seed, Tensor run, Tensor zero, long stream) {
    this.seed = seed;
    this.run = run;
    this.zero = zero;
    this.stream = stream;
  }

  /** The stream of a seed, for use outside Steps. */
  public static RandomStream of(long seed) {
    Tensor zero = Tensor.of(Ops.scalar(DType.I64, 0));
    return new RandomStream(Tensor.of(Ops.scalar(DType.I64, seed)), zero, zero, 0);
  }

  /** Stream number {@code i} below this one, independent of it and of its siblings. */
  public RandomStream split(int i) {
    return new RandomStream(seed, run, zero, Philox.mix(stream ^ Philox.stream("split", i)));
  }

  /** In a loop's body the number of the repetition, so that each has bits of its own. */
  private Tensor iteration() {
    return Region.iteration().orElse(zero);
  }

  /** Uniformly random bits, i32 of the given shape. */
  public Tensor bits(Shape shape) {
    return Tensor.made(Ops.node(new Op.PhiloxBits(shape, stream), seed.node(), run.node(), iteration().node()));
  }

  /** Uniform on [0, 1) in steps of 2^-24, f32. */
  public Tensor uniform(Shape shape) {
    return bits(shape).shiftRightLogical(8).cast(DType.F32).mul(0x1p-24);
  }

  /** Standard normal, f32, by the method of Box and Muller (1958). */
  public Tensor normal(Shape shape) {
    Tensor radius = split(0).bits(shape).shiftRightLogical(8).cast(DType.F32).add(1).mul(0x1p-24).log().mul(-2).sqrt();
    return radius.mul(split(1).uniform(shape).mul(2 * Math.PI).cos());
  }

  /** True with the given probability, bool; decided on the raw bits, so that every device decides alike. */
  public Tensor bernoulli(double probability, Shape shape) {
    if (!(probability >= 0 && probability <= 1)) {
      throw new InvalidArgumentException("bernoulli", "probability " + probability + ", expected 0 to 1", "");
    }
    // Of the 2^32 words the first probability * 2^32 count as true; as signed numbers they start at the smallest int.
    long threshold = Integer.MIN_VALUE + Math.round(probability * 0x1p32);
    Tensor word = bits(shape);
    return threshold > Integer.MAX_VALUE ? word.equal(word) : word.less(threshold);
  }
}
