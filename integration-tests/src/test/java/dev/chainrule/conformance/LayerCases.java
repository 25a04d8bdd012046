package dev.chainrule.conformance;

import dev.chainrule.autograd.Gradients;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.Graphs;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.Node;
import dev.chainrule.graph.Op;
import dev.chainrule.graph.Scope;
import dev.chainrule.graph.TensorType;
import dev.chainrule.nn.BatchNorm;
import dev.chainrule.nn.Conv2d;
import dev.chainrule.nn.Embedding;
import dev.chainrule.nn.GlobalAveragePool2d;
import dev.chainrule.nn.GroupNorm;
import dev.chainrule.nn.Gru;
import dev.chainrule.nn.Lstm;
import dev.chainrule.nn.MaxPool2d;
import dev.chainrule.nn.Module;
import dev.chainrule.nn.MultiHeadAttention;
import dev.chainrule.nn.Relu;
import dev.chainrule.nn.Residual;
import dev.chainrule.nn.Sequential;
import dev.chainrule.nn.TransformerBlock;
import dev.chainrule.nn.TransformerOptions;
import dev.chainrule.tensor.ConvOptions;
import dev.chainrule.tensor.Mode;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Layers as networks have them, forward and backward: their result, and the gradients for input and parameters. */
final class LayerCases {

  private final List<Case> cases = new ArrayList<>();

  private LayerCases() {}

  static List<Case> all() {
    var all = new LayerCases();
    for (DType dtype : List.of(DType.F32, DType.F64)) {
      all.convolutions(dtype);
      all.recurrences(dtype);
      all.transformers(dtype);
      all.embeddings(dtype);
    }
    return all.cases;
  }

  private void convolutions(DType dtype) {
    ConvOptions options = ConvOptions.DEFAULT.withPadding(1);
    HostArray images = Samples.between(dtype, -1, 1, 140, 3, 2, 8, 8);
    add(Op.Conv.class, dtype, "convolution, batch norm, relu, pooling", () -> new Sequential(Conv2d.withoutBias(2, 4, 3, options),
        new BatchNorm(4), new Relu(), new MaxPool2d(2)), (m, in) -> Mode.TRAINING.call(() -> m.apply(in.getFirst())), images);
    add(Op.Conv.class, dtype, "convolution, batch norm, in evaluation", () -> new Sequential(
        new Conv2d(2, 4, 3, options.withStride(2).withGroups(2)), new BatchNorm(4)), LayerCases::first, images);
    add(Op.Conv.class, dtype, "residual with a shortcut, relu, mean of the image", () -> new Sequential(new Residual(
        new Sequential(Conv2d.withoutBias(2, 4, 3, options.withStride(2)), new BatchNorm(4)),
        new Sequential(Conv2d.withoutBias(2, 4, 1, ConvOptions.DEFAULT.withStride(2)), new BatchNorm(4))), new Relu(), new GlobalAveragePool2d()),
        (m, in) -> Mode.TRAINING.call(() -> m.apply(in.getFirst())), images);
    add(Op.Conv.class, dtype, "convolution, group norm", () -> new Sequential(
        new Conv2d(2, 4, 2), new GroupNorm(2, 4)), LayerCases::first, images);
  }

  private void recurrences(DType dtype) {
    HostArray x = Samples.between(dtype, -1, 1, 141, 3, 5, 4);
    add(Op.Loop.class, dtype, "lstm of 5", () -> new Lstm(4, 6), (m, in) -> {
      Lstm.Output out = m.run(in.getFirst());
      return Tensor.concat(1, out.sequence(), out.last().cell().unsqueeze(1));
    }, x);
    add(Op.Loop.class, dtype, "gru of 5", () -> new Gru(4, 6), LayerCases::first, x);
    add(Op.Loop.class, dtype, "lstm of 5 behind an lstm", () -> new Sequential(new Lstm(4, 6), new Lstm(6, 3)), LayerCases::first, x);
  }

  private void transformers(DType dtype) {
    HostArray x = Samples.between(dtype, -1, 1, 142, 2, 6, 8);
    add(Op.Composite.class, dtype, "causal transformer block", () -> new TransformerBlock(8, 2,
        TransformerOptions.DEFAULT.withCausal(true)), LayerCases::first, x);
    HostArray mask = HostArray.ofLongs(TensorType.of(DType.BOOL, 2, 1, 1, 4), 1, 1, 0, 1, 0, 1, 1, 1);
    add(Op.Composite.class, dtype, "attention to other keys, masked", () -> new MultiHeadAttention(8, 4),
        (m, in) -> m.apply(in.get(0), in.get(1), in.get(1), Tensor.of(mask)), x, Samples.between(dtype, -1, 1, 143, 2, 4, 8));
  }

  private void embeddings(DType dtype) {
    for (DType index : List.of(DType.I32, DType.I64)) {
      HostArray indices = Samples.indices(index, 11, 144, 3, 7);
      add(Op.Gather.class, dtype, "embedding by " + index, () -> new Embedding(11, 5),
          (m, in) -> m.apply(Tensor.of(indices)).mul(in.getFirst()), Samples.between(dtype, 0.5, 2, 145, 3, 7, 5));
    }
  }

  private static Tensor first(Module module, List<Tensor> in) {
    return module.apply(in.getFirst());
  }

  /** The result, and the gradients of the sum of its squares. The model is made anew for each type and evaluation. */
  private <M extends Module> void add(Class<? extends Op> about, DType dtype, String name, Supplier<M> construction,
      BiFunction<M, List<Tensor>, Tensor> use, HostArray... inputs) {
    Case.Graph graph = in -> {
      M model = filled(in.getFirst().dtype(), construction);
      Tensor y = use.apply(model, in);
      List<Tensor> targets = Stream.concat(in.stream(), model.parameters().stream().map(Variable::value)).toList();
      return Stream.concat(Stream.of(y), Gradients.of(y.square().sum(), targets).stream()).toList();
    };
    List<Node> nodes = Graphs.topological(graph.apply(Stream.of(inputs).map(Tensor::of).toList()).stream().map(Tensor::node).toList());
    cases.add(new Case(about, dtype + " layers: " + name, List.of(inputs), graph, Case.Oracle.IN_F64, Bounds.composition(nodes)));
  }

  /** Parameters that f32 holds, in any type; no part of what is being traced. */
  private static <M extends Module> M filled(DType dtype, Supplier<M> construction) {
    return Scope.outside(() -> {
      M model = Module.inType(dtype, construction);
      Map<String, HostArray> values = new LinkedHashMap<>();
      model.variables().forEach((name, variable) -> {
        boolean positive = name.endsWith("running_var");
        HostArray value = Samples.between(DType.F32, positive ? 0.5 : -0.5, positive ? 2 : 0.5, 150 + values.size(),
            variable.type().shape().dims());
        values.put(name, HostArray.ofDoubles(variable.type(), value.toDoubleArray()));
      });
      model.load(values);
      return model;
    });
  }
}
