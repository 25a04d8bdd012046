package dev.chainrule.tensor;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.TensorType;
import java.util.Optional;

/** The weights of an {@link Attention}: scores of queries and keys, and which of them count. In f32 for 16-bit floats, and left so. */
final class AttentionWeights {

  private final Tensor scores;
  private final Optional<Tensor> allowed;

  AttentionWeights(Tensor q, Tensor k, Optional<Tensor> mask, double scale, boolean causal) {
    this.scores = Precision.wide(q).matmul(Precision.wide(k).transpose()).mul(scale);
    Optional<Tensor> order = causal ? Optional.of(causalOrder(scores)) : Optional.empty();
    this.allowed = mask.map(AttentionWeights::withAnAxis).map(m -> order.map(m::and).orElse(m)).or(() -> order);
  }

  /** bool [t, s]: true where the key is not later than the query. */
  private static Tensor causalOrder(Tensor scores) {
    var positions = new TensorType(DType.I32, scores.shape().slice(scores.rank() - 2, scores.rank()));
    return Tensor.indices(positions, 1).lessEqual(Tensor.indices(positions, 0));
  }

  private static Tensor withAnAxis(Tensor mask) {
    return mask.rank() == 0 ? mask.unsqueeze(0) : mask;
  }

  /**
   * [..., t, s]: softmax over what is allowed, 0 elsewhere. A row without anything allowed is given equal scores first: all at minus
   * infinity would be NaN, in the gradient too.
   */
  Tensor softmax() {
    return allowed.map(a -> {
      TensorType one = TensorType.scalar(scores.dtype());
      Tensor any = a.keep(a.max(-1), -1);
      Tensor forbidden = any.where(Tensor.full(one, Double.NEGATIVE_INFINITY), Tensor.zeros(one));
      return a.where(a.where(scores, forbidden).softmax(-1), Tensor.zeros(one));
    }).orElseGet(() -> scores.softmax(-1));
  }

  /** x where a query may attend to the key, 0 elsewhere; x [..., t, s] may have more axes in front. */
  Tensor allowedOf(Tensor x) {
    return allowed.map(a -> a.where(x, Tensor.zeros(TensorType.scalar(x.dtype())))).orElse(x);
  }
}
