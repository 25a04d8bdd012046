package dev.chainrule.conformance;

import dev.chainrule.autograd.Gradients;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.nn.Losses;
import dev.chainrule.tensor.Attention;
import dev.chainrule.tensor.ConvOptions;
import dev.chainrule.tensor.Normalisation;
import dev.chainrule.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** The parts of networks whose plans are golden, forward and backward, on small data. */
final class GoldenNetworks {

  private GoldenNetworks() {}

  static List<Case> all() {
    return List.of(layerNorm(), softmaxWithCrossEntropy(), transformerBlock(), convolutionBatchNormRelu());
  }

  private static Case layerNorm() {
    return of(Op.Composite.class, "layer norm", List.of(values(1, 24, 17), values(2, 17), values(3, 17), values(4, 24, 17)), in -> {
      Tensor y = Normalisation.layerNorm(in.get(0), in.get(1), in.get(2), 1e-5);
      return with(y, y.mul(in.get(3)).sum(), in.subList(0, 3));
    });
  }

  private static Case softmaxWithCrossEntropy() {
    return of(Op.Composite.class, "softmax with cross-entropy", List.of(values(5, 16, 21), Samples.indices(DType.I32, 21, 6, 16)), in -> {
      Tensor loss = Losses.crossEntropy(in.get(0), in.get(1));
      return with(loss, loss, in.subList(0, 1));
    });
  }

  private static Case transformerBlock() {
    long width = 12;
    List<HostArray> inputs = List.of(values(7, 2, 9, width), values(8, width), values(9, width), values(10, width, 3 * width),
        values(11, 3 * width), values(12, width, width), values(13, width), values(14, width), values(15, width),
        values(16, width, 4 * width), values(17, 4 * width), values(18, 4 * width, width), values(19, width));
    return of(Op.Composite.class, "transformer block", inputs, in -> {
      Tensor y = block(in, 3);
      return with(y, y.square().sum(), in);
    });
  }

  private static Tensor block(List<Tensor> p, long heads) {
    Tensor x = p.get(0);
    long batch = x.dim(0);
    long time = x.dim(1);
    long width = x.dim(2);
    Tensor qkv = Normalisation.layerNorm(x, p.get(1), p.get(2), 1e-5).matmul(p.get(3)).add(p.get(4))
        .reshape(batch, time, 3, heads, width / heads).permute(2, 0, 3, 1, 4);
    Tensor attended = Attention.CAUSAL.apply(qkv.select(0, 0), qkv.select(0, 1), qkv.select(0, 2))
        .permute(0, 2, 1, 3).reshape(batch, time, width);
    Tensor h = x.add(attended.matmul(p.get(5)).add(p.get(6)));
    Tensor inner = Normalisation.layerNorm(h, p.get(7), p.get(8), 1e-5).matmul(p.get(9)).add(p.get(10)).gelu();
    return h.add(inner.matmul(p.get(11)).add(p.get(12)));
  }

  private static Case convolutionBatchNormRelu() {
    return of(Op.Conv.class, "convolution, batch norm, relu", List.of(values(20, 3, 4, 6, 6), values(21, 5, 4, 3, 3), values(22, 5),
        values(23, 5)), in -> {
      Tensor y = Normalisation.batchNorm(in.get(0).conv2d(in.get(1), ConvOptions.DEFAULT.withPadding(1)), in.get(2), in.get(3), 1e-5)
          .y().relu();
      return with(y, y.square().sum(), in);
    });
  }

  private static HostArray values(long seed, long... dims) {
    return Samples.between(DType.F32, -1, 1, seed, dims);
  }

  private static List<Tensor> with(Tensor result, Tensor loss, List<Tensor> targets) {
    List<Tensor> all = new ArrayList<>(List.of(result, loss));
    all.addAll(Gradients.of(loss, targets));
    return all;
  }

  private static Case of(Class<? extends Op> about, String name, List<HostArray> inputs, Case.Graph graph) {
    List<Node> nodes = Graphs.topological(graph.apply(inputs.stream().map(Tensor::of).toList()).stream().map(Tensor::node).toList());
    return new Case(about, name, inputs, graph, Case.Oracle.IN_F64, Bounds.composition(nodes));
  }
}
