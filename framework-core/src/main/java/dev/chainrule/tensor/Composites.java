package dev.chainrule.tensor;

import dev.chainrule.DTypeMismatchException;
import dev.chainrule.ShapeMismatchException;
import dev.chainrule.graph.DType;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * The softmax and the losses made of it, each as a composition of primitives with its own derivative where that is better. The other
 * functions that models are made of are with what they belong to: {@link Activations}, {@link Normalisation}, {@link Attention},
 * {@link RandomStream#dropout}. 16-bit floats are computed with in f32 and rounded once, at the end.
 */
public final class Composites {

  private Composites() {}

  static final CompositeFunction STOP_GRADIENT = CompositeFunction.unary("stopGradient", x -> x,
      Optional.of((_, _, _, _) -> List.of(Optional.empty())));

  static final CompositeFunction SOFTMAX = new CompositeFunction("softmax", (in, attributes) -> {
    int axis = axis(attributes);
    Tensor x = Precision.wide(in.getFirst());
    Tensor e = x.sub(x.keep(x.max(axis), axis)).exp();
    return List.of(e.div(e.keep(e.sum(axis), axis)).cast(in.getFirst().dtype()));
  }, Optional.of((in, out, g, attributes) -> {
    int axis = axis(attributes);
    Tensor y = unrounded(in.getFirst(), out.getFirst(), x -> x.softmax(axis));
    Tensor weighted = Precision.wide(only(g)).mul(y);
    return List.of(Optional.of(weighted.sub(y.mul(y.keep(weighted.sum(axis), axis))).cast(in.getFirst().dtype())));
  }));

  static final CompositeFunction LOG_SOFTMAX = new CompositeFunction("logSoftmax", (in, attributes) -> {
    int axis = axis(attributes);
    Tensor x = Precision.wide(in.getFirst());
    Tensor shifted = x.sub(x.keep(x.max(axis), axis));
    return List.of(shifted.sub(x.keep(shifted.exp().sum(axis).log(), axis)).cast(in.getFirst().dtype()));
  }, Optional.of((in, out, g, attributes) -> {
    int axis = axis(attributes);
    Tensor y = unrounded(in.getFirst(), out.getFirst(), x -> x.logSoftmax(axis));
    Tensor arrived = Precision.wide(only(g));
    return List.of(Optional.of(arrived.sub(y.exp().mul(y.keep(arrived.sum(axis), axis))).cast(in.getFirst().dtype())));
  }));

  /** (logits [n, classes], labels [n]) -> losses [n]. A label outside the classes faults. */
  static final CompositeFunction SOFTMAX_CROSS_ENTROPY = new CompositeFunction("softmaxCrossEntropy", (in, _) -> {
    Tensor logits = Precision.wide(in.getFirst());
    Tensor zero = Tensor.zeros(logits.type());
    return List.of(labelled(logits, in.get(1)).where(logits.logSoftmax(1), zero).sum(1).neg().cast(in.getFirst().dtype()));
  }, Optional.of((in, _, g, _) -> {
    Tensor logits = Precision.wide(in.getFirst());
    Tensor target = labelled(logits, in.get(1)).cast(logits.dtype());
    Tensor gradient = logits.softmax(1).sub(target).mul(Precision.wide(only(g)).unsqueeze(1)).cast(in.getFirst().dtype());
    return List.of(Optional.of(gradient), Optional.empty());
  }));

  /** bool [n, classes]; the look-up in 0, 1, ..., classes - 1 changes no label and faults on a wrong one. */
  private static Tensor labelled(Tensor logits, Tensor labels) {
    return Tensor.arange(labels.dtype(), logits.dim(1)).take(0, labels).oneHot(logits.dim(1));
  }

  /**
   * Negative log-likelihood of each label under softmax(logits); of 16-bit logits computed in f32 and rounded once.
   *
   * @param logits [n, classes], floating
   * @param labels [n], i32 or i64, in [0, classes)
   * @return losses [n]
   */
  public static Tensor softmaxCrossEntropy(Tensor logits, Tensor labels) {
    if (logits.rank() != 2 || labels.rank() != 1 || logits.dim(0) != labels.dim(0)) {
      throw new ShapeMismatchException("crossEntropy",
          "expected logits [n, classes] and labels [n], got " + logits.type() + " and " + labels.type(), "");
    }
    if (!logits.dtype().isFloating()) {
      throw new DTypeMismatchException("crossEntropy",
          "logits are " + logits.type() + ", expected a floating type", "Cast them first: cast(DType.F32).");
    }
    if (labels.dtype() != DType.I32 && labels.dtype() != DType.I64) {
      throw new DTypeMismatchException("crossEntropy",
          "labels are " + labels.type() + ", expected class numbers as i32 or i64", "Cast them first: cast(DType.I32).");
    }
    return SOFTMAX_CROSS_ENTROPY.apply(logits, labels);
  }

  static Tensor softmax(Tensor x, int axis) {
    return SOFTMAX.apply(Map.of("axis", axis), x).getFirst();
  }

  static Tensor logSoftmax(Tensor x, int axis) {
    return LOG_SOFTMAX.apply(Map.of("axis", axis), x).getFirst();
  }

  private static int axis(Map<String, Object> attributes) {
    return attribute(attributes, "axis", Integer.class);
  }

  static <T> T attribute(Map<String, Object> attributes, String name, Class<T> type) {
    return type.cast(Objects.requireNonNull(attributes.get(name), name));
  }

  /** A function's result as its derivative reads it: of 16-bit numbers again in f32, for the result itself has been rounded. */
  static Tensor unrounded(Tensor x, Tensor result, UnaryOperator<Tensor> function) {
    Tensor wide = Precision.wide(x);
    return wide.dtype() == x.dtype() ? result : function.apply(wide);
  }

  /** The cotangent of a function with one result: it has arrived, or nobody would ask. */
  static Tensor only(List<Optional<Tensor>> cotangents) {
    return cotangents.getFirst().orElseThrow();
  }
}
