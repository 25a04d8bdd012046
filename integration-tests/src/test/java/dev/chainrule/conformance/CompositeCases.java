package dev.chainrule.conformance;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.TensorType;
import dev.chainrule.nn.Losses;
import dev.chainrule.optim.GradientClipping;
import dev.chainrule.tensor.Composites;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** The functions that models are made of, whether a device has kernels for them or their bodies are written out. */
final class CompositeCases {

  private final List<Case> cases = new ArrayList<>();

  private CompositeCases() {}

  static List<Case> all() {
    var all = new CompositeCases();
    for (DType dtype : Samples.FLOATING) {
      all.softmaxes(dtype);
      all.crossEntropies(dtype);
    }
    for (DType dtype : List.of(DType.F32, DType.F64)) {
      all.activations(dtype);
      all.statistics(dtype);
      all.losses(dtype);
    }
    for (DType dtype : List.of(DType.F16, DType.BF16)) {
      all.halves(dtype);
    }
    all.clipping();
    for (DType dtype : Samples.INTEGER) {
      all.integerDivision(dtype);
    }
    return all.cases;
  }

  private void activations(DType dtype) {
    for (View view : List.of(
        View.dense(), View.dense(0), View.dense(17), View.transposed(9, 7), View.stepped(9, 7), View.dense(Samples.LARGE))) {
      HostArray x = Samples.between(dtype, -8, 8, 70, view.source().dims());
      String name = dtype + " " + view;
      cases.add(Case.of(Op.Composite.class, "sigmoid " + name, Bounds.sigmoid(dtype), in -> view.move().apply(in).sigmoid(), x));
      cases.add(Case.of(Op.Composite.class, "gelu " + name, Bounds.gelu(dtype, in -> view.move().apply(in.getFirst()).abs()),
          in -> view.move().apply(in).gelu(), x));
      cases.add(Case.of(Op.Composite.class, "stopGradient " + name, Bound.EXACT, in -> view.move().apply(in).stopGradient(), x));
      cases.add(Case.of(Op.Composite.class, "relu " + name, Bound.EXACT, in -> view.move().apply(in).relu(), x));
      // The slope is rounded to the type, then the product.
      cases.add(Case.of(Op.Where.class, "leakyRelu " + name, Bound.relative(2.1), in -> view.move().apply(in).leakyRelu(0.01), x)
          .shows("S12.8"));
      cases.add(Case.of(Op.Where.class, "clamp " + name, Bound.EXACT, in -> view.move().apply(in).clamp(-1.5, 2), x)
          .shows("S12.9"));
      cases.add(Case.of(Op.Mul.class, "square " + name, Bound.EXACT, in -> view.move().apply(in).square(), x).onSameTypes()
          .shows("S12.13"));
    }
    HostArray specials = Samples.specials(dtype);
    cases.add(Case.of(Op.Composite.class, "sigmoid of special values " + dtype, Bounds.sigmoid(dtype), Tensor::sigmoid, specials));
    cases.add(Case.of(Op.Composite.class, "relu of special values " + dtype, Bound.EXACT, Tensor::relu, specials));
    cases.add(Case.of(Op.Where.class, "leakyRelu of special values " + dtype, Bound.EXACT, x -> x.leakyRelu(0.125), specials)
        .onSameTypes().shows("S12.8"));
    cases.add(Case.of(Op.Composite.class, "gelu of special values " + dtype, Bounds.gelu(dtype, in -> in.getFirst().abs()),
        Tensor::gelu, specials));
    cases.add(Case.of(Op.Where.class, "clamp between ends that cross " + dtype, Bound.EXACT, x -> x.clamp(2, -1.5), specials)
        .shows("S12.9"));
    floorDivisions(dtype);
    cases.add(Case.of(Op.Where.class, "clamp of special values " + dtype, Bound.EXACT, x -> x.clamp(-1.5, 2), specials)
        .shows("S12.9"));
    cases.add(Case.of(Op.Where.class, "clamp to [0, 1], -0 too, " + dtype, Bound.EXACT, x -> x.clamp(0, 1), specials).shows("S12.9"));
  }

  private void softmaxes(DType dtype) {
    softmax(dtype, View.dense(10), 0, 10);
    softmax(dtype, View.dense(64, 10), 1, 10);
    softmax(dtype, View.dense(5, 33), 0, 5);
    softmax(dtype, View.dense(3, 1), 1, 1);
    softmax(dtype, View.dense(0, 4), 1, 4);
    softmax(dtype, View.dense(3, 5, 7), 1, 5);
    softmax(dtype, View.transposed(6, 20), 1, 20);
    softmax(dtype, View.stepped(6, 20), 1, 20);
    softmax(dtype, View.dense(4, 3000), 1, 3000);
    // Far apart: what underflows is 0, what dominates is 1, and nothing overflows.
    HostArray apart = HostArray.ofDoubles(TensorType.of(dtype, 3, 4), 0, 1000, -1000, 999, -5000, -5000, -5001, -6000, 3e4, 0, 3e4, -3e4);
    cases.add(Case.of(Op.Composite.class, "softmax far apart " + dtype, Bounds.softmax(dtype, 4, 110), x -> x.softmax(1), apart));
    cases.add(Case.of(Op.Composite.class, "logSoftmax far apart " + dtype, Bounds.logSoftmax(dtype, 4, 6e4), x -> x.logSoftmax(1), apart));
    double infinity = Double.POSITIVE_INFINITY;
    HostArray strange = HostArray.ofDoubles(TensorType.of(dtype, 3, 2), Double.NaN, 1, infinity, 1, -infinity, 1);
    cases.add(Case.of(Op.Composite.class, "softmax of what is not finite " + dtype, Bounds.softmax(dtype, 2, 1),
        x -> x.softmax(1), strange));
  }

  private void softmax(DType dtype, View view, int axis, int n) {
    HostArray x = Samples.between(dtype, -5, 5, 71, view.source().dims());
    cases.add(Case.of(Op.Composite.class, "softmax " + dtype + " " + view + " axis " + axis, Bounds.softmax(dtype, n, 10),
        in -> view.move().apply(in).softmax(axis), x));
    cases.add(Case.of(Op.Composite.class, "logSoftmax " + dtype + " " + view + " axis " + axis, Bounds.logSoftmax(dtype, n, 10),
        in -> view.move().apply(in).logSoftmax(axis), x));
  }

  private void crossEntropies(DType dtype) {
    for (DType labels : List.of(DType.I32, DType.I64)) {
      for (int[] size : new int[][] {{1, 2}, {7, 1}, {64, 10}, {0, 3}, {37, 100}}) {
        cases.add(Case.of(Op.Composite.class, "softmaxCrossEntropy " + dtype + " " + labels + " " + size[0] + " of " + size[1],
            Bounds.logSoftmax(dtype, size[1], 10), Composites::softmaxCrossEntropy,
            Samples.between(dtype, -5, 5, 72, size[0], size[1]), Samples.indices(labels, size[1], 73, size[0])));
      }
    }
  }

  /** A mean divides a sum; a variance squares differences from it, each wrong by (n + 2) u of the largest size, 2 in (-2, 2). */
  private void statistics(DType dtype) {
    for (int[] axes : new int[][] {{0}, {1}, {0, 1}}) {
      HostArray x = Samples.between(dtype, -2, 2, 74, 40, 30);
      int n = axes.length == 2 ? 1200 : axes[0] == 0 ? 40 : 30;
      String name = dtype + " over " + axes.length + " axes from " + axes[0];
      cases.add(Case.of(Op.Reduce.class, "mean " + name, Bound.ulps(1).and(2.0 * n, in -> in.getFirst().abs().mean(axes)),
          in -> in.mean(axes), x).shows("S12.11"));
      cases.add(Case.of(Op.Reduce.class, "variance " + name, Bound.relative(2.0 * n + 8)
          .andAbsolute(2.0 * (n + 2) * 8 * FloatFormat.of(dtype).unitRoundoff()), in -> in.variance(axes), x).shows("S12.12"));
    }
  }

  /** Each is a graph of its own below the rounding of its results: the mean of losses within their bounds, and u n more. */
  private void losses(DType dtype) {
    HostArray logits = Samples.between(dtype, -5, 5, 75, 64, 10);
    HostArray labels = Samples.indices(DType.I32, 10, 76, 64);
    cases.add(Case.of(Op.Composite.class, "crossEntropy " + dtype, Bounds.logSoftmax(dtype, 64, 10), Losses::crossEntropy, logits, labels)
        .shows("S12.14"));
    HostArray targets = Samples.between(dtype, -5, 5, 77, 64, 10);
    cases.add(Case.of(Op.Reduce.class, "mse " + dtype, Bound.relative(2 * (640 + 4)), Losses::mse, logits, targets).shows("S12.14"));
    HostArray nothing = Samples.plain(dtype, 78, 0, 3);
    cases.add(Case.of(Op.Reduce.class, "mean of nothing " + dtype, Bound.EXACT, in -> in.mean(0), nothing).shows("S12.11"));
    cases.add(Case.of(Op.Reduce.class, "variance of nothing " + dtype, Bound.EXACT, in -> in.variance(0), nothing).shows("S12.12"));
  }

  /** All compute in f32 and round once, so that squares beyond the range do no harm. */
  private void halves(DType dtype) {
    HostArray x = Samples.between(dtype, -8, 8, 79, 9, 67);
    for (HostArray at : List.of(x, Samples.scales(dtype, 83, 4_001), Samples.specials(dtype))) {
      String name = " " + dtype + " of " + at.type();
      cases.add(Case.of(Op.Composite.class, "sigmoid" + name, Bounds.sigmoid(dtype), Tensor::sigmoid, at));
      cases.add(Case.of(Op.Composite.class, "gelu" + name, Bounds.gelu(dtype, in -> in.getFirst().abs()), Tensor::gelu, at));
    }
    cases.add(Case.of(Op.Composite.class, "stopGradient " + dtype, Bound.EXACT, Tensor::stopGradient, x));
    HostArray large = Samples.between(dtype, 100, 500, 81, 40, 30);
    cases.add(Case.of(Op.Reduce.class, "mean " + dtype, Bound.ulps(1), in -> in.mean(0), large).shows("S12.11", "S13.7"));
    // Differences from the mean are wrong by the roundings of f32 alone, far below u.
    cases.add(Case.of(Op.Reduce.class, "variance " + dtype, Bound.ulps(1), in -> in.div(4).variance(0), large).shows("S12.12", "S13.7"));
    HostArray specials = Samples.specials(dtype);
    cases.add(Case.of(Op.Composite.class, "relu of special values " + dtype, Bound.EXACT, Tensor::relu, specials));
    cases.add(Case.of(Op.Where.class, "clamp of special values " + dtype, Bound.EXACT, in -> in.clamp(-1.5, 2), specials)
        .shows("S12.9"));
  }

  /** Quotients of floats rounded down, all steps in the type. */
  private void floorDivisions(DType dtype) {
    List<HostArray> pairs = Samples.pairs(Samples.specials(dtype));
    cases.add(Case.of(Op.Floor.class, "floorDiv " + dtype, Bound.EXACT, Tensor::floorDiv, pairs.getFirst(), pairs.getLast())
        .onSameTypes().shows("S12.10"));
  }

  /** The norm is a sum of 12 squares and a root, the factor a quotient. */
  private void clipping() {
    List<HostArray> gradients = List.of(Samples.between(DType.F32, -1, 1, 82, 2, 3), Samples.between(DType.F32, -1, 1, 83, 6));
    for (double most : new double[] {0.5, 100}) {
      cases.add(new Case(Op.Sqrt.class, "clipping to " + most, gradients,
          in -> GradientClipping.byGlobalNorm(most).clip(in).gradients(), Case.Oracle.IN_F64, Bound.relative(12 + 6)).shows("S12.15"));
    }
  }

  private void integerDivision(DType dtype) {
    List<HostArray> pairs = Samples.pairs(Samples.specials(dtype));
    cases.add(Case.of(Op.IDiv.class, "floorDiv " + dtype, Bound.EXACT, Tensor::floorDiv,
        pairs.getFirst(), Samples.nonZero(pairs.getLast())).shows("S12.10"));
    cases.add(Case.of(Op.Equal.class, "oneHot " + dtype, Bound.EXACT, x -> x.oneHot(7), Samples.specials(dtype)).shows("S9.5"));
  }
}
