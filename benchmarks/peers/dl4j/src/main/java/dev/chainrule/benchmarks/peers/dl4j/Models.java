package dev.chainrule.benchmarks.peers.dl4j;

import dev.chainrule.benchmarks.training.Network;
import dev.chainrule.benchmarks.training.Workload;
import java.util.List;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.weights.WeightInit;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/** The networks as configurations. */
final class Models {

  private Models() {}

  static MultiLayerConfiguration of(Workload workload) {
    // Uniform within one over the root of a unit's inputs, as PyTorch draws weights.
    NeuralNetConfiguration.ListBuilder layers = new NeuralNetConfiguration.Builder().seed(0).weightInit(WeightInit.UNIFORM)
        .activation(Activation.RELU).updater(updater(workload.method())).list();
    return switch (workload.network()) {
      case Network.Perceptron(var sizes) -> linears(layers, sizes).setInputType(InputType.feedForward(sizes.getFirst())).build();
      case Network.Convolutional convolutional -> convolutional(layers, convolutional).build();
      case Network.Gpt _, Network.CharacterLstm _ -> throw new IllegalArgumentException("[dl4j] has no layers for this network here");
    };
  }

  private static IUpdater updater(Workload.Method method) {
    return switch (method) {
      case SGD -> new Sgd(method.rate());
      case ADAM -> new Adam(method.rate());
    };
  }

  private static NeuralNetConfiguration.ListBuilder linears(NeuralNetConfiguration.ListBuilder layers, List<Integer> sizes) {
    for (int units : sizes.subList(1, sizes.size() - 1)) {
      layers.layer(new DenseLayer.Builder().nOut(units).build());
    }
    return layers.layer(new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT).nOut(sizes.getLast()).activation(Activation.SOFTMAX)
        .build());
  }

  private static NeuralNetConfiguration.ListBuilder convolutional(NeuralNetConfiguration.ListBuilder layers,
      Network.Convolutional network) {
    int kernel = network.kernel();
    for (Network.Block block : network.blocks()) {
      for (int filters : block.filters()) {
        layers.layer(new ConvolutionLayer.Builder(kernel, kernel).padding(kernel / 2, kernel / 2).nOut(filters).build());
      }
      layers.layer(new SubsamplingLayer.Builder(SubsamplingLayer.PoolingType.MAX).kernelSize(2, 2).stride(2, 2).build());
    }
    return linears(layers, network.classifier()).setInputType(InputType.convolutional(network.size(), network.size(), network.channels()));
  }
}
