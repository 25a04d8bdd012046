package dev.chainrule.benchmarks.peers.djl;

import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.Blocks;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import ai.djl.nn.pooling.Pool;
import dev.chainrule.benchmarks.training.Network;
import java.util.List;

/** The networks as blocks. */
final class Models {

  private Models() {}

  static Block of(Network network) {
    return switch (network) {
      case Network.Perceptron(var sizes) -> linears(new SequentialBlock(), sizes);
      case Network.Convolutional convolutional -> convolutional(convolutional);
      case Network.Gpt _, Network.CharacterLstm _ -> throw new IllegalArgumentException("[djl] has no blocks for this network here");
    };
  }

  private static SequentialBlock linears(SequentialBlock block, List<Integer> sizes) {
    for (int i = 1; i < sizes.size(); i++) {
      if (i > 1) {
        block.add(Activation.reluBlock());
      }
      block.add(Linear.builder().setUnits(sizes.get(i)).build());
    }
    return block;
  }

  private static Block convolutional(Network.Convolutional network) {
    var model = new SequentialBlock();
    for (Network.Block block : network.blocks()) {
      for (int filters : block.filters()) {
        model.add(Conv2d.builder().setFilters(filters).setKernelShape(square(network.kernel())).optPadding(square(network.kernel() / 2))
            .build());
        model.add(Activation.reluBlock());
      }
      model.add(Pool.maxPool2dBlock(square(2), square(2)));
    }
    return linears(model.add(Blocks.batchFlattenBlock()), network.classifier());
  }

  private static Shape square(long size) {
    return new Shape(size, size);
  }
}
