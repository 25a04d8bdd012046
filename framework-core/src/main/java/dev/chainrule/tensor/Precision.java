package dev.chainrule.tensor;

import dev.chainrule.graph.DType;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * In which types a program computes what it writes in f32: mixed precision (Micikevicius et al., "Mixed precision training", ICLR 2018).
 * Like {@link Mode} it belongs to the surroundings of a call: {@code Precision.MIXED_BF16.call(...)}, or the Step. The default is
 * {@link #AS_WRITTEN}.
 *
 * <p>A mixed policy acts on operations as they are traced, those in bodies of composites too:
 *
 * <table>
 *   <caption>What becomes of operands</caption>
 *   <tr><th>operation</th><th>operands</th><th>a mixed policy</th></tr>
 *   <tr><td>matmul, einsum, convolutions, attention</td><td>all f32</td><td>casts them to 16 bits, the result back to f32</td></tr>
 *   <tr><td>losses</td><td>16-bit</td><td>casts them to f32, the result back</td></tr>
 *   <tr><td>sums, means, norms, softmax, activations</td><td>16-bit</td><td>nothing: they compute in f32 anyway</td></tr>
 *   <tr><td>all others, and f64</td><td></td><td>nothing</td></tr>
 * </table>
 *
 * <p>No type changes that the program sees. The casts are ordinary operations: gradients come back through them in f32, also where several
 * uses of one variable add up, and variables stay f32. Gradients of f16 sink below its range (2^-24) sooner than bf16's: multiply the
 * loss and divide the gradients by one number where they do.
 */
public enum Precision {
  /** Every operation in the types of its operands. */
  AS_WRITTEN(Optional.empty()),
  /**
   * Products and convolutions of f32 as fast as the device has them, and no worse than of operands rounded to 11 bits of precision (TF32);
   * f32 in range, and in all else. Only NVIDIA's GPUs have anything faster.
   */
  TF32(Optional.empty()),
  /** Products in bf16: f32's range with 8 bits of precision. */
  MIXED_BF16(Optional.of(DType.BF16)),
  /** Products in f16: 11 bits of precision, nothing beyond 65504. */
  MIXED_F16(Optional.of(DType.F16));

  private static final ScopedValue<Precision> CURRENT = ScopedValue.newInstance();

  @SuppressWarnings("ImmutableEnumChecker") // An Optional of an enum.
  private final Optional<DType> products;

  Precision(Optional<DType> products) {
    this.products = products;
  }

  /** The policy of the surroundings. */
  public static Precision current() {
    return CURRENT.orElse(AS_WRITTEN);
  }

  /** Whether the surroundings' policy lets operands of the type be rounded to TF32. */
  static boolean allowsTf32(DType dtype) {
    return dtype == DType.F32 && current() == TF32;
  }

  /** Runs {@code body} with this policy; within it, another one's {@code call} counts. */
  public <T> T call(Supplier<T> body) {
    return ScopedValue.where(CURRENT, this).call(body::get);
  }

  /** In the type that its sums are accumulated in, whatever the policy: 16-bit floats in f32, others as they are. */
  static Tensor wide(Tensor x) {
    return x.cast(x.dtype().accumulator());
  }

  /** {@code product} as the current policy has products: of f32 operands in 16 bits, its result f32 again. */
  static Tensor lowered(Function<List<Tensor>, Tensor> product, Tensor... operands) {
    Optional<DType> narrow = current().products;
    return narrow.isPresent() && allAre(DType.F32, operands)
        ? computedIn(narrow.get(), product, operands)
        : product.apply(List.of(operands));
  }

  /**
   * {@code function} as the current policy has what sums, exponentiates or measures: of 16-bit operands in f32, its result in their type.
   * For losses and norms of one's own.
   */
  public static Tensor raised(Function<List<Tensor>, Tensor> function, Tensor... operands) {
    DType dtype = operands[0].dtype();
    return current().products.isPresent() && dtype.accumulator() != dtype && allAre(dtype, operands)
        ? computedIn(dtype.accumulator(), function, operands)
        : function.apply(List.of(operands));
  }

  /** Operands of different types are left to the operation's own error. */
  private static boolean allAre(DType dtype, Tensor... operands) {
    return Stream.of(operands).allMatch(x -> x.dtype() == dtype);
  }

  private static Tensor computedIn(DType dtype, Function<List<Tensor>, Tensor> function, Tensor... operands) {
    return function.apply(Stream.of(operands).map(x -> x.cast(dtype)).toList()).cast(operands[0].dtype());
  }
}
