package dev.chainrule.conformance;

import dev.chainrule.autograd.Gradients;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Op;
import dev.chainrule.nn.Losses;
import dev.chainrule.tensor.Precision;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BinaryOperator;

/** Products and losses under a precision policy, beside the same ones in f64, which a policy leaves alone. */
final class PrecisionCases {

  private final List<Case> cases = new ArrayList<>();

  private PrecisionCases() {}

  static List<Case> all() {
    var all = new PrecisionCases();
    all.products(Precision.MIXED_BF16, DType.BF16);
    all.products(Precision.MIXED_F16, DType.F16);
    all.reducedProducts();
    for (DType dtype : List.of(DType.BF16, DType.F16)) {
      all.probabilities(dtype);
    }
    return all.cases;
  }

  private void products(Precision precision, DType narrow) {
    product(precision, narrow, Samples.between(DType.F32, -2, 2, 120, 9, 33), Samples.between(DType.F32, -2, 2, 121, 33, 17));
    product(precision, narrow, Samples.between(DType.F32, -2, 2, 122, 1, 1), Samples.between(DType.F32, -2, 2, 123, 1, 1));
    product(precision, narrow, Samples.between(DType.F32, -2, 2, 124, 0, 3), Samples.between(DType.F32, -2, 2, 125, 3, 2));
    product(precision, narrow, Samples.between(DType.F32, -2, 2, 126, 3, 0), Samples.between(DType.F32, -2, 2, 127, 0, 2));
    product(precision, narrow, Samples.between(DType.F32, -2, 2, 128, 2, 3, 4, 5), Samples.between(DType.F32, -2, 2, 129, 3, 5, 2));
    product(precision, narrow, Samples.between(DType.F32, -2, 2, 130, 64, 784), Samples.between(DType.F32, -2, 2, 131, 784, 128));
  }

  /** A product, and its left operand's gradient for a cotangent of ones, which is a product of ones. */
  private void product(Precision precision, DType narrow, HostArray x, HostArray y) {
    String name = precision + " " + x.type() + " x " + y.type();
    product(name, precision, narrow, x.type().shape().dim(-1), Tensor::matmul, x, y);
    product(name + ", gradient", precision, narrow, y.type().shape().dim(-1), PrecisionCases::leftGradient, x, y);
  }

  /**
   * Each operand is rounded to 16 bits, or to the smallest number below the normal ones; n products add up in f32; the result is rounded to
   * 16 bits: (3 u + n u32) of the sum of the products' sizes, a little more for products of roundings.
   */
  private void product(String name, Precision precision, DType narrow, double n, BinaryOperator<Tensor> product, HostArray x, HostArray y) {
    double u = FloatFormat.of(narrow).unitRoundoff();
    double roundings = 3.05 + n * FloatFormat.of(DType.F32).unitRoundoff() / u;
    Bound bound = Bound.EXACT.and(roundings, in -> product.apply(in.get(0).abs(), in.get(1).abs())).roundedIn(narrow)
        .andAbsolute((n + 1) * 2 * 2 * FloatFormat.of(narrow).smallest());
    cases.add(Case.of(Op.Dot.class, name, bound, (a, b) -> precision.call(() -> product.apply(a, b)), x, y));
  }

  /** Operands may be rounded to 11 bits, which is twice 2^13 roundings of f32, and a little more for products of roundings. */
  private void reducedProducts() {
    HostArray x = Samples.between(DType.F32, -2, 2, 134, 5, 33, 70);
    HostArray y = Samples.between(DType.F32, -2, 2, 135, 5, 70, 9);
    for (BinaryOperator<Tensor> product : List.<BinaryOperator<Tensor>>of(Tensor::matmul, PrecisionCases::leftGradient)) {
      Bound bound = Bounds.sum(DType.F32, 70 + 2.05 * 0x1p13, in -> product.apply(in.get(0).abs(), in.get(1).abs()));
      cases.add(Case.of(Op.Dot.class, "TF32 " + (cases.size() % 2 == 0 ? "product" : "gradient"), bound,
          (a, b) -> Precision.TF32.call(() -> product.apply(a, b)), x, y).shows("S19.16"));
    }
  }

  private static Tensor leftGradient(Tensor x, Tensor y) {
    return Gradients.of(x.matmul(y).sum(), List.of(x)).getFirst();
  }

  /** In f32, then rounded once more. */
  private void probabilities(DType dtype) {
    HostArray logits = Samples.between(dtype, -5, 5, 132, 40, 10);
    HostArray labels = Samples.indices(DType.I32, 10, 133, 40);
    cases.add(Case.of(Op.Composite.class, "softmax of " + dtype + " under a policy", roundedOnce(dtype, Bounds.softmax(DType.F32, 10, 10)),
        x -> Precision.MIXED_BF16.call(() -> x.softmax(1)), logits));
    Bound logs = Bounds.logSoftmax(DType.F32, 10, 10);
    cases.add(Case.of(Op.Composite.class, "logSoftmax of " + dtype + " under a policy", roundedOnce(dtype, logs),
        x -> Precision.MIXED_BF16.call(() -> x.logSoftmax(1)), logits));
    // The mean of 40 losses, each at most 10 + log 10, adds 41 roundings.
    Bound mean = logs.andAbsolute(logs.absolute() + 41 * 12.5 * FloatFormat.of(DType.F32).unitRoundoff());
    cases.add(Case.of(Op.Composite.class, "crossEntropy of " + dtype + " under a policy", roundedOnce(dtype, mean),
        (x, l) -> Precision.MIXED_BF16.call(() -> Losses.crossEntropy(x, l)), logits, labels));
  }

  private static Bound roundedOnce(DType dtype, Bound inF32) {
    return new Bound(1, inF32.roundings(), inF32.magnitude(), 0, inF32.absolute() + FloatFormat.of(dtype).smallest(),
        Optional.of(DType.F32));
  }
}
