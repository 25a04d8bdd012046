package dev.chainrule.conformance;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BinaryOperator;

/** Sums of products: the matrix product, and the convolution with its gradients. */
final class ProductCases {

  /** Sizes m, k, n around those of register and cache blocks, degenerate ones, and those of a classifier of digits. */
  private static final int[][] SIZES = {
    {1, 1, 1}, {1, 7, 1}, {1, 5, 9}, {9, 5, 1}, {3, 0, 4}, {0, 3, 4}, {3, 4, 0}, {2, 3, 4}, {5, 17, 6}, {6, 16, 16}, {7, 17, 33},
    {16, 64, 48}, {31, 33, 35}, {64, 784, 128}, {64, 128, 10}, {1, 784, 10}, {129, 257, 65}, {200, 3, 300}, {3, 2000, 5}, {784, 64, 32}
  };

  private final List<Case> cases = new ArrayList<>();

  private ProductCases() {}

  static List<Case> all() {
    var all = new ProductCases();
    for (DType dtype : Samples.NUMERIC) {
      all.products(dtype);
    }
    for (DType dtype : Samples.FLOATING) {
      all.notFinite(dtype);
      all.convolutions(dtype);
    }
    return all.cases;
  }

  private void products(DType dtype) {
    for (int[] size : SIZES) {
      product(dtype, List.of(View.dense(size[0], size[1]), View.dense(size[1], size[2])), size[1]);
    }
    for (int[] size : new int[][] {{5, 17, 6}, {31, 33, 35}, {64, 129, 20}, {1, 40, 9}, {9, 40, 1}}) {
      View left = View.transposed(size[0], size[1]);
      View right = View.transposed(size[1], size[2]);
      product(dtype, List.of(left, View.dense(size[1], size[2])), size[1]);
      product(dtype, List.of(View.dense(size[0], size[1]), right), size[1]);
      product(dtype, List.of(left, right), size[1]);
      product(dtype, List.of(View.stepped(size[0], size[1]), View.stepped(size[1], size[2])), size[1]);
      product(dtype, List.of(View.repeatedRow(size[0], size[1]), View.repeatedColumn(size[1], size[2])), size[1]);
      product(dtype, List.of(View.repeatedScalar(size[0], size[1]), View.middle(size[1], size[2])), size[1]);
    }
    product(dtype, List.of(View.dense(3, 5, 7), View.dense(3, 7, 4)), 7);
    product(dtype, List.of(View.dense(2, 3, 5, 7), View.dense(2, 3, 7, 4)), 7);
    product(dtype, List.of(View.dense(0, 5, 7), View.dense(0, 7, 4)), 7);
    product(dtype, List.of(View.dense(2, 1, 5, 7), View.dense(3, 7, 4)), 7, "S4.5");
    product(dtype, List.of(View.dense(4, 33, 70), View.dense(70, 9)), 70);
    product(dtype, List.of(new View("batch inside[4,9,11]", Shape.of(9, 4, 11), x -> x.permute(1, 0, 2)), View.dense(4, 11, 6)), 11);
  }

  private void product(DType dtype, List<View> views, int k, String... rules) {
    BinaryOperator<Tensor> product = (x, y) -> views.getFirst().move().apply(x).matmul(views.getLast().move().apply(y));
    cases.add(Case.of(Op.Dot.class, dtype + " " + views.getFirst() + " by " + views.getLast(),
        Bounds.sum(dtype, k, in -> product.apply(in.get(0).abs(), in.get(1).abs())), product,
        Samples.plain(dtype, 30, views.getFirst().source().dims()), Samples.plain(dtype, 31, views.getLast().source().dims())).shows(rules));
  }

  /** Nothing is skipped because a factor is zero, and no padding of a block leaks in: 0 times infinity is NaN, in its row or column. */
  private void notFinite(DType dtype) {
    for (double strange : new double[] {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}) {
      double[] left = Samples.plain(dtype, 32, 19, 37).toDoubleArray();
      left[5 * 37 + 36] = strange;
      left[18 * 37] = strange;
      double[] right = Samples.plain(dtype, 33, 37, 21).toDoubleArray();
      right[36 * 21 + 20] = 0;
      right[3 * 21 + 7] = strange;
      cases.add(Case.of(Op.Dot.class, dtype + " with " + strange,
          Bounds.sum(dtype, 37, in -> in.get(0).abs().matmul(in.get(1).abs())), Tensor::matmul,
          HostArray.ofDoubles(TensorType.of(dtype, 19, 37), left), HostArray.ofDoubles(TensorType.of(dtype, 37, 21), right)).shows("S8.2"));
    }
  }

  // --- convolutions ------------------------------------------------------------------------------------------------------------------

  private void convolutions(DType dtype) {
    var plain = new Op.Spatial(1, 1, 0, 0);
    var same = new Op.Spatial(1, 1, 1, 1);
    convolution(dtype, "one axis", new Op.Geometry(List.of(same), 1), new long[] {2, 3, 9}, new long[] {4, 3, 3});
    convolution(dtype, "3 by 3", new Op.Geometry(List.of(same, same), 1), new long[] {2, 3, 8, 7}, new long[] {5, 3, 3, 3});
    convolution(dtype, "1 by 1", new Op.Geometry(List.of(plain, plain), 1), new long[] {2, 8, 5, 5}, new long[] {6, 8, 1, 1});
    convolution(dtype, "stride and dilation", new Op.Geometry(List.of(new Op.Spatial(2, 1, 1, 0), new Op.Spatial(1, 2, 2, 2)), 1),
        new long[] {1, 2, 9, 10}, new long[] {3, 2, 3, 3});
    convolution(dtype, "groups", new Op.Geometry(List.of(same, same), 2), new long[] {2, 4, 6, 5}, new long[] {6, 2, 3, 3});
    // What is not finite spoils the windows that hold it and no other, zeros at the border included.
    double[] strange = Samples.plain(dtype, 37, 1, 2, 9, 9).toDoubleArray();
    strange[40] = Double.NaN;
    strange[81 + 8] = Double.POSITIVE_INFINITY;
    double[] weights = Samples.plain(dtype, 38, 3, 2, 3, 3).toDoubleArray();
    weights[4] = 0;
    convolution(dtype, "of what is not finite", new Op.Conv(new Op.Geometry(List.of(same, same), 1)),
        HostArray.ofDoubles(TensorType.of(dtype, 1, 2, 9, 9), strange), HostArray.ofDoubles(TensorType.of(dtype, 3, 2, 3, 3), weights), 18);
    convolution(dtype, "nothing", new Op.Geometry(List.of(same), 1), new long[] {0, 3, 9}, new long[] {4, 3, 3});
    convolution(dtype, "one element", new Op.Geometry(List.of(plain), 1), new long[] {1, 1, 1}, new long[] {1, 1, 1});
    convolution(dtype, "large", new Op.Geometry(List.of(same, same), 1), new long[] {3, 5, 67, 35}, new long[] {7, 5, 3, 3});
    convolution(dtype, "depthwise", new Op.Geometry(List.of(same, same), 4), new long[] {2, 4, 6, 5}, new long[] {4, 1, 3, 3});
  }

  private void convolution(DType dtype, String name, Op.Geometry geometry, long[] input, long[] weights) {
    HostArray x = Samples.plain(dtype, 34, input);
    HostArray w = Samples.plain(dtype, 35, weights);
    var forward = new Op.Conv(geometry);
    Shape output = PointwiseCases.apply(forward, Tensor.of(x), Tensor.of(w)).shape();
    HostArray cotangent = Samples.plain(dtype, 36, output.dims());
    double kernel = Shape.of(weights).elements() / (double) weights[0];
    double perInput = Shape.of(weights).elements() / (double) weights[1];
    double perWeight = output.elements() / (double) output.dim(1);
    convolution(dtype, name, forward, x, w, kernel);
    convolution(dtype, name, new Op.ConvInputGradient(geometry, Shape.of(input)), cotangent, w, perInput);
    convolution(dtype, name, new Op.ConvWeightGradient(geometry, Shape.of(weights)), cotangent, x, perWeight);
  }

  private void convolution(DType dtype, String name, Op op, HostArray x, HostArray y, double terms) {
    cases.add(Case.of(op.getClass(), dtype + " " + name,
        Bounds.sum(dtype, terms, in -> PointwiseCases.apply(op, in.get(0).abs(), in.get(1).abs())),
        (a, b) -> PointwiseCases.apply(op, a, b), x, y));
  }
}
