package dev.chainrule.tensor;

import dev.chainrule.DTypeMismatchException;
import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Scaled dot-product attention (Vaswani et al., "Attention is all you need", 2017): softmax(q k^T scale) v, where each query attends to the
 * keys that the mask and the causal order leave it. {@code Attention.CAUSAL.apply(q, k, v)}.
 *
 * <p>A query that may attend to nothing gets zeros, and passes no gradient on. What a query may not attend to has the weight 0, whatever
 * its score, NaN included; but a value that is not finite makes NaN even with that weight (0 times infinity). 16-bit floats are computed
 * in f32 and rounded once, at the end.
 *
 * @param mask bool, broadcastable to [..., t, s]: true where the query may attend to the key; empty: everywhere
 * @param scale of the scores; empty: 1 / sqrt(d)
 * @param causal whether query i may attend to the keys 0 to i only, counted from the first (as PyTorch's is_causal: top left)
 */
public record Attention(Optional<Tensor> mask, OptionalDouble scale, boolean causal) {

  /** Every query attends to every key. */
  public static final Attention FULL = new Attention(Optional.empty(), OptionalDouble.empty(), false);

  /** No query attends to a later key. */
  public static final Attention CAUSAL = new Attention(Optional.empty(), OptionalDouble.empty(), true);

  /** (q, k, v) or (q, k, v, mask). */
  static final CompositeFunction FUNCTION = new CompositeFunction("attention", (in, attributes) -> {
    Tensor weights = weightsOf(in.get(0), in.get(1), in.subList(3, in.size()), attributes).softmax();
    return List.of(weights.matmul(Precision.wide(in.get(2))).cast(in.get(0).dtype()));
  }, Optional.of((in, _, g, attributes) -> {
    List<Tensor> all = new ArrayList<>(in);
    all.add(3, Composites.only(g));
    List<Optional<Tensor>> cotangents = new ArrayList<>();
    Attention.GRADIENT.apply(attributes, all.toArray(Tensor[]::new)).forEach(cotangent -> cotangents.add(Optional.of(cotangent)));
    cotangents.addAll(Collections.nCopies(in.size() - 3, Optional.empty()));
    return cotangents;
  }));

  /**
   * (q, k, v, the cotangent of {@link #FUNCTION}'s result) or (q, k, v, that, mask) -> the cotangents of q, k and v. The weights are
   * computed again: they are more than all the rest. Softmax's derivative is its own, p (g - sum(g p)).
   */
  static final CompositeFunction GRADIENT = new CompositeFunction("attentionGradient", (in, attributes) -> {
    Tensor q = in.get(0);
    Tensor k = in.get(1);
    Tensor v = in.get(2);
    Tensor g = Precision.wide(in.get(3));
    AttentionWeights weights = weightsOf(q, k, in.subList(4, in.size()), attributes);
    Tensor p = weights.softmax();
    Tensor weighted = weights.allowedOf(g.matmul(Precision.wide(v).transpose())).mul(p);
    Tensor scores = weights.allowedOf(weighted.sub(p.mul(weighted.keep(weighted.sum(-1), -1))));
    Tensor products = scores.mul(Composites.attribute(attributes, "scale", Double.class));
    return List.of(Broadcast.summed(products.matmul(Precision.wide(k)), q.shape()).cast(q.dtype()),
        Broadcast.summed(products.transpose().matmul(Precision.wide(q)), k.shape()).cast(k.dtype()),
        Broadcast.summed(p.transpose().matmul(g), v.shape()).cast(v.dtype()));
  }, Optional.empty());

  private static AttentionWeights weightsOf(Tensor q, Tensor k, List<Tensor> mask, Map<String, Object> attributes) {
    return new AttentionWeights(q, k, mask.stream().findFirst(), Composites.attribute(attributes, "scale", Double.class),
        Composites.attribute(attributes, "causal", Boolean.class));
  }

  /**
   * All of them.
   *
   * @throws InvalidArgumentException when the scale is not finite
   */
  public Attention {
    Objects.requireNonNull(mask, "mask");
    if (scale.isPresent() && !Double.isFinite(scale.getAsDouble())) {
      throw new InvalidArgumentException("attention", "scale is " + scale.getAsDouble() + ", expected a finite number", "");
    }
  }

  /** Where true, the query may attend to the key; with {@link #CAUSAL} both must allow it. */
  public Attention withMask(Tensor allowed) {
    return new Attention(Optional.of(allowed), scale, causal);
  }

  /** Scores q k^T multiplied by this number; it is part of a plan's structure. */
  public Attention withScale(double factor) {
    return new Attention(mask, OptionalDouble.of(factor), causal);
  }

  /**
   * Leading axes broadcast, so that queries of several heads may share one key and value: q [b, heads, t, d] with k [b, 1, s, d].
   *
   * @param q queries [..., t, d], floating
   * @param k keys [..., s, d]
   * @param v values [..., s, e]
   * @return [..., t, e]
   */
  public Tensor apply(Tensor q, Tensor k, Tensor v) {
    requireFit(q, k, v);
    Map<String, Object> attributes = Map.of("scale", factor(q), "causal", causal);
    return Precision.lowered(in -> mask.map(m -> FUNCTION.apply(attributes, in.get(0), in.get(1), in.get(2), m))
        .orElseGet(() -> FUNCTION.apply(attributes, in.get(0), in.get(1), in.get(2))).getFirst(), q, k, v);
  }

  /**
   * The weights alone that {@link #apply} multiplies the values with: to look at, or to drop some of.
   *
   * @param q queries [..., t, d], floating
   * @param k keys [..., s, d]
   * @return [..., t, s], each row summing to 1, or to 0 where a query may attend to nothing
   */
  public Tensor weights(Tensor q, Tensor k) {
    requireFit(q, k, k);
    return Precision.lowered(
        in -> new AttentionWeights(in.get(0), in.get(1), mask, factor(q), causal).softmax().cast(in.get(0).dtype()), q, k);
  }

  private double factor(Tensor q) {
    return scale.orElse(1 / Math.sqrt(Math.max(q.dim(-1), 1)));
  }

  // --- what does not fit -------------------------------------------------------------------------------------------------------------

  private void requireFit(Tensor q, Tensor k, Tensor v) {
    if (!q.dtype().isFloating() || k.dtype() != q.dtype() || v.dtype() != q.dtype()) {
      throw new DTypeMismatchException("attention", "expected q, k and v of one floating type, got " + types(q, k, v),
          "Cast them first: cast(DType.F32).");
    }
    boolean matrices = q.rank() >= 2 && k.rank() >= 2 && v.rank() >= 2;
    if (!matrices || q.dim(-1) != k.dim(-1) || k.dim(-2) != v.dim(-2)) {
      throw new ShapeMismatchException("attention", "expected q [..., t, d], k [..., s, d], v [..., s, e], got " + types(q, k, v), "");
    }
    Shape batch = Broadcast.shape(() -> "attention", batch(q), batch(k));
    Shape scores = batch.concat(Shape.of(q.dim(-2), k.dim(-2)));
    Broadcast.shape(() -> "attention", q.type().withShape(batch), batch(v));
    mask.ifPresent(m -> requireMask(m, scores));
  }

  private static void requireMask(Tensor mask, Shape scores) {
    if (mask.dtype() != DType.BOOL) {
      throw new DTypeMismatchException("attention", "the mask is " + mask.type() + ", expected bool: true where a query may attend",
          "Compare it first, for instance notEqual(0).");
    }
    TensorType whole = TensorType.scalar(DType.BOOL).withShape(scores);
    if (!Broadcast.shape(() -> "attention", mask.type(), whole).equals(scores)) {
      throw new ShapeMismatchException("attention", "the mask is " + mask.type() + ", expected what broadcasts to " + scores, "");
    }
  }

  private static TensorType batch(Tensor x) {
    return x.type().withShape(x.shape().slice(0, x.rank() - 2));
  }

  private static String types(Tensor q, Tensor k, Tensor v) {
    return q.type() + ", " + k.type() + ", " + v.type();
  }
}
