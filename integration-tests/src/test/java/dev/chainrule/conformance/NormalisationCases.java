package dev.chainrule.conformance;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Normalisation;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Layer, root mean square and batch normalisation. */
final class NormalisationCases {

  private static final double EPSILON = 1e-3;

  private final List<Case> cases = new ArrayList<>();

  private NormalisationCases() {}

  static List<Case> all() {
    var all = new NormalisationCases();
    for (DType dtype : Samples.FLOATING) {
      for (View view : List.of(View.dense(5, 8), View.dense(3, 1), View.dense(0, 4), View.dense(4, 0), View.transposed(7, 33),
          View.stepped(6, 17), View.dense(2, 3, 65), View.dense(3, 4100))) {
        all.overLast(dtype, view, 1);
      }
      all.overLast(dtype, View.dense(2, 3, 65), 2);
      all.overLast(dtype, View.dense(3, 5), 2);
      for (View view : List.of(View.dense(16, 3), View.dense(4, 3, 5, 7), View.dense(1, 2), View.dense(0, 3), View.dense(2, 0, 3),
          View.transposed(33, 7), View.dense(9, 2, 300))) {
        all.batch(dtype, view);
      }
      all.special(dtype);
    }
    return all.cases;
  }

  private void overLast(DType dtype, View view, int count) {
    long[] shape = view.move().apply(Tensor.of(Samples.plain(dtype, 1, view.source().dims()))).shape().dims();
    long[] weights = Arrays.copyOfRange(shape, shape.length - count, shape.length);
    int[] axes = IntStream.range(shape.length - count, shape.length).toArray();
    long n = Arrays.stream(weights).reduce(1, (a, b) -> a * b);
    List<HostArray> inputs = List.of(Samples.between(dtype, -1, 3, 110, view.source().dims()), Samples.between(dtype, 0.5, 2, 111, weights),
        Samples.between(dtype, -1, 1, 112, weights));
    String name = dtype + " " + view + " over " + count;
    cases.add(new Case(Op.Composite.class, "layerNorm " + name, inputs,
        in -> List.of(Normalisation.layerNorm(view.move().apply(in.get(0)), in.get(1), in.get(2), EPSILON)), Case.Oracle.IN_F64,
        Bounds.standardised(dtype, n, in -> size(view.move().apply(in.get(0)), in.get(1), in.get(2), axes))));
    cases.add(new Case(Op.Composite.class, "rmsNorm " + name, inputs.subList(0, 2),
        in -> List.of(Normalisation.rmsNorm(view.move().apply(in.get(0)), in.get(1), EPSILON)), Case.Oracle.IN_F64,
        Bounds.rmsNorm(dtype, n)));
  }

  /** |w| (1 + |n|) (1 + mean|x| / sqrt(variance + epsilon)) + |b| with the normalised n: see {@link Bounds#standardised}. */
  private static Tensor size(Tensor x, Tensor weight, Tensor bias, int... axes) {
    Tensor root = deviation(x, axes);
    Tensor normal = x.sub(x.keep(x.mean(axes), axes)).div(root);
    Tensor offset = x.keep(x.abs().mean(axes), axes).div(root);
    return weight.abs().mul(normal.abs().add(1)).mul(offset.add(1)).add(bias.abs());
  }

  private static Tensor deviation(Tensor x, int... axes) {
    return x.keep(x.variance(axes).add(EPSILON).sqrt(), axes);
  }

  private void batch(DType dtype, View view) {
    Tensor sample = view.move().apply(Tensor.of(Samples.plain(dtype, 1, view.source().dims())));
    int channels = Math.toIntExact(sample.dim(1));
    int[] axes = IntStream.range(0, sample.rank()).filter(i -> i != 1).toArray();
    long n = channels == 0 ? 0 : sample.shape().elements() / channels;
    HostArray x = Samples.between(dtype, -1, 3, 113, view.source().dims());
    HostArray weight = Samples.between(dtype, 0.5, 2, 114, channels);
    HostArray bias = Samples.between(dtype, -1, 1, 115, channels);
    String name = dtype + " " + view;
    Bound y = Bounds.standardised(dtype, n, in -> size(view.move().apply(in.get(0)),
        in.get(1).reshape(against(sample)), in.get(2).reshape(against(sample)), axes));
    cases.add(new Case(Op.Composite.class, "batchNorm " + name, List.of(x, weight, bias),
        in -> List.of(training(view, in).y()), Case.Oracle.IN_F64, y));
    if (n > 0) {
      cases.add(new Case(Op.Composite.class, "batchNorm's mean " + name, List.of(x, weight, bias),
          in -> List.of(training(view, in).mean()), Case.Oracle.IN_F64,
          Bounds.mean(dtype, n, in -> view.move().apply(in.getFirst()).abs().mean(axes))));
      cases.add(new Case(Op.Composite.class, "batchNorm's variance " + name, List.of(x, weight, bias),
          in -> List.of(training(view, in).variance()), Case.Oracle.IN_F64, Bounds.variance(dtype, n, in -> {
            Tensor moved = view.move().apply(in.getFirst());
            Tensor root = moved.variance(axes).sqrt();
            return root.mul(root.add(moved.abs().mean(axes)));
          })));
    }
    DType statistics = dtype.accumulator();
    cases.add(new Case(Op.Composite.class, "batchNormInference " + name, List.of(x, weight, bias,
        Samples.between(statistics, -1, 1, 116, channels), Samples.between(statistics, 0.5, 2, 117, channels)),
        in -> List.of(Normalisation.batchNormInference(view.move().apply(in.get(0)), in.get(1), in.get(2), in.get(3), in.get(4), EPSILON)),
        Case.Oracle.IN_F64, Bounds.affine(dtype, in -> {
          Tensor scale = in.get(4).add(EPSILON).rsqrt().mul(in.get(1)).abs().reshape(against(sample));
          Tensor distance = view.move().apply(in.get(0)).sub(in.get(3).reshape(against(sample))).abs();
          return distance.mul(scale).add(in.get(2).abs().reshape(against(sample)));
        })));
  }

  private static Normalisation.Batch training(View view, List<Tensor> in) {
    return Normalisation.batchNorm(view.move().apply(in.get(0)), in.get(1), in.get(2), EPSILON);
  }

  private static long[] against(Tensor sample) {
    long[] dims = new long[sample.rank() - 1];
    Arrays.fill(dims, 1);
    dims[0] = sample.dim(1);
    return dims;
  }

  /** Equal values whose mean is exact, NaN and infinities, and what would overflow f16 if squares were taken in it. */
  private void special(DType dtype) {
    HostArray one = Samples.between(dtype, 1, 1, 1, 4);
    HostArray x = HostArray.ofDoubles(TensorType.of(dtype, 6, 4), 3, 3, 3, 3, 1, Double.NaN, 2, 3, 1, Double.POSITIVE_INFINITY, 2, 3,
        Double.NEGATIVE_INFINITY, 1, 2, 3, 0, 0, 0, -0.0, 6e4, -6e4, 5e4, 1e4);
    cases.add(new Case(Op.Composite.class, "layerNorm of special values " + dtype, List.of(x, one, one),
        in -> List.of(Normalisation.layerNorm(in.get(0), in.get(1), in.get(2), EPSILON)), Case.Oracle.IN_F64,
        Bounds.standardised(dtype, 4, in -> size(in.get(0), in.get(1), in.get(2), 1))));
    cases.add(new Case(Op.Composite.class, "rmsNorm of special values " + dtype, List.of(x, one),
        in -> List.of(Normalisation.rmsNorm(in.get(0), in.get(1), EPSILON)), Case.Oracle.IN_F64, Bounds.rmsNorm(dtype, 4)));
  }
}
