package dev.chainrule.benchmarks.kernels;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Tensor;
import java.util.SplittableRandom;

/** Tensors to compute on. */
final class Operands {

  private Operands() {}

  /** Uniform in [-1, 1), f32; the same for the same shape. */
  static Tensor uniform(long... shape) {
    var random = new SplittableRandom(1);
    Tensor tensor = Tensor.of(HostArray.generated(TensorType.of(DType.F32, shape), () -> random.nextDouble(-1, 1)));
    Tensor.eval(tensor);
    return tensor;
  }
}
