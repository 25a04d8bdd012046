package dev.chainrule.conformance;

import dev.chainrule.autograd.Gradients;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Op;
import dev.chainrule.tensor.ConvOptions;
import dev.chainrule.tensor.PoolOptions;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/** Products and pools as the methods of tensors compose them: movement around a primitive, and windows that are reduced. */
final class ProductMethodCases {

  private static final ConvOptions PLAIN = ConvOptions.DEFAULT;

  private final List<Case> cases = new ArrayList<>();

  private ProductMethodCases() {}

  static List<Case> all() {
    var all = new ProductMethodCases();
    for (DType dtype : Samples.NUMERIC) {
      all.sumsByLabels(dtype);
      all.vectors(dtype);
    }
    for (DType dtype : Samples.ALL) {
      all.largest(dtype);
    }
    for (DType dtype : Samples.FLOATING) {
      all.convolutions(dtype);
      all.transposedConvolutions(dtype);
      all.averages(dtype);
      all.gradientsOfLargest(dtype);
    }
    for (DType dtype : List.of(DType.F32, DType.F64)) {
      all.chainsOfProducts(dtype);
      all.gradients(dtype);
    }
    return all.cases;
  }

  // --- einsum and vectors ------------------------------------------------------------------------------------------------------------

  private void sumsByLabels(DType dtype) {
    product(dtype, "ij,jk->ik", 70, new long[] {65, 70}, new long[] {70, 33});
    product(dtype, "ji,kj->ki", 70, new long[] {70, 65}, new long[] {33, 70});
    product(dtype, "bhqd,bhkd->bhqk", 16, new long[] {2, 3, 17, 16}, new long[] {2, 3, 19, 16});
    product(dtype, "bqhd,bkhd->bhqk", 16, new long[] {2, 17, 3, 16}, new long[] {2, 19, 3, 16});
    product(dtype, "ijk,kjl->il", 35, new long[] {6, 5, 7}, new long[] {7, 5, 9});
    product(dtype, "...ij,...j->...i", 9, new long[] {4, 1, 5, 9}, new long[] {3, 9});
    product(dtype, "ij,ij->i", 40, new long[] {9, 40}, new long[] {9, 40});
    product(dtype, "i,j->ij", 1, new long[] {300}, new long[] {257});
    product(dtype, "ij,kj->jik", 1, new long[] {5, 7}, new long[] {6, 7});
    product(dtype, "ij,jk->ik", 0, new long[] {3, 0}, new long[] {0, 4});
    product(dtype, "bij,bjk->bik", 7, new long[] {0, 5, 7}, new long[] {0, 7, 4});
    single(dtype, Op.Permute.class, "kij->jki", 1, 5, 3, 7);
    single(dtype, Op.Slice.class, "ii->i", 1, 33, 33);
    single(dtype, Op.Slice.class, "ijkij->kj", 4, 4, 3, 5, 4, 3);
    single(dtype, Op.Reduce.class, "ii", 33, 33, 33);
    single(dtype, Op.Reduce.class, "i...j->...", 21, 3, 11, 7);
  }

  private void product(DType dtype, String subscripts, int terms, long[] left, long[] right) {
    binary(terms == 1 ? Op.Mul.class : Op.Dot.class, dtype, "einsum " + subscripts, Math.max(terms, 1),
        (x, y) -> Tensor.einsum(subscripts, x, y), left, right);
  }

  private void single(DType dtype, Class<? extends Op> op, String subscripts, int terms, long... shape) {
    cases.add(Case.of(op, dtype + " einsum " + subscripts, Bounds.sum(dtype, terms, in -> Tensor.einsum(subscripts, in.getFirst().abs())),
        x -> Tensor.einsum(subscripts, x), Samples.plain(dtype, 40, shape)));
  }

  /** The roundings of each sum on the way add up. */
  private void chainsOfProducts(DType dtype) {
    List<HostArray> three = List.of(Samples.plain(dtype, 41, 9, 17), Samples.plain(dtype, 42, 17, 33), Samples.plain(dtype, 43, 12, 33));
    Function<List<Tensor>, Tensor> chain = in -> Tensor.einsum("ij,jk,lk->il", in.toArray(Tensor[]::new));
    cases.add(new Case(Op.Dot.class, dtype + " einsum of a chain", three, in -> List.of(chain.apply(in)), Case.Oracle.IN_F64,
        Bounds.sum(dtype, 17 + 33, in -> chain.apply(in.stream().map(Tensor::abs).toList()))));
    binary(Op.Dot.class, dtype, "einsum that sums one operand first", 11 + 8, (x, y) -> Tensor.einsum("ijk,jl->li", x, y),
        new long[] {7, 8, 11}, new long[] {8, 5});
  }

  private void vectors(DType dtype) {
    binary(Op.Dot.class, dtype, "vector by vector", 333, Tensor::matmul, new long[] {333}, new long[] {333});
    binary(Op.Dot.class, dtype, "vector by matrix", 70, Tensor::matmul, new long[] {70}, new long[] {70, 65});
    binary(Op.Dot.class, dtype, "matrix by vector", 70, Tensor::matmul, new long[] {65, 70}, new long[] {70});
    binary(Op.Dot.class, dtype, "batch by vector", 9, Tensor::matmul, new long[] {4, 5, 9}, new long[] {9});
    binary(Op.Dot.class, dtype, "vector by batch", 9, Tensor::matmul, new long[] {9}, new long[] {4, 9, 5});
    binary(Op.Dot.class, dtype, "batches in turn", 4, Tensor::matmul, new long[] {2, 1, 3, 4}, new long[] {5, 4, 2});
  }

  /** A sum of products has this many terms; the sizes that its error is measured in are those of the operands' sizes. */
  private void binary(Class<? extends Op> op, DType dtype, String name, double terms, BinaryOperator<Tensor> function, long[] left,
      long[] right) {
    cases.add(Case.of(op, dtype + " " + name + " " + Arrays.toString(left) + " " + Arrays.toString(right),
        Bounds.sum(dtype, terms, in -> function.apply(in.get(0).abs(), in.get(1).abs())), function,
        Samples.plain(dtype, 44, left), Samples.plain(dtype, 45, right)));
  }

  // --- convolutions ------------------------------------------------------------------------------------------------------------------

  private void convolutions(DType dtype) {
    ConvOptions all = PLAIN.withStride(2, 1).withPadding(List.of(new Op.Edge(0, 2), new Op.Edge(3, 1))).withDilation(1, 2).withGroups(2);
    convolution(dtype, "plain", (x, w) -> x.conv1d(w), new long[] {2, 3, 33}, new long[] {5, 3, 4});
    convolution(dtype, "plain", (x, w) -> x.conv2d(w), new long[] {2, 8, 24, 23}, new long[] {16, 8, 3, 3});
    convolution(dtype, "plain", (x, w) -> x.conv3d(w), new long[] {1, 2, 5, 6, 7}, new long[] {3, 2, 2, 3, 1});
    convolution(dtype, "same", (x, w) -> x.conv2d(w, PLAIN.withSamePadding().withStride(2)),
        new long[] {2, 3, 9, 12}, new long[] {4, 3, 5, 2});
    convolution(dtype, "all at once", (x, w) -> x.conv2d(w, all), new long[] {3, 4, 9, 8}, new long[] {6, 2, 4, 3});
    convolution(dtype, "depthwise", (x, w) -> x.conv1d(w, PLAIN.withGroups(5).withPadding(2)),
        new long[] {2, 5, 19}, new long[] {10, 1, 5});
    convolution(dtype, "strided space", (x, w) -> x.conv3d(w, PLAIN.withStride(2).withPadding(1)), new long[] {1, 2, 4, 5, 3},
        new long[] {2, 2, 3, 3, 3});
    convolution(dtype, "turned", (x, w) -> x.transpose().conv2d(w.permute(1, 0, 3, 2)), new long[] {2, 3, 9, 12}, new long[] {3, 4, 2, 5});
    convolution(dtype, "no examples", (x, w) -> x.conv2d(w), new long[] {0, 3, 5, 5}, new long[] {4, 3, 3, 3});
    convolution(dtype, "no filters", (x, w) -> x.conv1d(w), new long[] {2, 3, 5}, new long[] {0, 3, 2});
    convolution(dtype, "no channels", (x, w) -> x.conv1d(w), new long[] {2, 0, 5}, new long[] {4, 0, 2});
    convolution(dtype, "all of size one", (x, w) -> x.conv3d(w), new long[] {1, 1, 1, 1, 1}, new long[] {1, 1, 1, 1, 1});
  }

  private void convolution(DType dtype, String name, BinaryOperator<Tensor> function, long[] x, long[] w) {
    binary(Op.Conv.class, dtype, "method, " + name, terms(w, 0), function, x, w);
  }

  /** Each result adds up its channels' kernels: at most all of those beside the filters' axis of the weights. */
  private static long terms(long[] weights, int filters) {
    return IntStream.range(0, weights.length).filter(i -> i != filters).mapToLong(i -> weights[i]).reduce(1, (a, b) -> a * b);
  }

  private void transposedConvolutions(DType dtype) {
    transposed(dtype, "plain", (x, w) -> x.convTranspose1d(w, PLAIN), new long[] {2, 3, 17}, new long[] {3, 5, 4});
    transposed(dtype, "doubling", (x, w) -> x.convTranspose2d(w, PLAIN.withStride(2).withPadding(1)), new long[] {2, 6, 9, 8},
        new long[] {6, 4, 4, 4});
    transposed(dtype, "output padding", (x, w) -> x.convTranspose2d(w, PLAIN.withStride(3, 2).withGroups(2), 2, 1), new long[] {2, 4, 5, 3},
        new long[] {4, 3, 2, 3});
    transposed(dtype, "space", (x, w) -> x.convTranspose3d(w, PLAIN.withDilation(2)),
        new long[] {1, 2, 2, 3, 2}, new long[] {2, 1, 2, 2, 2});
    transposed(dtype, "gaps", (x, w) -> x.convTranspose1d(w, PLAIN.withStride(4), 3), new long[] {1, 2, 5}, new long[] {2, 2, 1});
    transposed(dtype, "no examples", (x, w) -> x.convTranspose1d(w, PLAIN), new long[] {0, 2, 5}, new long[] {2, 3, 3});
    transposed(dtype, "no channels", (x, w) -> x.convTranspose1d(w, PLAIN), new long[] {2, 0, 5}, new long[] {0, 3, 3});
  }

  private void transposed(DType dtype, String name, BinaryOperator<Tensor> function, long[] x, long[] w) {
    binary(Op.ConvInputGradient.class, dtype, "method, " + name, terms(w, 1), function, x, w);
  }

  // --- pools -------------------------------------------------------------------------------------------------------------------------

  private static final PoolOptions TWO = PoolOptions.of(2);
  private static final PoolOptions PADDED = PoolOptions.of(3).withStride(2).withPadding(1);

  private void largest(DType dtype) {
    largest(dtype, "line", x -> x.maxPool1d(PADDED), Samples.plain(dtype, 46, 3, 33));
    largest(dtype, "plane", x -> x.maxPool2d(TWO), Samples.plain(dtype, 47, 4, 6, 29, 32));
    largest(dtype, "padded plane", x -> x.maxPool2d(PADDED), Samples.plain(dtype, 48, 2, 3, 17, 20));
    largest(dtype, "turned plane", x -> x.transpose().maxPool2d(PADDED), Samples.plain(dtype, 49, 2, 3, 9, 20));
    largest(dtype, "space", x -> x.maxPool3d(PADDED.withStride(1, 2, 3)), Samples.plain(dtype, 50, 2, 4, 5, 7));
    largest(dtype, "no examples", x -> x.maxPool2d(TWO), Samples.plain(dtype, 51, 0, 3, 4, 4));
    largest(dtype, "one element", x -> x.maxPool1d(PADDED), Samples.plain(dtype, 52, 1));
    largest(dtype, "special values", x -> x.maxPool1d(PADDED), Samples.specials(dtype));
  }

  private void largest(DType dtype, String name, UnaryOperator<Tensor> pool, HostArray x) {
    cases.add(Case.of(Op.Composite.class, dtype + " maxPool of a " + name, Bound.EXACT, pool, x));
  }

  /** Whole numbers from -2 to 2, so that windows have several maxima, which share the gradient. */
  private void gradientsOfLargest(DType dtype) {
    gradientOfLargest(dtype, "line", x -> x.maxPool1d(PADDED), 3, 33);
    gradientOfLargest(dtype, "plane", x -> x.maxPool2d(TWO), 4, 6, 28, 32);
    gradientOfLargest(dtype, "plane with a rest", x -> x.maxPool2d(PoolOptions.of(2, 3)), 3, 2, 9, 10);
    gradientOfLargest(dtype, "overlapping plane", x -> x.maxPool2d(PoolOptions.of(3).withStride(1, 2)), 2, 3, 11, 12);
    gradientOfLargest(dtype, "padded plane", x -> x.maxPool2d(PADDED), 2, 3, 17, 20);
    gradientOfLargest(dtype, "plane with gaps", x -> x.maxPool2d(PoolOptions.of(2).withStride(3)), 2, 3, 11, 12);
    gradientOfLargest(dtype, "space", x -> x.maxPool3d(PADDED.withStride(1, 2, 3)), 2, 4, 5, 7);
    gradientOfLargest(dtype, "no examples", x -> x.maxPool2d(TWO), 0, 3, 4, 4);
    HostArray specials = Samples.specials(dtype);
    cases.add(Case.of(Op.Composite.class, dtype + " gradient of maxPool of special values", Bound.EXACT,
        x -> Gradients.of(x.maxPool1d(TWO).sum(), List.of(x)).getFirst(), specials).shows("S8.13", "S17.7"));
  }

  /** Roundings of a part, its product with the cotangent, and a sum along each of three axes, none of which cancels. */
  private void gradientOfLargest(DType dtype, String name, UnaryOperator<Tensor> pool, long... shape) {
    HostArray x = Samples.between(dtype, -2.5, 2.5, 58, shape);
    cases.add(Case.of(Op.Composite.class, dtype + " gradient of maxPool of a " + name, Bound.relative(6), in -> {
      Tensor whole = in.round();
      Tensor y = pool.apply(whole);
      return Gradients.of(y.mul(y.add(3)).sum(), List.of(whole)).getFirst();
    }, x).shows("S8.13", "S17.7"));
  }

  private void averages(DType dtype) {
    average(dtype, "line", 3, x -> x.avgPool1d(PADDED), 3, 33);
    average(dtype, "plane", 4, x -> x.avgPool2d(TWO), 4, 6, 29, 32);
    average(dtype, "padded plane", 9, x -> x.avgPool2d(PADDED), 2, 3, 17, 20);
    average(dtype, "plane without its padding", 9, x -> x.avgPool2d(PADDED.withCountPadding(false)), 2, 3, 17, 20);
    average(dtype, "turned plane", 9, x -> x.transpose().avgPool2d(PADDED.withCountPadding(false)), 2, 3, 9, 20);
    average(dtype, "space", 27, x -> x.avgPool3d(PADDED.withStride(1, 2, 3).withCountPadding(false)), 2, 4, 5, 7);
    average(dtype, "no examples", 4, x -> x.avgPool2d(TWO), 0, 3, 4, 4);
  }

  /** One rounding more than the sum: the quotient. */
  private void average(DType dtype, String name, int elements, UnaryOperator<Tensor> pool, long... shape) {
    cases.add(Case.of(Op.Window.class, dtype + " avgPool of a " + name,
        Bounds.sum(dtype, elements + 1, in -> pool.apply(in.getFirst().abs())), pool, Samples.plain(dtype, 53, shape)));
  }

  // --- gradients ---------------------------------------------------------------------------------------------------------------------

  /**
   * A small network of them all. Terms of its sums: 18 and 2 of the convolutions, 9 of the average, 42 and 4 of the product, 48 of the
   * loss; backwards 36 and 126 of the convolutions' inputs and weights, twice. A gradient is a product of what passed several of them.
   */
  private void gradients(DType dtype) {
    List<HostArray> inputs = List.of(Samples.between(dtype, -1, 1, 54, 3, 2, 13, 12), Samples.between(dtype, -0.4, 0.4, 55, 4, 2, 3, 3),
        Samples.between(dtype, -0.4, 0.4, 56, 4, 2, 2, 2), Samples.between(dtype, -0.5, 0.5, 57, 4, 4, 4));
    double roundings = 4 * (18 + 2 + 9 + 42 + 4 + 48 + 2 * (36 + 126));
    cases.add(new Case(Op.Overlap.class, dtype + " gradients of convolutions and pools", inputs, in -> {
      Tensor h = in.get(0).conv2d(in.get(1), PLAIN.withStride(2).withPadding(1)).tanh().maxPool2d(PADDED.withStride(1));
      Tensor up = h.convTranspose2d(in.get(2), PLAIN.withStride(2).withGroups(2)).avgPool2d(PADDED.withCountPadding(false));
      Tensor loss = Tensor.einsum("bchw,cij->bij", up, in.get(3)).square().mean();
      List<Tensor> results = new ArrayList<>(List.of(loss));
      results.addAll(Gradients.of(loss, in));
      return results;
    }, Case.Oracle.IN_F64, Bound.normwise(roundings)));
  }
}
