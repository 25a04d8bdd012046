package dev.chainrule.conformance;

import dev.chainrule.autograd.Gradients;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Op;
import dev.chainrule.tensor.Composites;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Losses and their gradients as one graph, the shape of what training runs. The bound is relative to the largest element of each
 * result: a gradient's small elements are differences of large ones. Each layer adds the roundings of its sums (k of the forward
 * product, the layer's width backwards, the batch for weights) and a few of its activation; they are summed, times 4 for what
 * products of layers amplify at these weights, which are drawn so that a layer keeps its input's size.
 */
final class GradientCases {

  private final List<Case> cases = new ArrayList<>();

  private GradientCases() {}

  static List<Case> all() {
    var all = new GradientCases();
    for (DType dtype : List.of(DType.F32, DType.F64)) {
      all.classifier("relu", dtype, Tensor::relu);
      all.classifier("leakyRelu", dtype, x -> x.leakyRelu(0.125));
      all.classifier("gelu", dtype, Tensor::gelu);
      all.classifier("sigmoid", dtype, Tensor::sigmoid);
      all.classifier("tanh", dtype, Tensor::tanh);
      all.regression(dtype);
      all.secondOrder(dtype);
    }
    return all.cases;
  }

  private void classifier(String name, DType dtype, UnaryOperator<Tensor> activation) {
    int batch = 37;
    int in = 50;
    int hidden = 33;
    int classes = 10;
    List<HostArray> inputs = List.of(Samples.between(dtype, -1, 1, 80, batch, in), Samples.indices(DType.I32, classes, 81, batch),
        weights(dtype, 82, in, hidden), Samples.between(dtype, -0.1, 0.1, 83, hidden),
        weights(dtype, 84, hidden, hidden), Samples.between(dtype, -0.1, 0.1, 85, hidden),
        weights(dtype, 86, hidden, classes), Samples.between(dtype, -0.1, 0.1, 87, classes));
    double roundings = 4 * (in + hidden + hidden + classes + 2 * hidden + batch + 3 * 20 + classes + 17);
    cases.add(new Case(Op.Dot.class, dtype + " gradients of a classifier with " + name, inputs, t -> {
      Tensor h = activation.apply(t.get(0).matmul(t.get(2)).add(t.get(3)));
      h = activation.apply(h.matmul(t.get(4)).add(t.get(5)));
      Tensor loss = Composites.softmaxCrossEntropy(h.matmul(t.get(6)).add(t.get(7)), t.get(1)).mean();
      return lossAndGradients(loss, t.subList(2, 8));
    }, Case.Oracle.IN_F64, Bound.normwise(roundings)));
  }

  /** Uniform with variance 1 / fan-in. */
  private static HostArray weights(DType dtype, long seed, int in, int out) {
    double limit = Math.sqrt(3.0 / in);
    return Samples.between(dtype, -limit, limit, seed, in, out);
  }

  private static List<Tensor> lossAndGradients(Tensor loss, List<Tensor> targets) {
    List<Tensor> results = new ArrayList<>(List.of(loss));
    results.addAll(Gradients.of(loss, targets));
    return results;
  }

  /** Movement, gathers and reductions in between. */
  private void regression(DType dtype) {
    List<HostArray> inputs = List.of(Samples.between(dtype, 0.5, 2, 88, 12, 8), Samples.indices(DType.I32, 12, 89, 20),
        Samples.between(dtype, -1, 1, 90, 20, 4));
    cases.add(new Case(Op.ScatterAdd.class, dtype + " gradients of a regression on looked-up rows", inputs, t -> {
      Tensor rows = t.get(0).take(0, t.get(1));
      Tensor joined = Tensor.concat(1, rows.slice(1, 0, 2).log(), rows.slice(1, 5, 7).sqrt().flip(1));
      Tensor scaled = joined.div(rows.keep(rows.max(1), 1)).sub(rows.keep(rows.mean(1), 1)).pad(1, 0, 2, 0.5);
      Tensor loss = scaled.slice(1, 1, 5).sub(t.get(2)).square().mean();
      return lossAndGradients(loss, List.of(t.get(0), t.get(2)));
    }, Case.Oracle.IN_F64, Bound.normwise(4 * (20 * 4 + 20 + 8 + 8 + 30))));
  }

  /** The gradient of a gradient's norm. */
  private void secondOrder(DType dtype) {
    List<HostArray> inputs = List.of(Samples.between(dtype, -1, 1, 91, 9, 6), weights(dtype, 92, 6, 5), weights(dtype, 93, 5, 1));
    cases.add(new Case(Op.Dot.class, dtype + " gradients of a gradient", inputs, t -> {
      Tensor loss = t.get(0).matmul(t.get(1)).tanh().matmul(t.get(2)).square().mean();
      Tensor norm = Gradients.of(loss, List.of(t.get(1))).getFirst().square().sum();
      return lossAndGradients(norm, List.of(t.get(1), t.get(2)));
    }, Case.Oracle.IN_F64, Bound.normwise(16 * (6 + 5 + 9 + 30 + 20))));
  }
}
