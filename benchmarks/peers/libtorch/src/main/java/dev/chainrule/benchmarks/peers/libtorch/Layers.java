package dev.chainrule.benchmarks.peers.libtorch;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.pytorch.Conv2dImpl;
import org.bytedeco.pytorch.Conv2dOptions;
import org.bytedeco.pytorch.EmbeddingImpl;
import org.bytedeco.pytorch.LSTMImpl;
import org.bytedeco.pytorch.LSTMOptions;
import org.bytedeco.pytorch.LayerNormImpl;
import org.bytedeco.pytorch.LayerNormOptions;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.LongVector;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;

/** Makes layers with PyTorch's initial values and remembers their parameters. */
final class Layers {

  private final List<Tensor> parameters = new ArrayList<>();

  /** The parameters of what was made so far. */
  TensorVector parameters() {
    return new TensorVector(parameters.toArray(Tensor[]::new));
  }

  private void keep(Module layer) {
    parameters.addAll(Arrays.asList(layer.parameters().get()));
  }

  Model linear(long in, long out) {
    var layer = new LinearImpl(in, out);
    keep(layer);
    return layer::forward;
  }

  /** As many pixels out as in. */
  Model convolution(long channels, long filters, long kernel) {
    var options = new Conv2dOptions(channels, filters, new LongPointer(kernel, kernel));
    options.padding().put(new LongPointer(kernel / 2, kernel / 2));
    var layer = new Conv2dImpl(options);
    keep(layer);
    return layer::forward;
  }

  Model embedding(long classes, long width) {
    var layer = new EmbeddingImpl(classes, width);
    keep(layer);
    return layer::forward;
  }

  Model layerNorm(long width) {
    var layer = new LayerNormImpl(new LayerNormOptions(new LongVector(new long[] {width})));
    keep(layer);
    return layer::forward;
  }

  Model lstm(long width) {
    var options = new LSTMOptions(width, width);
    options.batch_first().put(true);
    var layer = new LSTMImpl(options);
    keep(layer);
    return x -> layer.forward(x).get0();
  }
}
