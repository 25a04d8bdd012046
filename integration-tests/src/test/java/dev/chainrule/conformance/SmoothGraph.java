package dev.chainrule.conformance;

import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Shape;
import dev.chainrule.tensor.Loop;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A random function of f64 tensors that has derivatives everywhere, made by choices: no kinks, no poles, and numbers that stay near 1,
 * so that differences tell its gradient to many digits.
 */
final class SmoothGraph {

  private static final int MOST_STEPS = 10;

  private final Choices choices;
  private final List<Tensor> tensors;

  private SmoothGraph(Choices choices, List<Tensor> inputs) {
    this.choices = choices;
    this.tensors = new ArrayList<>(inputs);
  }

  /** One to three small tensors. */
  static List<HostArray> point(Choices choices) {
    return IntStream.range(0, choices.between(1, 3)).mapToObj(_ -> {
      long[] dims = IntStream.range(0, choices.below(4)).mapToLong(_ -> choices.between(1, 3)).toArray();
      return Samples.between(DType.F64, -1.5, 1.5, choices.below(1_000), dims);
    }).toList();
  }

  /** The function's value: the last tensor that was made, with a part of each other one. */
  static Tensor of(Choices choices, List<Tensor> inputs) {
    var graph = new SmoothGraph(choices, inputs);
    for (int i = 0; i < MOST_STEPS && choices.allButOneIn(8); i++) {
      graph.grow();
    }
    Tensor last = graph.tensors.getLast();
    return graph.tensors.stream().map(t -> t.mean().mul(0.125)).reduce(last, Tensor::add);
  }

  private void grow() {
    Tensor x = tensor();
    Tensor y = switch (choices.below(14)) {
      case 1 -> curve(x);
      case 2 -> pointwise(x, like(x));
      case 3 -> moved(x);
      case 4 -> reduced(x);
      case 5 -> x.rank() == 0 ? x.sigmoid() : x.softmax(choices.below(x.rank()));
      case 6 -> x.rank() == 0 ? x.gelu() : x.logSoftmax(choices.below(x.rank())).tanh();
      case 7 -> product(x);
      case 8 -> indexed(x);
      case 9 -> x.rank() == 0 ? x.sin() : total(x);
      case 10 -> windows(x);
      case 11 -> scan(x);
      case 12 -> convolution(x);
      case 13 -> mask(x).where(x.sin(), like(x));
      default -> x.neg();
    };
    tensors.add(y.shape().elements() > 60 ? y.mean() : y);
  }

  private Tensor tensor() {
    return tensors.get(tensors.size() - 1 - choices.below(tensors.size()));
  }

  /** Another tensor, brought to the shape of this one. */
  private Tensor like(Tensor x) {
    Tensor y = tensor();
    if (y.type().equals(x.type())) {
      return y;
    }
    return y.mean().broadcastTo(x.shape());
  }

  private Tensor curve(Tensor x) {
    Tensor positive = x.square().add(1);
    return switch (choices.below(14)) {
      case 1 -> x.tanh();
      case 2 -> x.sin();
      case 3 -> x.cos();
      case 4 -> x.erf();
      case 5 -> x.tanh().exp();
      case 6 -> x.sin().expm1();
      case 7 -> positive.log();
      case 8 -> x.square().log1p();
      case 9 -> positive.sqrt();
      case 10 -> positive.rsqrt();
      case 11 -> x.tanh().tan();
      case 12 -> x.sigmoid();
      default -> x.mul(0.5);
    };
  }

  private Tensor pointwise(Tensor x, Tensor y) {
    return switch (choices.below(5)) {
      case 1 -> x.sub(y);
      case 2 -> x.mul(y).sin();
      case 3 -> x.div(y.square().add(1));
      case 4 -> x.square().add(1).pow(y.tanh());
      default -> x.add(y).mul(0.5);
    };
  }

  private Tensor moved(Tensor x) {
    if (x.rank() == 0) {
      return x.broadcastTo(Shape.of(choices.between(1, 3)));
    }
    int axis = choices.below(x.rank());
    return switch (choices.below(7)) {
      case 1 -> x.flip(axis);
      case 2 -> x.reshape(x.shape().elements());
      case 3 -> x.pad(axis, choices.below(2), choices.below(3), 0.5);
      case 4 -> Tensor.concat(axis, x, x.mul(0.5), x);
      case 5 -> x.slice(axis, choices.below(2) % x.dim(axis), x.dim(axis));
      case 6 -> x.unsqueeze(axis);
      default -> PointwiseCases.apply(new Op.Permute(Axes.of(IntStream.range(0, x.rank()).map(i -> x.rank() - 1 - i).toArray())), x);
    };
  }

  private Tensor reduced(Tensor x) {
    int[] axes = IntStream.range(0, x.rank()).filter(_ -> choices.oneIn(2)).toArray();
    if (axes.length == 0) {
      return x.mean();
    }
    return switch (choices.below(4)) {
      case 1 -> x.variance(axes);
      case 2 -> x.sum(axes).tanh();
      case 3 -> x.sin().prod(axes);
      default -> x.mean(axes);
    };
  }

  private Tensor product(Tensor x) {
    Tensor matrix = x.rank() < 2 ? x.reshape(1, x.shape().elements()) : x;
    return matrix.matmul(matrix.transpose()).tanh();
  }

  private Tensor indexed(Tensor x) {
    if (x.rank() == 0) {
      return x.cos();
    }
    int axis = choices.below(x.rank());
    Tensor at = Tensor.of(Samples.indices(DType.I32, Math.toIntExact(x.dim(axis)), choices.below(100), choices.between(1, 4)));
    Tensor taken = x.take(axis, at);
    return choices.oneIn(2) ? x.scatterAdd(axis, at, taken.sin()).tanh() : taken;
  }

  private Tensor total(Tensor x) {
    return PointwiseCases.apply(new Op.Cumulate(Op.Fold.SUM, choices.below(x.rank()), choices.oneIn(2)), x).sin();
  }

  private Tensor windows(Tensor x) {
    if (x.rank() == 0) {
      return x.erf();
    }
    int axis = choices.below(x.rank());
    long size = Math.min(x.dim(axis), choices.between(1, 2));
    Tensor seen = PointwiseCases.apply(new Op.Window(axis, size, choices.between(1, 2), 1), x);
    return choices.oneIn(2)
        ? PointwiseCases.apply(new Op.Overlap(axis, x.dim(axis), size, ((Op.Window) seen.node().op()).stride(), 1), seen).tanh() : seen;
  }

  private Tensor scan(Tensor x) {
    if (x.rank() == 0) {
      return x.tanh();
    }
    Tensor outer = tensor().mean();
    Tensor start = x.mean(0);
    Loop.Results results = Loop.scan(x.dim(0), List.of(start), List.of(x), (_, carries, slices) -> {
      Tensor next = carries.getFirst().mul(outer).add(slices.getFirst()).sin();
      return new Loop.Results(List.of(next), List.of(next.mul(carries.getFirst())));
    });
    return choices.oneIn(2) ? results.carries().getFirst() : results.outputs().getFirst();
  }

  private Tensor convolution(Tensor x) {
    long n = x.shape().elements();
    Tensor line = x.reshape(1, 1, n);
    Tensor weights = tensor().mean().broadcastTo(Shape.of(2, 1, 2));
    var geometry = new Op.Geometry(List.of(new Op.Spatial(choices.between(1, 2), 1, 1, choices.below(2))), 1);
    return PointwiseCases.apply(new Op.Conv(geometry), line, weights).tanh();
  }

  private Tensor mask(Tensor x) {
    return Tensor.of(Samples.anyBits(DType.BOOL, choices.below(100), x.shape().dims()));
  }
}
