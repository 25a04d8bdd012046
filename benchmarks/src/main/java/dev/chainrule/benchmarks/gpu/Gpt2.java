package dev.chainrule.benchmarks.gpu;

import dev.chainrule.nn.Embedding;
import dev.chainrule.nn.Initializer;
import dev.chainrule.nn.LayerNorm;
import dev.chainrule.nn.Module;
import dev.chainrule.nn.PositionalEmbedding;
import dev.chainrule.nn.Sequential;
import dev.chainrule.nn.TransformerBlock;
import dev.chainrule.nn.TransformerOptions;
import dev.chainrule.tensor.Tensor;

/** [batch, length] -> logits [batch * length, padded]. */
final class Gpt2 extends Module {

  private final Embedding characters;
  private final Module body;

  Gpt2(GpuWorkload.Gpt sizes) {
    characters = child("wte", new Embedding(sizes.padded(), sizes.width(), Initializer.normal(0.02)));
    var layers = new Sequential().add("wpe", new PositionalEmbedding(sizes.length(), sizes.width()));
    for (int i = 0; i < sizes.blocks(); i++) {
      layers.add("h" + i, new TransformerBlock(sizes.width(), sizes.heads(), TransformerOptions.DEFAULT.withCausal(true)));
    }
    body = child("body", layers.add("ln_f", new LayerNorm(sizes.width())));
  }

  @Override
  protected Tensor forward(Tensor x) {
    Tensor y = body.apply(characters.apply(x));
    return y.reshape(y.dim(0) * y.dim(1), y.dim(2)).matmul(characters.weight().value().transpose());
  }
}
