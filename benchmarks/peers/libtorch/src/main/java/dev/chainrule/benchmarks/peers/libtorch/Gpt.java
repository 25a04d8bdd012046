package dev.chainrule.benchmarks.peers.libtorch;

import dev.chainrule.benchmarks.training.Network;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** The transformer, with PyTorch's own kernel for attention. */
final class Gpt {

  private Gpt() {}

  static Model model(Layers layers, Network.Gpt network) {
    int width = network.width();
    Model characters = layers.embedding(network.classes(), width);
    Model positions = layers.embedding(network.length(), width);
    Tensor places = torch.arange(new Scalar(network.length())).to(torch.ScalarType.Long);
    Model model = x -> characters.apply(x).add(positions.apply(places));
    for (int i = 0; i < network.blocks(); i++) {
      model = model.then(block(layers, width, network.heads()));
    }
    return model.then(layers.layerNorm(width)).then(layers.linear(width, network.classes())).then(x -> x.view(-1, network.classes()));
  }

  private static Model block(Layers layers, int width, int heads) {
    Model attention = residual(layers.layerNorm(width).then(attention(layers, width, heads)));
    Model wide = layers.layerNorm(width).then(layers.linear(width, 4 * width)).then(torch::gelu).then(layers.linear(4 * width, width));
    return attention.then(residual(wide));
  }

  private static Model residual(Model part) {
    return x -> x.add(part.apply(x));
  }

  /** Queries, keys and values in one product. */
  private static Model attention(Layers layers, int width, int heads) {
    Model into = layers.linear(width, 3 * width);
    Model out = layers.linear(width, width);
    return x -> {
      TensorVector parts = into.apply(x).chunk(3, -1);
      Tensor attended = torch.scaled_dot_product_attention(split(parts.get(0), heads), split(parts.get(1), heads),
          split(parts.get(2), heads), new TensorOptional(), 0, true, new DoubleOptional(), false);
      return out.apply(attended.transpose(1, 2).flatten(2, 3));
    };
  }

  /** [batch, length, width] -> [batch, heads, length, width of a head]. */
  private static Tensor split(Tensor x, int heads) {
    return x.unflatten(-1, heads, -1).transpose(1, 2);
  }
}
