package dev.chainrule.benchmarks.peers.libtorch;

import dev.chainrule.benchmarks.training.Network;
import java.util.List;
import org.bytedeco.pytorch.global.torch;

/** The networks but for the largest. */
final class Models {

  private Models() {}

  static Model perceptron(Layers layers, Network.Perceptron network) {
    return linears(layers, network.sizes());
  }

  private static Model linears(Layers layers, List<Integer> sizes) {
    Model model = layers.linear(sizes.get(0), sizes.get(1));
    for (int i = 2; i < sizes.size(); i++) {
      model = model.then(torch::relu).then(layers.linear(sizes.get(i - 1), sizes.get(i)));
    }
    return model;
  }

  static Model convolutional(Layers layers, Network.Convolutional network) {
    Model model = x -> x;
    int channels = network.channels();
    for (Network.Block block : network.blocks()) {
      for (int filters : block.filters()) {
        model = model.then(layers.convolution(channels, filters, network.kernel())).then(torch::relu);
        channels = filters;
      }
      model = model.then(x -> torch.max_pool2d(x, 2, 2));
    }
    Model classifier = linears(layers, network.classifier());
    return model.then(x -> x.flatten(1, -1)).then(classifier);
  }

  static Model lstm(Layers layers, Network.CharacterLstm network) {
    int width = network.width();
    return layers.embedding(network.classes(), width).then(layers.lstm(width)).then(layers.linear(width, network.classes()))
        .then(x -> x.view(-1, network.classes()));
  }
}
