package dev.chainrule.backend.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.chainrule.autograd.Gradients;
import dev.chainrule.device.Devices;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Normalisation;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.train.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Kernels that keep rows in registers and load by packs are for GPUs; on whatever device is here they give the bits of the plain ones. */
class KernelsForGpusTest {

  private static final List<DType> TYPES = List.of(DType.F32, DType.BF16);

  private static Tensor data(DType dtype, long... dims) {
    TensorType type = TensorType.of(dtype, dims);
    double[] values = new double[Math.toIntExact(type.elements())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (i * 37L % 101 - 50) * 0.0375;
    }
    return Tensor.of(HostArray.ofDoubles(type, values));
  }

  private static List<HostArray> run(OpenClDevice device, UnaryOperator<List<Tensor>> body, Tensor... inputs) {
    try (device) {
      return Devices.with(device, () -> Step.evaluation(body::apply).run(inputs).stream().map(Tensor::toHostArray).toList());
    }
  }

  private static void alike(UnaryOperator<List<Tensor>> body, Tensor... inputs) {
    assertEquals(run(OnOpenCl.open(), body, inputs), run(OnOpenCl.openAsGpu(), body, inputs));
  }

  private static List<Tensor> withGradients(Tensor result, Tensor cotangents, Tensor... inputs) {
    List<Tensor> all = new ArrayList<>(List.of(result));
    all.addAll(Gradients.of(result.mul(cotangents).sum(), List.of(inputs)));
    return all;
  }

  /** In all classes of lengths, the last of which is too long. */
  @Test
  void softmaxAndItsGradient() {
    for (DType dtype : TYPES) {
      for (long length : new long[] {20, 129, 300, 700, 800, 1500, 2100}) {
        alike(in -> withGradients(in.get(0).softmax(1), in.get(1), in.get(0)), data(dtype, 9, length), data(dtype, 9, length));
      }
    }
  }

  @Test
  void layerNormOfASumAndItsGradients() {
    for (DType dtype : TYPES) {
      alike(in -> withGradients(Normalisation.layerNorm(in.get(0).add(in.get(1)), in.get(2), in.get(3), 1e-5), in.get(1),
          in.get(0), in.get(2), in.get(3)), data(dtype, 9, 700), data(dtype, 9, 700), data(dtype, 700), data(dtype, 700));
    }
  }

  @Test
  void elementsInPacksWithARest() {
    for (DType dtype : List.of(DType.F32, DType.F16, DType.BF16)) {
      alike(in -> List.of(in.get(0).mul(in.get(1)).add(in.get(0)), in.get(0).less(in.get(1))), data(dtype, 4099), data(dtype, 4099));
    }
  }
}
