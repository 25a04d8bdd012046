package dev.chainrule.benchmarks.gpu;

import dev.chainrule.benchmarks.workloads.Models;
import dev.chainrule.nn.BatchNorm;
import dev.chainrule.nn.Conv2d;
import dev.chainrule.nn.Embedding;
import dev.chainrule.nn.GlobalAveragePool2d;
import dev.chainrule.nn.Linear;
import dev.chainrule.nn.Lstm;
import dev.chainrule.nn.Module;
import dev.chainrule.nn.Relu;
import dev.chainrule.nn.Residual;
import dev.chainrule.nn.Sequential;
import dev.chainrule.tensor.ConvOptions;

/** The networks as modules, from the batch to logits [labels, classes]. */
final class GpuModels {

  private GpuModels() {}

  static Module of(GpuWorkload.Model model) {
    return switch (model) {
      case GpuWorkload.Perceptron(var sizes) -> Models.linears(sizes);
      case GpuWorkload.Gpt gpt -> new Gpt2(gpt);
      case GpuWorkload.Residuals residuals -> residuals(residuals);
      case GpuWorkload.Recurrent recurrent -> recurrent(recurrent);
    };
  }

  private static Module residuals(GpuWorkload.Residuals sizes) {
    int channels = sizes.widths().getFirst();
    var model = new Sequential().add("conv1", convolution(3, channels, 1)).add("bn1", new BatchNorm(channels)).add("relu", new Relu());
    for (int stage = 0; stage < sizes.widths().size(); stage++) {
      int width = sizes.widths().get(stage);
      int stride = stage == 0 ? 1 : 2;
      model.add("layer" + (stage + 1) + "_0", stride == 1 && channels == width ? new Residual(body(channels, width, stride))
          : new Residual(body(channels, width, stride), shortcut(channels, width, stride))).add("relu" + (stage + 1) + "_0", new Relu());
      model.add("layer" + (stage + 1) + "_1", new Residual(body(width, width, 1))).add("relu" + (stage + 1) + "_1", new Relu());
      channels = width;
    }
    return model.add("pool", new GlobalAveragePool2d()).add("fc", new Linear(channels, sizes.classes()));
  }

  private static Module body(int in, int out, int stride) {
    return new Sequential().add("conv1", convolution(in, out, stride)).add("bn1", new BatchNorm(out)).add("relu", new Relu())
        .add("conv2", convolution(out, out, 1)).add("bn2", new BatchNorm(out));
  }

  private static Module shortcut(int in, int out, int stride) {
    return new Sequential().add("conv", Conv2d.withoutBias(in, out, 1, ConvOptions.DEFAULT.withStride(stride))).add("bn", new BatchNorm(out));
  }

  private static Module convolution(int in, int out, int stride) {
    return Conv2d.withoutBias(in, out, 3, ConvOptions.DEFAULT.withPadding(1).withStride(stride));
  }

  private static Module recurrent(GpuWorkload.Recurrent sizes) {
    var model = new Sequential().add("embedding", new Embedding(sizes.classes(), sizes.width()));
    for (int i = 0; i < sizes.layers(); i++) {
      model.add("lstm" + i, new Lstm(sizes.width(), sizes.width()));
    }
    return model.add("output", new Linear(sizes.width(), sizes.classes()))
        .add("rows", Models.rows());
  }
}
