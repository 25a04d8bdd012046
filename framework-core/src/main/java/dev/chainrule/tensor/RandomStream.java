package dev.chainrule.tensor;

import dev.chainrule.DTypeMismatchException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Ops;
import dev.chainrule.graph.Philox;
import dev.chainrule.graph.ScalarValue;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Where random bits come from: a value, not a generator. The same stream gives the same bits each time it is asked and on every
 * device; {@link #split} gives others. Inside a Step, {@link Trace#random} makes streams; outside, {@link #of}.
 *
 * <p><b>Equal addresses are equal bits.</b> Two Steps with one seed draw the same bits in their n-th runs, at the same place of the same
 * module path; so do two streams {@link #of} one seed. Where that must not be, give them different seeds
 * ({@link dev.chainrule.train.Step#withSeed}).
 */
public final class RandomStream {

  /**
   * (x, seed, run, iteration): the bits are drawn within, so the backward pass is the same function of the cotangent, and nothing is
   * stored.
   */
  static final CompositeFunction DROPOUT = new CompositeFunction("dropout",
      (in, attributes) -> List.of(dropped(in, 1 - Composites.attribute(attributes, "rate", Double.class),
          Composites.attribute(attributes, "stream", Long.class))),
      Optional.of((in, _, g, attributes) -> List.of(
          Optional.of(dropout(attributes, Composites.only(g), in.get(1), in.get(2), in.get(3))),
          Optional.empty(), Optional.empty(), Optional.empty())));

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
    return part("split", i);
  }

  /** A stream under a name, a method's that draws for itself or that of the splits: independent of this one and of other names'. */
  private RandomStream part(String name, int i) {
    return new RandomStream(seed, run, zero, Philox.mix(stream ^ Philox.stream(name, i)));
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

  /**
   * Uniform on [low, high), f32: {@code low + (high - low) u} with the u of {@link #uniform(Shape)}, and where that rounds to
   * {@code high} the next number below. Both ends are rounded to f32 first.
   */
  public Tensor uniform(Shape shape, double low, double high) {
    float from = (float) low;
    float to = (float) high;
    if (!(from < to) || !Float.isFinite(to - from)) {
      throw new InvalidArgumentException("uniform", "from " + low + " to " + high + ": no interval of finite f32 numbers", "");
    }
    return uniform(shape).mul(to - from).add(from).minimum(Math.nextDown(to));
  }

  /** Standard normal, f32, by the method of Box and Muller (1958). */
  public Tensor normal(Shape shape) {
    Tensor radius = part("normal", 0).bits(shape).shiftRightLogical(8).cast(DType.F32).add(1).mul(0x1p-24).log().mul(-2).sqrt();
    return radius.mul(part("normal", 1).uniform(shape).mul(2 * Math.PI).cos());
  }

  /**
   * Normal, f32: {@code mean + deviation z} with the z of {@link #normal(Shape)}. Both are rounded to f32 first; the deviation is not
   * negative, and {@code abs(mean) + 6 deviation} is finite in f32, so that every number drawn is.
   */
  public Tensor normal(Shape shape, double mean, double deviation) {
    // 24 bits make no z beyond sqrt(48 log 2), which is below 6.
    if (!(deviation >= 0) || !Float.isFinite(Math.abs((float) mean) + 6 * (float) deviation)) {
      throw new InvalidArgumentException("normal", "mean " + mean + ", deviation " + deviation + ": not all numbers are finite in f32",
          "The deviation is 0 or more, and abs(mean) + 6 deviation at most 3.4e38.");
    }
    return normal(shape).mul(deviation).add(mean);
  }

  /**
   * Integers in [low, high), at most 2^32 different ones, each as likely as any other but for a relative difference below 2^-32: of a
   * 64-bit number w the upper half of w (high - low), as Lemire has it ("Fast random integer generation in an interval", 2019), without
   * his rejections.
   *
   * @param type i32, i64 or u8; it holds low and high - 1
   */
  public Tensor integers(TensorType type, long low, long high) {
    if (!type.dtype().isInteger()) {
      throw new DTypeMismatchException("integers", type + " is no integer type", "Draw i32 numbers and cast them.");
    }
    long count = high - low;
    if (low >= high || count < 0 || count > 1L << 32) {
      throw new InvalidArgumentException("integers", "[" + low + ", " + high + ") does not hold 1 to 2^32 numbers", "");
    }
    ScalarValue.requireInRange(type.dtype(), low);
    ScalarValue.requireInRange(type.dtype(), high - 1);
    // w = 2^32 a + b. No sum overflows as an unsigned number: a count + 2^-32 b count < 2^32 count.
    Tensor a = unsigned(part("integers", 0).bits(type.shape()));
    Tensor b = unsigned(part("integers", 1).bits(type.shape()));
    Tensor upper = a.mul(count).add(b.mul(count).shiftRightLogical(32)).shiftRightLogical(32);
    return upper.add(low).cast(type.dtype());
  }

  private static Tensor unsigned(Tensor bits) {
    return bits.cast(DType.I64).shiftLeft(32).shiftRightLogical(32);
  }

  /**
   * The numbers 0, 1, ..., n - 1 in random order, i32: the order of n random 64-bit numbers. Equal ones, which occur with a probability
   * below n^2 2^-65, keep their order.
   */
  public Tensor permutation(long n) {
    Shape shape = Shape.of(n);
    Tensor upper = part("permutation", 0).bits(shape).cast(DType.I64).shiftLeft(32);
    Tensor keys = upper.or(unsigned(part("permutation", 1).bits(shape)));
    return Tensor.made(Ops.node(new Op.Result(1), Ops.node(new Op.Sort(0, false), keys.node())));
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

  /**
   * Each element 0 with the probability {@code rate}, else divided by 1 - rate (Srivastava et al., 2014); at a rate of 0 x itself, at 1
   * zeros. What is dropped is 0 whatever it was, NaN included.
   *
   * @param x floating
   * @param rate in [0, 1]; part of a plan's structure
   */
  public Tensor dropout(Tensor x, double rate) {
    if (!(rate >= 0 && rate <= 1)) {
      throw new InvalidArgumentException("dropout", "rate " + rate + ", expected 0 to 1", "");
    }
    if (!x.dtype().isFloating()) {
      throw new DTypeMismatchException("dropout", "not defined for " + x.type(), "Cast it first: cast(DType.F32).");
    }
    if (rate == 0) {
      return x;
    }
    return rate == 1 ? Tensor.zeros(x.type()) : dropout(Map.of("rate", rate, "stream", stream), x, seed, run, iteration());
  }

  private static Tensor dropout(Map<String, Object> attributes, Tensor... inputs) {
    return DROPOUT.apply(attributes, inputs).getFirst();
  }

  private static Tensor dropped(List<Tensor> in, double keep, long stream) {
    Tensor x = in.getFirst();
    Tensor kept = new RandomStream(in.get(1), in.get(2), in.get(3), stream).bernoulli(keep, x.shape());
    return kept.where(x.mul(1 / keep), Tensor.zeros(TensorType.scalar(x.dtype())));
  }
}
