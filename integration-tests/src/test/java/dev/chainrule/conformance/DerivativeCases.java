package dev.chainrule.conformance;

import dev.chainrule.autograd.Gradients;
import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.tensor.Composites;
import dev.chainrule.tensor.Cond;
import dev.chainrule.tensor.Loop;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * The gradient of every operation and composite that has one, and the gradient of that gradient's squared length, as devices compute
 * them. That gradients are right is shown beside the rules, by differences; here the graphs that the rules make, with their
 * broadcasts, sums and exact zeros, meet each device's kernels.
 */
final class DerivativeCases {

  private final List<Case> cases = new ArrayList<>();
  private final DType dtype;

  private DerivativeCases(DType dtype) {
    this.dtype = dtype;
  }

  static List<Case> all() {
    List<Case> all = new ArrayList<>();
    for (DType dtype : List.of(DType.F32, DType.F64)) {
      var cases = new DerivativeCases(dtype);
      cases.pointwise();
      cases.reductions();
      cases.products();
      cases.indexing();
      cases.movement();
      cases.composites();
      cases.control();
      all.addAll(cases.cases);
    }
    return all;
  }

  // --- how a case is made ------------------------------------------------------------------------------------------------------------

  /** Both orders, for a function with a second derivative. */
  private void twice(Class<? extends Op> of, String name, Function<List<Tensor>, Tensor> function, HostArray... inputs) {
    once(of, name, function, inputs);
    add(of, "gradient of the gradient " + name, in -> {
      Tensor length = Gradients.of(loss(function, in), in).stream().map(g -> g.square().sum()).reduce(Tensor::add).orElseThrow();
      return with(loss(function, in), Gradients.of(length, in));
    }, inputs);
  }

  private void once(Class<? extends Op> of, String name, Function<List<Tensor>, Tensor> function, HostArray... inputs) {
    add(of, "gradient " + name, in -> with(loss(function, in), Gradients.of(loss(function, in), in)), inputs);
  }

  /** The loss is a result too: some gradients do not need it, and the case is about the operation in it. */
  private static List<Tensor> with(Tensor loss, List<Tensor> gradients) {
    return Stream.concat(Stream.of(loss), gradients.stream()).toList();
  }

  /** Not linear in the result, so that the cotangent that comes in is different at each element. */
  private static Tensor loss(Function<List<Tensor>, Tensor> function, List<Tensor> inputs) {
    return function.apply(inputs).square().sum();
  }

  private void add(Class<? extends Op> of, String name, Case.Graph gradients, HostArray... inputs) {
    List<Node> graph = Graphs.topological(
        gradients.apply(List.of(inputs).stream().map(Tensor::of).toList()).stream().map(Tensor::node).toList());
    cases.add(new Case(of, dtype + " " + name, List.of(inputs), gradients, Case.Oracle.IN_F64, Bounds.composition(graph)).shows("S17.18"));
  }

  private void unary(Class<? extends Op> of, UnaryOperator<Tensor> function, double low, double high) {
    for (View view : List.of(View.dense(), View.dense(33), View.transposed(5, 7), View.repeatedColumn(4, 9))) {
      twice(of, view.toString(), in -> function.apply(view.move().apply(in.getFirst())), values(low, high, 1, view.source().dims()));
    }
  }

  private HostArray values(double low, double high, long seed, long... dims) {
    return Samples.between(dtype, low, high, 100 + seed, dims);
  }

  private HostArray positive(long seed, long... dims) {
    return values(0.5, 2, seed, dims);
  }

  // --- pointwise ---------------------------------------------------------------------------------------------------------------------

  private void pointwise() {
    unary(Op.Neg.class, Tensor::neg, 0.5, 2);
    unary(Op.Abs.class, Tensor::abs, -2, -0.5);
    unary(Op.Exp.class, Tensor::exp, -1, 1);
    unary(Op.Expm1.class, Tensor::expm1, 0.5, 1);
    unary(Op.Log.class, Tensor::log, 2, 4);
    unary(Op.Log1p.class, Tensor::log1p, 1, 3);
    unary(Op.Sqrt.class, Tensor::sqrt, 0.5, 2);
    unary(Op.Rsqrt.class, Tensor::rsqrt, 0.5, 2);
    unary(Op.Sin.class, Tensor::sin, 0.3, 1.2);
    unary(Op.Cos.class, Tensor::cos, 0.3, 1.2);
    unary(Op.Tan.class, Tensor::tan, 0.3, 1);
    unary(Op.Tanh.class, Tensor::tanh, 0.3, 1.5);
    unary(Op.Erf.class, Tensor::erf, 0.3, 1.5);
    binary(Op.Add.class, in -> in.get(0).add(in.get(1)));
    binary(Op.Sub.class, in -> in.get(0).sub(in.get(1).add(2)));
    binary(Op.Mul.class, in -> in.get(0).mul(in.get(1)));
    binary(Op.Div.class, in -> in.get(0).div(in.get(1)));
    binary(Op.Pow.class, in -> in.get(0).pow(in.get(1)));
    binary(Op.Max.class, in -> in.get(0).maximum(in.get(1)));
    binary(Op.Min.class, in -> in.get(0).minimum(in.get(1)));
    binary(Op.Mod.class, in -> in.get(0).mul(3).mod(in.get(1)));
    binary(Op.Where.class, in -> in.get(0).less(1.1).where(in.get(0), in.get(1)));
    twice(Op.Cast.class, "through another type", in -> in.getFirst().cast(dtype == DType.F32 ? DType.F64 : DType.F32).cast(dtype),
        exactInBoth(dtype, 7, 5));
    twice(Op.Copy.class, "passed on", in -> in.getFirst().copy(), positive(2, 4, 5));
    twice(Op.Barrier.class, "passed on", in -> in.getFirst().barrier(), positive(2, 4, 5));
  }

  /** Quarters, whose squares and sums f32 holds too. */
  private static HostArray exactInBoth(DType dtype, long... dims) {
    HostArray random = Samples.between(dtype, 1, 9, 3, dims);
    return Exact.evaluate(List.of(Tensor.of(random).mul(4).floor().div(4))).getFirst();
  }

  private void binary(Class<? extends Op> of, Function<List<Tensor>, Tensor> function) {
    twice(of, "of equal shapes", function, positive(4, 6, 7), positive(5, 6, 7));
    twice(of, "with a row", function, positive(4, 6, 7), positive(5, 7));
    twice(of, "of a column with a row", function, positive(4, 6, 1), positive(5, 7));
    twice(of, "with a scalar", function, positive(4, 3, 5), positive(5));
    twice(of, "of nothing", function, positive(4, 0, 5), positive(5, 5));
  }

  // --- several elements --------------------------------------------------------------------------------------------------------------

  private void reductions() {
    for (int[] axes : new int[][] {{0}, {1}, {0, 1}, {}}) {
      String over = " over " + List.of(Axes.of(axes));
      for (Op.Fold fold : List.of(Op.Fold.SUM, Op.Fold.MAX, Op.Fold.MIN)) {
        twice(Op.Reduce.class, fold + over, in -> PointwiseCases.apply(new Op.Reduce(fold, Axes.of(axes)), in.getFirst()),
            positive(6, 9, 5));
      }
      once(Op.Reduce.class, Op.Fold.PROD + over, in -> PointwiseCases.apply(new Op.Reduce(Op.Fold.PROD, Axes.of(axes)), in.getFirst()),
          values(0.9, 1.1, 7, 6, 5));
    }
    // Ties share, on a device as on paper.
    HostArray ties = HostArray.ofDoubles(positive(0, 2, 4).type(), 1, 3, 3, 2, 5, 5, 5, 5);
    once(Op.Reduce.class, "MAX with ties", in -> in.getFirst().max(1), ties);
    for (boolean reverse : new boolean[] {false, true}) {
      twice(Op.Cumulate.class, "SUM" + (reverse ? " reverse" : ""),
          in -> PointwiseCases.apply(new Op.Cumulate(Op.Fold.SUM, 1, reverse), in.getFirst()), positive(8, 4, 9));
      twice(Op.Sort.class, reverse ? "descending" : "ascending", in -> PointwiseCases.apply(new Op.Result(0),
          PointwiseCases.apply(new Op.Sort(1, reverse), in.getFirst())), positive(9, 4, 9));
    }
    twice(Op.Result.class, "of a sort", in -> PointwiseCases.apply(new Op.Result(0),
        PointwiseCases.apply(new Op.Sort(0, false), in.getFirst())), positive(9, 9, 4));
    var overlap = new Op.Overlap(0, 7, 3, 2, 1);
    twice(Op.Overlap.class, overlap.toString(), in -> PointwiseCases.apply(overlap, in.getFirst()), positive(10, 3, 2, 3));
  }

  private void products() {
    twice(Op.Dot.class, "of matrices", in -> in.get(0).matmul(in.get(1)), positive(11, 9, 7), positive(12, 7, 5));
    twice(Op.Dot.class, "of batches that broadcast", in -> in.get(0).matmul(in.get(1)), positive(11, 3, 1, 4, 7), positive(12, 2, 7, 5));
    twice(Op.Dot.class, "with its transpose", in -> in.get(0).matmul(in.get(0).transpose()), positive(11, 4, 6));
    var geometry = new Op.Geometry(List.of(new Op.Spatial(2, 1, 1, 0), new Op.Spatial(1, 2, 1, 2)), 2);
    HostArray x = positive(13, 2, 4, 6, 7);
    HostArray w = positive(14, 6, 2, 3, 2);
    Shape result = PointwiseCases.apply(new Op.Conv(geometry), Tensor.of(x), Tensor.of(w)).shape();
    HostArray g = positive(15, result.dims());
    twice(Op.Conv.class, "in two groups", in -> PointwiseCases.apply(new Op.Conv(geometry), in.get(0), in.get(1)), x, w);
    twice(Op.ConvInputGradient.class, "in two groups",
        in -> PointwiseCases.apply(new Op.ConvInputGradient(geometry, x.type().shape()), in.get(0), in.get(1)), g, w);
    twice(Op.ConvWeightGradient.class, "in two groups",
        in -> PointwiseCases.apply(new Op.ConvWeightGradient(geometry, w.type().shape()), in.get(0), in.get(1)), g, x);
  }

  private void indexing() {
    for (int axis : new int[] {0, 1}) {
      Tensor at = Tensor.of(new int[] {2, 0, 2, 2, 1, 0}, 2, 3);
      twice(Op.Gather.class, "of repeated rows on axis " + axis, in -> in.get(0).take(axis, at), positive(16, 3, 4));
      long[] updates = axis == 0 ? new long[] {2, 3, 4} : new long[] {3, 2, 3};
      twice(Op.ScatterAdd.class, "to repeated rows on axis " + axis, in -> in.get(0).scatterAdd(axis, at, in.get(1)),
          positive(16, 3, 4), positive(17, updates));
    }
  }

  private void movement() {
    HostArray x = positive(18, 5, 6);
    twice(Op.Reshape.class, "", in -> in.getFirst().reshape(3, 10), x);
    twice(Op.Permute.class, "", in -> in.getFirst().transpose(), x);
    twice(Op.Expand.class, "", in -> in.getFirst().broadcastTo(Shape.of(4, 5, 6)), positive(18, 5, 1));
    twice(Op.Pad.class, "and its value's", in -> in.get(0).pad(List.of(new Op.Edge(1, 2), new Op.Edge(0, 3)), in.get(1)), x, positive(19));
    twice(Op.Slice.class, "", in -> in.getFirst().slice(List.of(new Op.Range(4, 3, -2), new Op.Range(1, 2, 3))), x);
    twice(Op.Concat.class, "", in -> Tensor.concat(0, in.get(0), in.get(1), in.get(0)), x, positive(20, 2, 6));
    twice(Op.Window.class, "", in -> PointwiseCases.apply(new Op.Window(1, 3, 2, 1), in.getFirst()), x);
  }

  /** A recurrence whose factor is the same at every turn, and a choice with a factor from outside of it. */
  private void control() {
    for (int length : new int[] {1, 5, 11}) {
      twice(Op.Loop.class, "of " + length, in -> {
        Loop.Results results = Loop.scan(length, List.of(in.get(0)), List.of(in.get(1)), (_, carries, slices) -> {
          Tensor next = carries.getFirst().mul(in.get(2)).add(slices.getFirst()).tanh();
          return new Loop.Results(List.of(next), List.of(next.mul(in.get(2))));
        });
        return results.outputs().getFirst().sum(0).add(results.carries().getFirst());
      }, positive(24, 4), values(0.1, 0.5, 25, length, 4), values(0.1, 0.5, 26, 4));
    }
    for (double limit : new double[] {0, 100}) {
      twice(Op.Cond.class, limit == 0 ? "otherwise" : "then", in -> Cond.of(in.get(0).sum().less(limit),
          () -> List.of(in.get(0).mul(in.get(1))), () -> List.of(in.get(0).add(in.get(1)))).getFirst(), positive(27, 5), positive(28, 5));
    }
  }

  private void composites() {
    unary(Op.Composite.class, Tensor::sigmoid, -2, 2);
    unary(Op.Composite.class, Tensor::gelu, 0.5, 2);
    for (int axis : new int[] {0, 1}) {
      twice(Op.Composite.class, "softmax on axis " + axis, in -> in.getFirst().softmax(axis), values(-1, 1, 21, 4, 5));
      twice(Op.Composite.class, "logSoftmax on axis " + axis, in -> in.getFirst().logSoftmax(axis), values(-1, 1, 21, 4, 5));
    }
    Tensor labels = Tensor.of(new int[] {3, 0, 3, 4});
    twice(Op.Composite.class, "softmaxCrossEntropy", in -> Composites.softmaxCrossEntropy(in.getFirst(), labels), values(-1, 1, 22, 4, 5));
    twice(Op.Composite.class, "stopGradient of a factor", in -> in.getFirst().stopGradient().mul(in.getFirst()), positive(23, 4, 5));
  }
}
