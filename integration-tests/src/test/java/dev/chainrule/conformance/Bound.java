package dev.chainrule.conformance;

import dev.chainrule.graph.DType;
import dev.chainrule.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * How far a device's result may lie from the exact one:
 * {@code ulps * ulp(exact) + roundings * u * magnitude + normwise * u * max|exact| + absolute}, where {@code u}
 * is the unit roundoff of {@code roundedIn}. Zero everywhere means the exact result rounded once: the same bits, zeros' signs
 * included. NaN and infinities must be met exactly in any case.
 *
 * @param magnitude what an error analysis multiplies the roundings with, such as sum |x|, as a function of the inputs; empty: |exact|
 * @param roundedIn the type whose roundings are counted; empty: the result's
 */
record Bound(
    double ulps,
    double roundings,
    Optional<Function<List<Tensor>, Tensor>> magnitude,
    double normwise,
    double absolute,
    Optional<DType> roundedIn) {

  static final Bound EXACT = new Bound(0, 0, Optional.empty(), 0, 0, Optional.empty());

  /** For what only moves elements: the bits of NaN are kept as well. */
  static final Bound SAME_BITS = new Bound(-1, 0, Optional.empty(), 0, 0, Optional.empty());

  static Bound ulps(double ulps) {
    return new Bound(ulps, 0, Optional.empty(), 0, 0, Optional.empty());
  }

  /** {@code roundings * u * |exact|}. */
  static Bound relative(double roundings) {
    return new Bound(0, roundings, Optional.empty(), 0, 0, Optional.empty());
  }

  /** {@code roundings * u * max|exact|} at every element: for long compositions, whose small elements are differences of large ones. */
  static Bound normwise(double roundings) {
    return new Bound(0, 0, Optional.empty(), roundings, 0, Optional.empty());
  }

  Bound and(double count, Function<List<Tensor>, Tensor> of) {
    return new Bound(ulps, count, Optional.of(of), normwise, absolute, roundedIn);
  }

  Bound andAbsolute(double error) {
    return new Bound(ulps, roundings, magnitude, normwise, error, roundedIn);
  }

  Bound roundedIn(DType dtype) {
    return new Bound(ulps, roundings, magnitude, normwise, absolute, Optional.of(dtype));
  }

  boolean isExact() {
    return ulps <= 0 && roundings == 0 && normwise == 0 && absolute == 0;
  }

  boolean keepsBits() {
    return ulps < 0;
  }

  /**
   * @param size the magnitude at this element
   * @param largest the largest finite |exact| of the result
   */
  double allowed(DType dtype, double exact, double size, double largest) {
    double u = FloatFormat.of(roundedIn.orElse(dtype)).unitRoundoff();
    return ulps * FloatFormat.of(dtype).ulp(exact) + roundings * u * size + normwise * u * largest + absolute;
  }
}
