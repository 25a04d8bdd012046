package dev.chainrule.conformance;

import dev.chainrule.autograd.Gradients;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Attention;
import dev.chainrule.tensor.Normalisation;
import dev.chainrule.tensor.RandomStream;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Scaled dot-product attention with its masks, and the gradients of a block around it. */
final class AttentionCases {

  private final List<Case> cases = new ArrayList<>();

  private AttentionCases() {}

  static List<Case> all() {
    var all = new AttentionCases();
    for (DType dtype : Samples.FLOATING) {
      all.shapes(dtype);
      all.masks(dtype);
      all.largeScores(dtype);
      all.gradients(dtype);
      all.weights(dtype, Attention.FULL);
      all.weights(dtype, Attention.CAUSAL);
    }
    for (DType dtype : List.of(DType.F32, DType.F64)) {
      all.block(dtype);
    }
    return all.cases;
  }

  private void shapes(DType dtype) {
    attention("matrices", dtype, Attention.FULL, new long[] {7, 5}, new long[] {9, 5}, new long[] {9, 3});
    attention("matrices, causal", dtype, Attention.CAUSAL, new long[] {7, 5}, new long[] {9, 5}, new long[] {9, 3});
    attention("heads, causal", dtype, Attention.CAUSAL.withScale(0.25), new long[] {2, 3, 33, 16}, new long[] {2, 3, 33, 16},
        new long[] {2, 3, 33, 16});
    attention("shared keys", dtype, Attention.FULL, new long[] {2, 3, 4, 5}, new long[] {2, 1, 6, 5}, new long[] {6, 2});
    attention("one of each", dtype, Attention.FULL, new long[] {1, 1}, new long[] {1, 1}, new long[] {1, 1});
    attention("no query", dtype, Attention.FULL, new long[] {0, 2}, new long[] {3, 2}, new long[] {3, 2});
    attention("no key", dtype, Attention.CAUSAL, new long[] {2, 2}, new long[] {0, 2}, new long[] {0, 2});
    attention("nothing to compare", dtype, Attention.FULL, new long[] {2, 0}, new long[] {3, 0}, new long[] {3, 2});
  }

  private void attention(String name, DType dtype, Attention attention, long[] q, long[] k, long[] v) {
    cases.add(new Case(Op.Composite.class, "attention " + dtype + " " + name, List.of(Samples.between(dtype, -2, 2, 120, q),
        Samples.between(dtype, -2, 2, 121, k), Samples.between(dtype, -2, 2, 122, v)),
        in -> List.of(attention.apply(in.get(0), in.get(1), in.get(2))), Case.Oracle.IN_F64, bound(dtype, _ -> attention)));
  }

  /** As attention to the rows of the identity, but for that product. */
  private void weights(DType dtype, Attention attention) {
    cases.add(new Case(Op.Dot.class, "attention's weights " + dtype + (attention.causal() ? ", causal" : ""),
        List.of(Samples.between(dtype, -2, 2, 120, 2, 7, 5), Samples.between(dtype, -2, 2, 121, 2, 9, 5)),
        in -> List.of(attention.weights(in.get(0), in.get(1))), Case.Oracle.IN_F64, Bounds.attention(dtype,
            in -> size(attention, in.get(0), in.get(1), Tensor.eye(in.get(0).dtype(), 9, 9)))).shows("S12.33"));
  }

  private static Bound bound(DType dtype, Function<List<Tensor>, Attention> attention) {
    return Bounds.attention(dtype, in -> size(attention.apply(in), in.get(0), in.get(1), in.get(2)));
  }

  /** {@link Bounds#attention}. */
  private static Tensor size(Attention attention, Tensor q, Tensor k, Tensor v) {
    double d = q.dim(-1);
    double scale = attention.scale().orElse(1 / Math.sqrt(Math.max(d, 1)));
    // Without keys, or of nothing, there is no largest score.
    Tensor largest = q.abs().matmul(k.abs().transpose()).mul(Math.abs(scale)).max().maximum(0.0);
    Tensor roundings = largest.mul(2 * (d + 3) + 4).add(17 + 2.0 * k.dim(-2));
    return attention.apply(q, k, v.abs()).mul(roundings);
  }

  /** Of shapes that tensor cores take, see S19.20. */
  private void gradients(DType dtype) {
    List<HostArray> inputs = List.of(Samples.between(dtype, -1, 1, 133, 2, 33, 16), Samples.between(dtype, -1, 1, 134, 2, 40, 16),
        Samples.between(dtype, -1, 1, 135, 2, 40, 24), Samples.between(dtype, -1, 1, 136, 2, 33, 24));
    List<String> names = List.of("queries", "keys", "values");
    for (int i = 0; i < names.size(); i++) {
      int of = i;
      cases.add(new Case(Op.Composite.class, "gradient of attention's " + names.get(i) + " " + dtype, inputs, in ->
          Gradients.of(Attention.CAUSAL.apply(in.get(0), in.get(1), in.get(2)).mul(in.get(3)).sum(), List.of(in.get(of))),
          Case.Oracle.IN_F64, Bounds.attention(dtype, in -> gradientSize(in).get(of))));
    }
  }

  /**
   * Of sums over keys or queries of weights and cotangents, or of the scores' gradients, p (g - sum(g p)), and what they are multiplied
   * with: relative roundings of p as in {@link #size}, which count up to three times, and those of the sums.
   */
  private static List<Tensor> gradientSize(List<Tensor> in) {
    Tensor q = in.get(0).abs();
    Tensor k = in.get(1).abs();
    Tensor g = in.get(3).abs();
    double d = q.dim(-1);
    double scale = 1 / Math.sqrt(d);
    Tensor weights = Attention.CAUSAL.weights(in.get(0), in.get(1));
    Tensor weighted = g.matmul(in.get(2).abs().transpose()).mul(weights);
    Tensor scores = weighted.add(weights.mul(weighted.sum(-1).unsqueeze(2))).mul(scale);
    Tensor roundings = q.matmul(k.transpose()).mul(scale).max().mul(2 * (d + 3) + 4).add(17 + 2.0 * k.dim(-2)).mul(3)
        .add(2.0 * (q.dim(-2) + g.dim(-1)));
    return List.of(scores.matmul(k).mul(roundings), scores.transpose().matmul(q).mul(roundings),
        weights.transpose().matmul(g).mul(roundings));
  }

  private void masks(DType dtype) {
    List<HostArray> inputs = List.of(Samples.between(dtype, -2, 2, 123, 2, 4, 5), Samples.between(dtype, -2, 2, 124, 2, 3, 5),
        Samples.between(dtype, -2, 2, 125, 2, 3, 6));
    masked("by query and key, a row of nothing", dtype, Attention.FULL, inputs,
        HostArray.ofLongs(TensorType.of(DType.BOOL, 4, 3), 1, 0, 1, 0, 0, 0, 0, 1, 1, 1, 1, 1));
    masked("by query and key, causal", dtype, Attention.CAUSAL, inputs,
        HostArray.ofLongs(TensorType.of(DType.BOOL, 4, 3), 0, 1, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1));
    masked("by key", dtype, Attention.FULL, inputs, HostArray.ofLongs(TensorType.of(DType.BOOL, 3), 1, 0, 1));
    masked("by example", dtype, Attention.FULL, inputs, HostArray.ofLongs(TensorType.of(DType.BOOL, 2, 1, 1), 0, 1));
    masked("all", dtype, Attention.FULL, inputs, HostArray.ofLongs(TensorType.scalar(DType.BOOL), 0));
    double[] keys = inputs.get(1).toDoubleArray();
    keys[7] = Double.NaN;
    keys[8] = Double.POSITIVE_INFINITY;
    masked("by key, one that is not finite", dtype, Attention.FULL,
        List.of(inputs.get(0), HostArray.ofDoubles(inputs.get(1).type(), keys), inputs.get(2)),
        HostArray.ofLongs(TensorType.of(DType.BOOL, 2, 1, 3), 1, 0, 1, 1, 1, 1), 2 * (5 + 3) * 20 + 4 * 20 + 17 + 6);
  }

  private void masked(String name, DType dtype, Attention attention, List<HostArray> inputs, HostArray mask) {
    List<HostArray> all = new ArrayList<>(inputs);
    all.add(mask);
    cases.add(new Case(Op.Composite.class, "attention " + dtype + " masked " + name, all, applied(attention),
        Case.Oracle.IN_F64, bound(dtype, in -> attention.withMask(in.get(3)))));
  }

  /** With roundings counted by hand: no score above 20 matters. */
  private void masked(String name, DType dtype, Attention attention, List<HostArray> inputs, HostArray mask, double roundings) {
    List<HostArray> all = new ArrayList<>(inputs);
    all.add(mask);
    cases.add(new Case(Op.Composite.class, "attention " + dtype + " masked " + name, all, applied(attention),
        Case.Oracle.IN_F64, Bounds.attention(dtype,
            in -> attention.withMask(in.get(3)).apply(in.get(0), in.get(1), in.get(2).abs()).mul(roundings))));
  }

  private static Case.Graph applied(Attention attention) {
    return in -> List.of(attention.withMask(in.get(3)).apply(in.get(0), in.get(1), in.get(2)));
  }

  /** Scores that overflow f16, and so far apart that one key has all the weight. */
  private void largeScores(DType dtype) {
    HostArray q = HostArray.ofDoubles(TensorType.of(dtype, 2, 2), 256, 256, -256, 128);
    HostArray k = HostArray.ofDoubles(TensorType.of(dtype, 3, 2), 256, 256, -256, -256, 256, -256);
    cases.add(new Case(Op.Composite.class, "attention " + dtype + " large scores", List.of(q, k, Samples.between(dtype, -2, 2, 126, 3, 4)),
        in -> List.of(Attention.FULL.withScale(1).apply(in.get(0), in.get(1), in.get(2))), Case.Oracle.IN_F64,
        Bound.ulps(1).andAbsolute(8 * FloatFormat.of(dtype.accumulator()).smallestNormal())));
  }

  /**
   * Loss and gradients of a transformer's block. Roundings as in {@link GradientCases}: the sums forward (8 of the products, twice 8 of
   * the norms, 6 keys) and backward (the same and 12 rows for weights), 20 for each of four functions, times 4, and twice that for the
   * scores, which stand in an exponent.
   */
  private void block(DType dtype) {
    double limit = Math.sqrt(3.0 / 8);
    List<HostArray> inputs = List.of(Samples.between(dtype, -1, 1, 127, 2, 6, 8), Samples.between(dtype, -limit, limit, 128, 8, 8),
        Samples.between(dtype, -limit, limit, 129, 8, 8), Samples.between(dtype, -limit, limit, 130, 8, 8),
        Samples.between(dtype, 0.5, 2, 131, 8), Samples.between(dtype, -1, 1, 132, 8));
    double roundings = 8 * (2 * (8 + 2 * 8 + 6) + 12 + 4 * 20);
    cases.add(new Case(Op.Dot.class, dtype + " gradients of a transformer's block", inputs, t -> {
      Tensor x = Normalisation.layerNorm(t.get(0), t.get(4), t.get(5), 1e-3);
      Tensor attended = Attention.CAUSAL.apply(x.matmul(t.get(1)), x.matmul(t.get(2)), x.matmul(t.get(3)));
      Tensor y = RandomStream.of(3).dropout(attended, 0.25).add(t.get(0));
      Tensor loss = Normalisation.rmsNorm(y, t.get(4), 1e-3).silu().softplus().mean();
      List<Tensor> results = new ArrayList<>(List.of(loss));
      results.addAll(Gradients.of(loss, t));
      return results;
    }, Case.Oracle.IN_F64, Bound.normwise(roundings)));
  }
}
