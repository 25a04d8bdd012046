package dev.chainrule.autograd;

import static dev.chainrule.autograd.GradientCases.values;

import dev.chainrule.autograd.GradientCases.Case;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Attention;
import dev.chainrule.tensor.Composites;
import dev.chainrule.tensor.Normalisation;
import dev.chainrule.tensor.PoolOptions;
import dev.chainrule.tensor.RandomStream;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** For each composite the functions in which its gradient is checked, or why there is nothing to check: part of {@link GradientCases}. */
final class CompositeGradientCases {

  private final Map<String, List<Case>> cases = new LinkedHashMap<>();

  private CompositeGradientCases() {}

  static Map<String, String> nothingToCheck() {
    return Map.of(
        "stopGradient", "its gradient is zero by definition: SubgradientTest",
        "adam", "the last of a step: no loss is made of updated parameters. Its values: AdamTest");
  }

  static Map<String, List<Case>> all() {
    var all = new CompositeGradientCases();
    all.activations();
    all.softmaxes();
    all.layerNorms();
    all.rmsNorms();
    all.batchNorms();
    all.dropouts();
    all.attentions();
    all.pools();
    return all.cases;
  }

  private void add(String name, String what, Function<List<Tensor>, Tensor> function, HostArray... point) {
    cases.computeIfAbsent(name, _ -> new ArrayList<>()).add(new Case(what, function, List.of(point), true));
  }

  private void activations() {
    activation("relu", Tensor::relu);
    activation("sigmoid", Tensor::sigmoid);
    activation("gelu", Tensor::gelu);
    activation("geluTanh", Tensor::geluTanh);
    activation("silu", Tensor::silu);
    activation("softplus", Tensor::softplus);
  }

  private void activation(String name, UnaryOperator<Tensor> function) {
    for (long[] shape : new long[][] {{2, 3}, {}, {1}, {0, 2}}) {
      add(name, "of " + TensorType.of(DType.F64, shape), in -> function.apply(in.getFirst()), values(-3, 3, shape));
    }
  }

  private void softmaxes() {
    for (long[] shape : new long[][] {{3, 4}, {3, 1}, {1, 3}, {0, 3}, {3, 0}}) {
      for (int axis : new int[] {0, 1}) {
        String what = TensorType.of(DType.F64, shape) + " axis " + axis;
        add("softmax", what, in -> in.getFirst().softmax(axis), values(-3, 3, shape));
        add("logSoftmax", what, in -> in.getFirst().logSoftmax(axis), values(-3, 3, shape));
      }
    }
    add("logsumexp", "all axes", in -> in.getFirst().logsumexp(), values(-3, 3, 3, 4));
    add("logsumexp", "two apart", in -> in.getFirst().logsumexp(2, 0), values(-3, 3, 2, 3, 2));
    Tensor labels = Tensor.of(new int[] {3, 0, 3});
    add("softmaxCrossEntropy", "labels repeat", in -> Composites.softmaxCrossEntropy(in.getFirst(), labels), values(-3, 3, 3, 4));
  }

  // --- normalisation -----------------------------------------------------------------------------------------------------------------

  private void layerNorms() {
    layerNorm(1e-5, new long[] {3, 4}, 4);
    layerNorm(0.3, new long[] {3, 4}, 4);
    layerNorm(0.3, new long[] {2, 3, 4}, 3, 4);
    layerNorm(0.3, new long[] {3, 4}, 3, 4);
    layerNorm(0.3, new long[] {3, 1}, 1);
    layerNorm(0.3, new long[] {1, 4}, 4);
    layerNorm(0.3, new long[] {0, 4}, 4);
    layerNorm(0.3, new long[] {3, 0}, 0);
    add("layerNorm", "one input three times", in -> Normalisation.layerNorm(in.getFirst(), in.getFirst(), in.getFirst(), 0.1),
        values(-2, 2, 5));
    add("layerNorm", "its weight computed from its input", in -> Normalisation.layerNorm(in.getFirst(), in.getFirst().select(0, 1).sin(),
        in.get(1), 0.1), values(-2, 2, 3, 4), values(-1, 1, 4));
  }

  private void layerNorm(double epsilon, long[] shape, long... weight) {
    add("layerNorm", TensorType.of(DType.F64, shape) + " over its last " + weight.length + " axes, epsilon " + epsilon,
        in -> Normalisation.layerNorm(in.get(0), in.get(1), in.get(2), epsilon),
        values(-2, 2, shape), values(0.5, 2, weight), values(-1, 1, weight));
  }

  private void rmsNorms() {
    rmsNorm(1e-6, new long[] {3, 4}, 4);
    rmsNorm(0.3, new long[] {2, 3, 4}, 3, 4);
    rmsNorm(0.3, new long[] {4}, 4);
    rmsNorm(0.3, new long[] {3, 1}, 1);
    rmsNorm(0.3, new long[] {0, 4}, 4);
    rmsNorm(0.3, new long[] {3, 0}, 0);
    add("rmsNorm", "one input twice", in -> Normalisation.rmsNorm(in.getFirst(), in.getFirst(), 0.1), values(-2, 2, 5));
  }

  private void rmsNorm(double epsilon, long[] shape, long... weight) {
    add("rmsNorm", TensorType.of(DType.F64, shape) + " over its last " + weight.length + " axes, epsilon " + epsilon,
        in -> Normalisation.rmsNorm(in.get(0), in.get(1), epsilon), values(-2, 2, shape), values(0.5, 2, weight));
  }

  private void batchNorms() {
    for (long[] shape : new long[][] {{4, 3}, {2, 3, 4}, {2, 2, 2, 3}, {1, 2}, {0, 3}, {2, 0, 3}, {2, 3, 0}}) {
      batchNorm("y of ", Normalisation.Batch::y, shape);
      add("batchNormInference", TensorType.of(DType.F64, shape).toString(),
          in -> Normalisation.batchNormInference(in.get(0), in.get(1), in.get(2), in.get(3), in.get(4), 0.2),
          values(-2, 2, shape), values(0.5, 2, shape[1]), values(-1, 1, shape[1]), values(-0.5, 0.5, shape[1]), values(0.5, 2, shape[1]));
    }
    for (long[] shape : new long[][] {{4, 3}, {2, 3, 4}, {1, 2}}) {
      batchNorm("statistics alone of ", b -> b.mean().sin().mul(b.unbiasedVariance()), shape);
      batchNorm("mean alone of ", b -> b.mean().square(), shape);
      batchNorm("all results of ", b -> b.y().select(0, 0).flatten(0).sum().mul(b.mean()).add(b.variance().square()), shape);
    }
    add("batchNorm", "one input twice", in -> Normalisation.batchNorm(in.getFirst(), in.getFirst().sum(0), in.getFirst().sum(0), 0.1).y(),
        values(-2, 2, 4, 3));
  }

  private void batchNorm(String what, Function<Normalisation.Batch, Tensor> of, long... shape) {
    add("batchNorm", what + TensorType.of(DType.F64, shape),
        in -> of.apply(Normalisation.batchNorm(in.get(0), in.get(1), in.get(2), 0.2)),
        values(-2, 2, shape), values(0.5, 2, shape[1]), values(-1, 1, shape[1]));
  }

  private void dropouts() {
    for (long[] shape : new long[][] {{4, 5}, {}, {1}, {0, 3}}) {
      for (double rate : new double[] {0.1, 0.6}) {
        add("dropout", TensorType.of(DType.F64, shape) + " at " + rate, in -> RandomStream.of(5).dropout(in.getFirst().sin(), rate),
            values(-2, 2, shape));
      }
    }
    add("dropout", "twice with one stream", in -> {
      Tensor x = in.getFirst();
      return RandomStream.of(5).dropout(x, 0.5).mul(RandomStream.of(5).dropout(x.exp(), 0.5)).add(RandomStream.of(6).dropout(x, 0.5));
    }, values(-2, 2, 3, 4));
  }

  // --- attention ---------------------------------------------------------------------------------------------------------------------

  private void attentions() {
    attention("matrices", Attention.FULL, new long[] {3, 4}, new long[] {5, 4}, new long[] {5, 2});
    attention("another scale", Attention.FULL.withScale(0.7), new long[] {3, 4}, new long[] {5, 4}, new long[] {5, 2});
    attention("batches and heads", Attention.FULL, new long[] {2, 2, 3, 2}, new long[] {2, 2, 4, 2}, new long[] {2, 2, 4, 3});
    attention("heads that share keys and values", Attention.CAUSAL, new long[] {2, 3, 2, 2}, new long[] {2, 1, 3, 2}, new long[] {3, 2});
    attention("causal, more keys", Attention.CAUSAL, new long[] {3, 4}, new long[] {5, 4}, new long[] {5, 2});
    attention("causal, fewer keys", Attention.CAUSAL, new long[] {5, 4}, new long[] {3, 4}, new long[] {3, 2});
    for (Attention attention : List.of(Attention.FULL, Attention.CAUSAL)) {
      String order = attention.causal() ? ", causal" : "";
      attention("one of each" + order, attention, new long[] {1, 1}, new long[] {1, 1}, new long[] {1, 1});
      attention("no query" + order, attention, new long[] {0, 2}, new long[] {3, 2}, new long[] {3, 2});
      attention("no key" + order, attention, new long[] {2, 2}, new long[] {0, 2}, new long[] {0, 2});
      attention("no batch" + order, attention, new long[] {0, 2, 2}, new long[] {1, 3, 2}, new long[] {3, 2});
      attention("nothing to compare" + order, attention, new long[] {2, 0}, new long[] {3, 0}, new long[] {3, 2});
      add("attention", "to itself" + order, in -> attention.apply(in.getFirst(), in.getFirst(), in.getFirst()), values(-2, 2, 2, 3, 2));
      // The second query may attend to nothing, with the causal order neither may the first.
      Tensor mask = bool(new long[] {3, 4}, 0, 1, 0, 1, 0, 0, 0, 0, 1, 1, 1, 0);
      attention("masked" + order, attention.withMask(mask), new long[] {2, 3, 2}, new long[] {2, 4, 2}, new long[] {2, 4, 3});
    }
    attention("one mask for all queries", Attention.FULL.withMask(bool(new long[] {4}, 1, 0, 0, 1)),
        new long[] {3, 2}, new long[] {4, 2}, new long[] {4, 2});
    attention("a mask for each example", Attention.FULL.withMask(bool(new long[] {2, 1, 1}, 1, 0)),
        new long[] {2, 3, 2}, new long[] {2, 4, 2}, new long[] {2, 4, 2});
    attention("a mask that is one", Attention.FULL.withMask(bool(new long[] {}, 1)),
        new long[] {3, 2}, new long[] {4, 2}, new long[] {4, 2});
  }

  private void attention(String what, Attention attention, long[] q, long[] k, long[] v) {
    add("attention", what, in -> attention.apply(in.get(0), in.get(1), in.get(2)),
        values(-2, 2, q), values(-1.9, 2, k), values(-1.8, 2, v));
    // Of the gradient of the keys, which depends on all that there is.
    add("attentionGradient", what, in -> Gradients.of(attention.apply(in.get(0), in.get(1), in.get(2)).square().sum(), in).get(1),
        values(-2, 2, q), values(-1.9, 2, k), values(-1.8, 2, v));
  }

  private static Tensor bool(long[] shape, long... values) {
    return Tensor.constant(HostArray.ofLongs(TensorType.of(DType.BOOL, shape), values));
  }

  // --- pools -------------------------------------------------------------------------------------------------------------------------

  private void pools() {
    PoolOptions overlapping = PoolOptions.of(3).withStride(2).withPadding(1);
    for (PoolOptions options : List.of(PoolOptions.of(2), overlapping, PoolOptions.of(1).withStride(2))) {
      pool("line, " + options, x -> x.maxPool1d(options), 2, 5);
      pool("plane, " + options, x -> x.maxPool2d(options), 1, 2, 3, 4);
    }
    pool("space", x -> x.maxPool3d(overlapping.withStride(1)), 1, 2, 3, 2);
    pool("nothing", x -> x.maxPool1d(overlapping), 0, 3);
  }

  /** The gradient's own gradient goes to the cotangent, here the largest themselves and their squares. */
  private void pool(String what, UnaryOperator<Tensor> pool, long... shape) {
    add("maxPool", what, in -> pool.apply(in.getFirst()).square(), values(-3, 3, shape));
    add("maxPoolGradient", what, in -> Gradients.of(pool.apply(in.getFirst()).square().sum(), in).getFirst(), values(-3, 3, shape));
  }
}
