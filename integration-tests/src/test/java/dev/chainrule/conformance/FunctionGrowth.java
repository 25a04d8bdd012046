package dev.chainrule.conformance;

import dev.chainrule.UnsupportedOpException;
import dev.chainrule.autograd.Gradients;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Composites;
import dev.chainrule.tensor.Tensor;
import java.util.List;
import java.util.function.BiFunction;
import java.util.stream.Stream;

/** Grows random graphs by what is made of primitives: composites, methods of {@link Tensor}, gradients. */
final class FunctionGrowth {

  private static final List<BiFunction<Pool, Tensor, Tensor>> OF_FLOATS = List.of(
      (_, x) -> x.sigmoid(), (_, x) -> x.gelu(), (_, x) -> x.silu(), (_, x) -> x.softplus(), (_, x) -> x.relu(),
      (_, x) -> x.leakyRelu(0.1), (_, x) -> x.clamp(-1.0, 1.5),
      (_, x) -> x.square(), (_, x) -> x.stopGradient(), (_, x) -> x.mean(), (_, x) -> x.variance(),
      (_, x) -> x.rank() == 0 ? x.mean() : x.mean(0), (_, x) -> x.rank() == 0 ? x.variance() : x.variance(-1),
      (pool, x) -> x.rank() == 0 ? x : x.softmax(pool.axis(x)), (pool, x) -> x.rank() == 0 ? x : x.logSoftmax(pool.axis(x)),
      FunctionGrowth::normalised, FunctionGrowth::crossEntropy);

  private static final List<BiFunction<Pool, Tensor, Tensor>> OF_INTEGERS = List.of(
      (_, x) -> x.square(), (_, x) -> x.clamp(1, 5), (_, x) -> x.oneHot(3),
      (_, x) -> x.floorDiv(Tensor.scalar(x.dtype(), 2)), (_, x) -> x.mod(Tensor.scalar(x.dtype(), 3)),
      (_, x) -> x.shiftRightLogical(2), (_, x) -> x.cast(DType.F32).mean());

  private static final List<BiFunction<Pool, Tensor, Tensor>> OF_TRUTHS = List.of(
      (_, x) -> x.not(), (_, x) -> x.cast(DType.F32).mean(), (_, x) -> x.where(Tensor.scalar(1).broadcastTo(x.shape()),
          Tensor.scalar(-1).broadcastTo(x.shape())));

  private FunctionGrowth() {}

  static void function(Pool pool) {
    Tensor x = pool.operand(List.of(Samples.ALL), 0);
    pool.add(pool.choices().of(x.dtype().isFloating() ? OF_FLOATS : x.dtype() == DType.BOOL ? OF_TRUTHS : OF_INTEGERS).apply(pool, x));
  }

  /** (x - max(x)) / (|x| + 1) along an axis: a value that is read again after it has been reduced. */
  private static Tensor normalised(Pool pool, Tensor x) {
    if (x.rank() == 0) {
      return x;
    }
    int axis = pool.axis(x);
    return x.sub(x.keep(x.max(axis), axis)).div(x.keep(x.abs().sum(axis), axis).add(1));
  }

  private static Tensor crossEntropy(Pool pool, Tensor x) {
    if (x.rank() != 2 || x.dim(1) == 0 || x.dim(0) * x.dim(1) > 10_000) {
      return x;
    }
    Tensor labels = pool.typed(new TensorType(DType.I32, Shape.of(x.dim(0))));
    return Composites.softmaxCrossEntropy(x, pool.careless() ? labels : labels.maximum(0).minimum(x.dim(1) - 1));
  }

  /** The gradients of the sum of a tensor with respect to some data. */
  static void gradient(Pool pool) {
    Tensor x = pool.operand(Samples.FLOATING, 0);
    List<Tensor> data = pool.tensors().stream().filter(t -> t.node().op() instanceof Op.Input && t.dtype().isFloating()).toList();
    if (data.isEmpty()) {
      return;
    }
    Tensor one = data.get(data.size() - 1 - pool.choices().below(data.size()));
    List<Tensor> targets = Stream.of(one, data.getFirst()).distinct().toList();
    try {
      Gradients.of(x.sum(), targets).forEach(pool::add);
    } catch (UnsupportedOpException noGradient) {
      // a few operations have none
    }
  }
}
