package dev.chainrule.nn;

import dev.chainrule.tensor.Tensor;
import java.util.Optional;

/**
 * Attention and a perceptron at each position, each normalised before and added to what went in: x + attention(norm1(x)), then
 * x + linear2(gelu(linear1(norm2(x)))); [..., time, width] -> the same. The order is that of Xiong et al., "On layer normalization in the
 * transformer architecture" (ICML 2020), and of GPT-2.
 *
 * <p>The children are called as those of PyTorch's {@code TransformerEncoderLayer} ({@code norm_first=True}): {@code norm1},
 * {@code self_attn}, {@code norm2}, {@code linear1}, {@code linear2}. Dropout has a child too, {@code dropout}, where there is any.
 */
public final class TransformerBlock extends Module {

  private final LayerNorm norm1;
  private final MultiHeadAttention attention;
  private final LayerNorm norm2;
  private final Linear linear1;
  private final Linear linear2;
  private final Optional<Dropout> dropout;

  /** Not causal, without dropout, with an inner width of four times the block's. */
  public TransformerBlock(long width, long heads) {
    this(width, heads, TransformerOptions.DEFAULT);
  }

  /**
   * With options.
   *
   * @param heads how many attentions; each has {@code width / heads} components
   * @throws dev.chainrule.InvalidArgumentException when a size is below 1, or the width does not divide into the heads
   */
  public TransformerBlock(long width, long heads, TransformerOptions options) {
    // The first, for its message about width and heads.
    var attention = new MultiHeadAttention(width, heads, options.causal(), options.dropout());
    long inner = options.inner().orElse(4 * width);
    this.norm1 = child("norm1", new LayerNorm(width));
    this.attention = child("self_attn", attention);
    this.norm2 = child("norm2", new LayerNorm(width));
    this.linear1 = child("linear1", new Linear(width, inner));
    this.linear2 = child("linear2", new Linear(inner, width));
    this.dropout = options.dropout() == 0 ? Optional.empty() : Optional.of(child("dropout", new Dropout(options.dropout())));
  }

  /**
   * The block with a mask for its attention.
   *
   * @param mask bool, broadcastable to [..., heads, time, time]: {@link MultiHeadAttention#apply(Tensor, Tensor, Tensor, Tensor)}
   */
  public Tensor apply(Tensor x, Tensor mask) {
    return Summary.observe(this, under(() -> {
      Tensor normal = norm1.apply(x);
      return withPerceptron(x.add(dropped(attention.apply(normal, normal, normal, mask))));
    }));
  }

  @Override
  protected Tensor forward(Tensor x) {
    return withPerceptron(x.add(dropped(attention.apply(norm1.apply(x)))));
  }

  private Tensor withPerceptron(Tensor x) {
    Tensor inner = dropped(linear1.apply(norm2.apply(x)).gelu());
    return x.add(dropped(linear2.apply(inner)));
  }

  private Tensor dropped(Tensor x) {
    return dropout.map(d -> d.apply(x)).orElse(x);
  }
}
