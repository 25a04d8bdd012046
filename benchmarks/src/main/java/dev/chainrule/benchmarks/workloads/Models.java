package dev.chainrule.benchmarks.workloads;

import dev.chainrule.benchmarks.training.Network;
import dev.chainrule.nn.Conv2d;
import dev.chainrule.nn.Embedding;
import dev.chainrule.nn.Flatten;
import dev.chainrule.nn.LayerNorm;
import dev.chainrule.nn.Linear;
import dev.chainrule.nn.Lstm;
import dev.chainrule.nn.MaxPool2d;
import dev.chainrule.nn.Module;
import dev.chainrule.nn.PositionalEmbedding;
import dev.chainrule.nn.Relu;
import dev.chainrule.nn.Sequential;
import dev.chainrule.nn.TransformerBlock;
import dev.chainrule.nn.TransformerOptions;
import dev.chainrule.tensor.ConvOptions;
import java.util.List;

/** The networks as modules, from the batch to logits [labels, classes]. */
public final class Models {

  private Models() {}

  static Module of(Network network) {
    return switch (network) {
      case Network.Perceptron perceptron -> linears(perceptron.sizes());
      case Network.Convolutional convolutional -> convolutional(convolutional);
      case Network.Gpt gpt -> gpt(gpt);
      case Network.CharacterLstm lstm -> lstm(lstm);
    };
  }

  /** Linear layers with relu between them; sizes from the input to the classes. */
  public static Module linears(List<Integer> sizes) {
    var model = new Sequential();
    for (int i = 1; i < sizes.size(); i++) {
      if (i > 1) {
        model.add("relu" + (i - 1), new Relu());
      }
      model.add("linear" + i, new Linear(sizes.get(i - 1), sizes.get(i)));
    }
    return model;
  }

  private static Module convolutional(Network.Convolutional network) {
    var model = new Sequential();
    int channels = network.channels();
    int count = 0;
    for (Network.Block block : network.blocks()) {
      for (int filters : block.filters()) {
        count++;
        model.add("conv" + count, new Conv2d(channels, filters, network.kernel(), ConvOptions.DEFAULT.withPadding(network.kernel() / 2)));
        model.add("relu" + count, new Relu());
        channels = filters;
      }
      model.add("pool" + count, new MaxPool2d(2));
    }
    return model.add("flatten", new Flatten()).add("classifier", linears(network.classifier()));
  }

  private static Module gpt(Network.Gpt network) {
    int width = network.width();
    var model = new Sequential().add("characters", new Embedding(network.classes(), width))
        .add("positions", new PositionalEmbedding(network.length(), width));
    for (int i = 0; i < network.blocks(); i++) {
      model.add("block" + i, new TransformerBlock(width, network.heads(), TransformerOptions.DEFAULT.withCausal(true)));
    }
    return model.add("norm", new LayerNorm(width)).add("output", new Linear(width, network.classes())).add("rows", rows());
  }

  private static Module lstm(Network.CharacterLstm network) {
    int width = network.width();
    return new Sequential().add("characters", new Embedding(network.classes(), width)).add("lstm", new Lstm(width, width))
        .add("output", new Linear(width, network.classes())).add("rows", rows());
  }

  /** [batch, length, classes] -> [batch * length, classes]. */
  public static Module rows() {
    return Module.of("Rows", x -> x.reshape(x.dim(0) * x.dim(1), x.dim(2)));
  }
}
