package dev.chainrule.conformance;

import dev.chainrule.graph.Body;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * The table of what every device keeps to, operation by operation. {@code u} is the unit roundoff of the result's type (2^-24 for f32);
 * one ulp is at most 2u of the value.
 *
 * <p>The exact results are the interpreter's in f64. For f32 and the 16-bit types those are exact for all purposes here; for results in
 * f64 the interpreter's own error counts, one ulp for what StrictMath computes, and the bounds of sums stand for two evaluations.
 */
final class Bounds {

  private Bounds() {}

  /**
   * What IEEE 754 defines (negation to rounding, square root) is rounded correctly. The others are polynomials of a device's own
   * after a reduction of the argument: at most 4 ulp. 1/sqrt(x) is two correct roundings: 2u of the result, at most 2 ulp. The 16-bit
   * types compute in f32 and round once more.
   */
  static Bound unary(Op.Unary op, DType dtype) {
    double own = switch (op) {
      case Op.Neg _, Op.Abs _, Op.Sign _, Op.Floor _, Op.Ceil _, Op.Round _, Op.Sqrt _, Op.Not _ -> 0;
      case Op.Rsqrt _ -> 2;
      case Op.Exp _, Op.Expm1 _, Op.Log _, Op.Log1p _, Op.Sin _, Op.Cos _, Op.Tan _, Op.Tanh _, Op.Erf _ -> 4;
    };
    return own == 0 ? Bound.EXACT : polynomial(own, dtype);
  }

  /** Correctly rounded but for the power, which is exp(y log x) with the logarithm carried beyond the type's precision. */
  static Bound binary(Op.Binary op, DType dtype) {
    return switch (op) {
      case Op.Pow _ -> polynomial(4, dtype);
      case Op.Add _, Op.Sub _, Op.Mul _, Op.Div _, Op.Max _, Op.Min _, Op.IDiv _, Op.Mod _, Op.And _, Op.Or _, Op.Xor _,
          Op.ShiftLeft _, Op.ShiftRight _, Op.ShiftRightLogical _ -> Bound.EXACT;
    };
  }

  private static Bound polynomial(double ulps, DType dtype) {
    return switch (dtype) {
      case F64 -> Bound.ulps(ulps + 1);
      case F16, BF16 -> Bound.ulps(1);
      case F32, I32, I64, U8, BOOL -> Bound.ulps(ulps);
    };
  }

  /**
   * n terms in any order: at most n - 1 roundings on the way of each, so |error| <= n u sum |x| (Higham, Accuracy and Stability of
   * Numerical Algorithms, 4.2). The 16-bit types accumulate in f32 and round once at the end. Integers wrap and are exact.
   */
  static Bound sum(DType dtype, double n, Function<List<Tensor>, Tensor> sumOfSizes) {
    if (!dtype.isFloating()) {
      return Bound.EXACT;
    }
    return Bound.ulps(1).and(evaluations(dtype) * n, sumOfSizes).roundedIn(dtype.accumulator());
  }

  /** n factors: n - 1 roundings, each relative to the whole. */
  static Bound product(DType dtype, double n) {
    if (!dtype.isFloating()) {
      return Bound.EXACT;
    }
    Bound factors = Bound.relative(evaluations(dtype) * n).roundedIn(dtype.accumulator());
    return new Bound(1, factors.roundings(), factors.magnitude(), 0, 0, factors.roundedIn());
  }

  private static double evaluations(DType dtype) {
    return dtype == DType.F64 ? 2 : 1;
  }

  /**
   * 1/(1 + e): e within 4 ulp is 8u, of which a part e/(1 + e) < 1 reaches the sum; the sum and the quotient round: 10u < 10 ulp. Where
   * e overflows the result is 0 instead of a denormal number. The 16-bit types do so in f32 and round once.
   */
  static Bound sigmoid(DType dtype) {
    return Bound.ulps(narrow(dtype) ? 1 : 10).andAbsolute(FloatFormat.of(dtype.accumulator()).smallestNormal());
  }

  /** Whether composites compute in f32 and round once: their errors in f32 are then far below one ulp of the result. */
  private static boolean narrow(DType dtype) {
    return dtype.accumulator() != dtype;
  }

  /**
   * x/2 (1 + erf(x sqrt(1/2))): erf is wrong by 4 ulp <= 8u; its argument by 2u, which the slope makes at most u; 1 + erf <= 2 rounds by
   * 2u. With the factor |x|/2 that is 5.5 u|x|, and two products round by 2u of the result. The 16-bit types do so in f32, and the two
   * products are far below the half ulp that the one rounding leaves.
   */
  static Bound gelu(DType dtype, Function<List<Tensor>, Tensor> size) {
    return Bound.ulps(narrow(dtype) ? 1 : 2).and(6, size).roundedIn(dtype.accumulator());
  }

  /**
   * exp(d) with d = x - max: the rounding of d is |d| u in the exponent, exp 8u; so is each term of the sum, which adds n u, and the
   * quotient u: (2D + n + 17) u of the result with D the largest |d|. What lies far below the smallest normal number is not relative.
   * The 16-bit types do so in f32 and round once.
   */
  static Bound softmax(DType dtype, double n, double largestDifference) {
    return inAccumulator(dtype, evaluations(dtype) * (2 * largestDifference + n + 17))
        .andAbsolute(FloatFormat.of(dtype.accumulator()).smallestNormal());
  }

  /** Roundings relative to the result, in f32 for the 16-bit types, which round once more. */
  private static Bound inAccumulator(DType dtype, double roundings) {
    return new Bound(narrow(dtype) ? 1 : 0, roundings, Optional.empty(), 0, 0, Optional.of(dtype.accumulator()));
  }

  /**
   * d - log(sum exp(d)): D u from d, (D + 8 + n) u from the sum, 8u log(n) from the logarithm, (D + log n) u from the difference. The
   * 16-bit types do so in f32 and round once.
   */
  static Bound logSoftmax(DType dtype, double n, double largestDifference) {
    double roundings = 3 * largestDifference + n + 8 + 9 * Math.log(Math.max(n, 2));
    return Bound.ulps(narrow(dtype) ? 1 : 0)
        .andAbsolute(evaluations(dtype) * roundings * FloatFormat.of(dtype.accumulator()).unitRoundoff());
  }

  /**
   * log(sum exp(x - m)) + m: the differences, of size D at most, round by D u, exponentials by 8u, their sum by n u, which are absolute
   * errors of the logarithm; that has 8u log(n) of its own, and the last sum rounds once. The 16-bit types do so in f32.
   */
  static Bound logsumexp(DType dtype, double n, double largestDifference) {
    double roundings = largestDifference + 8 + n + 8 * Math.log(Math.max(n, 2));
    return Bound.ulps(1).andAbsolute(evaluations(dtype) * roundings * FloatFormat.of(dtype.accumulator()).unitRoundoff());
  }

  /** Squares and their sum: n u of the sum, of which the root has half, and rounds once. */
  static Bound norm(DType dtype, double n) {
    Bound root = Bound.relative(evaluations(dtype) * (n / 2 + 1)).roundedIn(dtype.accumulator());
    return new Bound(1, root.roundings(), root.magnitude(), 0, 0, root.roundedIn());
  }

  /**
   * The mean of n elements of size M at most is wrong by (n + 1) u M, the differences from it by (n + 3) u M. Their root mean square is a
   * norm, so wrong by no more, and by n/2 + 2 roundings of itself, which is at most M.
   */
  static Bound std(DType dtype, double n, double largest) {
    return Bound.ulps(1).andAbsolute(
        evaluations(dtype) * (1.5 * n + 6) * largest * FloatFormat.of(dtype.accumulator()).unitRoundoff());
  }

  /** Two values per element are drawn from 24 bits each: 2 pi v is wrong by 2u 2 pi, and the radius, of size r, by its own 10u. */
  static Bound normal(Function<List<Tensor>, Tensor> radius) {
    return Bound.ulps(4).and(4 * Math.PI + 10, radius);
  }

  /** x times a sigmoid, which is wrong by 10 u: one product more. Where exp(-x) overflows, at |x| below 1000, the sigmoid is 0. */
  static Bound silu(DType dtype) {
    return rounded(dtype, 11).andAbsolute(1024 * FloatFormat.of(dtype.accumulator()).smallestNormal());
  }

  /**
   * max(x, 0) + log1p(e) with e = exp(-|x|) wrong by 8 u, which the logarithm passes on at most whole; its own 8 u and the sum's u make
   * 17 u.
   */
  static Bound softplus(DType dtype) {
    return rounded(dtype, 17);
  }

  /** In units of the last place; what is computed in f32 for 16-bit types is rounded once more, and its own error is far below that. */
  private static Bound rounded(DType dtype, double ulps) {
    return Bound.ulps(narrow(dtype) ? 1 : evaluations(dtype) * ulps);
  }

  /**
   * x/2 (1 + tanh a): the five operations that make a, whose terms have one sign, are wrong by 7 u, of which at most 0.45 reach the result;
   * tanh by 8 u, the sum by 2 u. With the factor |x|/2 that is 6.6 u|x|, and two products round.
   */
  static Bound geluTanh(DType dtype, Function<List<Tensor>, Tensor> size) {
    return Bound.ulps(2).and(7 * evaluations(dtype), size).roundedIn(dtype.accumulator());
  }

  /**
   * (x - mean) r w + b with r = 1 / sqrt(variance + epsilon). The mean is wrong by (n + 1) u mean|x| =: (n + 1) u M, and so is each
   * distance, which rounds as well. In units of u and for w = 1 that makes (n + 1) M r in the normalised value v itself; in r, through the
   * squares, as much again times v, and (n + 3) / 2 + 4 of its own sum and root; three products and a sum more. Altogether less than
   * (n + 12) (1 + |v|) (1 + M r).
   *
   * @param size |w| (1 + |v|) (1 + M r) + |b|
   */
  static Bound standardised(DType dtype, double n, Function<List<Tensor>, Tensor> size) {
    return Bound.ulps(1).and(evaluations(dtype) * (n + 12), size).roundedIn(dtype.accumulator());
  }

  /** x r w without a mean taken away: the mean square is wrong by (n + 2) u, its root by half that and 5 u, and two products round. */
  static Bound rmsNorm(DType dtype, double n) {
    return product(dtype, n / 2 + 9);
  }

  /** A sum of n terms, divided by n. */
  static Bound mean(DType dtype, double n, Function<List<Tensor>, Tensor> meanOfSizes) {
    return Bound.ulps(1).and(evaluations(dtype) * (n + 1), meanOfSizes).roundedIn(dtype.accumulator());
  }

  /**
   * Distances wrong by ((n + 1) M + |d|) u, twice in their squares; n + 2 for their mean.
   *
   * @param size s (s + M) with the deviation s and M = mean|x|
   */
  static Bound variance(DType dtype, double n, Function<List<Tensor>, Tensor> size) {
    return Bound.ulps(1).and(evaluations(dtype) * (3 * n + 6), size).roundedIn(dtype.accumulator());
  }

  /** (x - mean) (r w) + b with given statistics: eight roundings, 4 of them the root's, and the sum. */
  static Bound affine(DType dtype, Function<List<Tensor>, Tensor> size) {
    return Bound.ulps(1).and(evaluations(dtype) * 9, size).roundedIn(dtype.accumulator());
  }

  /**
   * A score is wrong by (d + 3) u A, with A the largest sum of sizes times the scale; so is the exponent of each weight and of their sum,
   * which with softmax's own 2 D + s + 17 for s keys and D at most 2 A, and s for the sum over the values, makes 2 (d + 3) A + 4 A + 17 +
   * 2 s roundings of sum(p |v|).
   *
   * @param size sum(p |v|) times these roundings
   */
  static Bound attention(DType dtype, Function<List<Tensor>, Tensor> size) {
    return Bound.ulps(1).and(evaluations(dtype), size).roundedIn(dtype.accumulator());
  }

  static Bound adam(DType dtype, double roundings, Function<List<Tensor>, Tensor> size) {
    return Bound.ulps(1).and(evaluations(dtype) * roundings, size);
  }

  /**
   * A graph of many operations on numbers of one size: each node adds its own roundings relative to the largest of its elements, 8u for
   * what is no more accurate than 4 ulp, 1u for the rest, and n u for a sum of n terms. Times 4 for what the operations after it
   * amplify: derivatives of the functions used are at most about 4 where the cases evaluate them.
   */
  static Bound composition(List<Node> graph) {
    return Bound.normwise(4 * graph.stream().mapToDouble(Bounds::roundings).sum());
  }

  private static double roundings(Body body) {
    return Graphs.topological(body.results()).stream().mapToDouble(Bounds::roundings).sum();
  }

  private static double roundings(Node node) {
    double terms = node.inputs().stream().mapToDouble(n -> n.type().elements()).max().orElse(0);
    return switch (node.op()) {
      case Op.Movement _, Op.Source _, Op.Comparison _, Op.Result _, Op.Copy _, Op.Barrier _ -> 0;
      case Op.Composite composite -> roundings(composite.body());
      case Op.Pointwise _ -> 8;
      case Op.Reduce _, Op.Cumulate _, Op.Dot _, Op.Conv _, Op.ConvInputGradient _, Op.ConvWeightGradient _, Op.ScatterAdd _,
          Op.Overlap _ -> terms;
      case Op.ArgReduce _, Op.Gather _, Op.Sort _, Op.PhiloxBits _, Op.While _ -> 0;
      case Op.Cond(var then, var otherwise) -> Math.max(roundings(then), roundings(otherwise));
      case Op.Loop loop -> loop.length() * roundings(loop.body());
    };
  }
}
