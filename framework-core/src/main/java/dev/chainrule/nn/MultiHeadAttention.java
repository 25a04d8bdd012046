package dev.chainrule.nn;

import dev.chainrule.InvalidArgumentException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.Shape;
import dev.chainrule.tensor.Attention;
import dev.chainrule.tensor.Mode;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;
import java.util.List;
import java.util.Optional;

/**
 * Several attentions side by side, each over its own part of the width (Vaswani et al., "Attention is all you need", NeurIPS 2017):
 * [..., time, width] -> the same. As a layer of one input it attends to itself.
 *
 * <p>Variables, as PyTorch's but for the order of a weight's axes, which is that of {@link Linear}: {@code in_proj_weight}
 * [width, 3 width], the columns for queries, then keys, then values, and {@code in_proj_bias} [3 width]; the child {@code out_proj} is a
 * {@link Linear} of width to width. The first start by {@link Initializer#xavierUniform} and the last as a {@link Linear}; biases start at
 * 0, PyTorch's defaults.
 */
public final class MultiHeadAttention extends Module {

  private final long width;
  private final long heads;
  private final Attention attention;
  private final Variable weight;
  private final Variable bias;
  private final Linear output;
  private final Optional<Dropout> dropout;

  /** Every position attends to every one, without dropout. */
  public MultiHeadAttention(long width, long heads) {
    this(width, heads, false, 0);
  }

  /**
   * With causal order and dropout.
   *
   * @param heads how many attentions; each has {@code width / heads} components
   * @param causal whether no position attends to a later one, {@link Attention#CAUSAL}
   * @param dropout probability that in training one weight of a query for a key becomes 0
   * @throws InvalidArgumentException when a size is below 1, the width does not divide into the heads, or the dropout is not in [0, 1]
   */
  public MultiHeadAttention(long width, long heads, boolean causal, double dropout) {
    if (width < 1 || heads < 1 || width % heads != 0) {
      throw new InvalidArgumentException("MultiHeadAttention", "a width of " + width + " does not divide into " + heads + " heads",
          "The width is a multiple of the number of heads.");
    }
    this.width = width;
    this.heads = heads;
    this.attention = causal ? Attention.CAUSAL : Attention.FULL;
    this.weight = parameter("in_proj_weight", Shape.of(width, 3 * width), Initializer.xavierUniform(1));
    this.bias = parameter("in_proj_bias", Shape.of(3 * width), Initializer.zeros());
    this.output = child("out_proj",
        new Linear(width, width, Initializer.uniform(Math.sqrt(1.0 / width)), Optional.of(Initializer.zeros())));
    this.dropout = dropout == 0 ? Optional.empty() : Optional.of(child("dropout", new Dropout(dropout)));
  }

  /**
   * Attention to other positions than one's own.
   *
   * @param query [..., t, width]
   * @param key [..., s, width]
   * @param value [..., s, width]
   * @return [..., t, width]
   */
  public Tensor apply(Tensor query, Tensor key, Tensor value) {
    return attend(query, key, value, attention);
  }

  /**
   * Attention to what a mask allows; a causal layer asks both.
   *
   * @param mask bool, broadcastable to [..., heads, t, s]: true where the query may attend to the key. One of keys of each example,
   *     [n, s], is {@code mask.reshape(n, 1, 1, s)}
   */
  public Tensor apply(Tensor query, Tensor key, Tensor value, Tensor mask) {
    return attend(query, key, value, attention.withMask(mask));
  }

  @Override
  protected Tensor forward(Tensor x) {
    return attended(x, x, x, attention);
  }

  private Tensor attend(Tensor query, Tensor key, Tensor value, Attention allowed) {
    return Summary.observe(this, under(() -> attended(query, key, value, allowed)));
  }

  private Tensor attended(Tensor query, Tensor key, Tensor value, Attention allowed) {
    requireWidth(query, key, value);
    List<Tensor> heads = query == key && key == value ? projectedAtOnce(query) : projected(List.of(query, key, value));
    Tensor y = dropout.filter(_ -> Mode.current() == Mode.TRAINING)
        .map(d -> d.apply(allowed.weights(heads.get(0), heads.get(1))).matmul(heads.get(2)))
        .orElseGet(() -> allowed.apply(heads.get(0), heads.get(1), heads.get(2)));
    return output.apply(joined(y));
  }

  /** All three of one input by one product: [..., heads, time, width / heads] each. */
  private List<Tensor> projectedAtOnce(Tensor x) {
    return Linear.affine(x, weight.value(), Optional.of(bias.value())).split(-1, 3).stream().map(this::split).toList();
  }

  private List<Tensor> projected(List<Tensor> inputs) {
    List<Tensor> weights = weight.value().split(1, 3);
    List<Tensor> biases = bias.value().split(0, 3);
    return List.of(split(Linear.affine(inputs.get(0), weights.get(0), Optional.of(biases.get(0)))),
        split(Linear.affine(inputs.get(1), weights.get(1), Optional.of(biases.get(1)))),
        split(Linear.affine(inputs.get(2), weights.get(2), Optional.of(biases.get(2)))));
  }

  /** [..., time, width] -> [..., heads, time, width / heads]. */
  private Tensor split(Tensor x) {
    return x.reshape(x.shape().slice(0, x.rank() - 1).concat(Shape.of(heads, width / heads))).swapAxes(-3, -2);
  }

  /** [..., heads, time, width / heads] -> [..., time, width]. */
  private Tensor joined(Tensor x) {
    Tensor rows = x.swapAxes(-3, -2);
    return rows.reshape(rows.shape().slice(0, rows.rank() - 2).concat(Shape.of(width)));
  }

  private void requireWidth(Tensor... inputs) {
    for (Tensor x : inputs) {
      if (x.rank() < 2 || x.dim(-1) != width) {
        throw new ShapeMismatchException(label(), "expected an input [..., time, " + width + "], got " + x.type(), "");
      }
    }
  }

  @Override
  public String toString() {
    return "MultiHeadAttention(" + width + ", " + heads + " heads" + (attention.causal() ? ", causal)" : ")");
  }
}
