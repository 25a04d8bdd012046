package dev.chainrule.benchmarks.floor;

import dev.chainrule.graph.DType;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.ConvOptions;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.train.Step;
import java.util.List;

/** Chainrule's own kernels, where no other library is there. */
final class OwnLibrary {

  private OwnLibrary() {}

  static Library open() {
    return new Library("chainrule", OwnLibrary::prepare);
  }

  private static Runnable prepare(Call call) {
    return switch (call) {
      case Call.Product(long batch, long m, long k, long n) -> {
        Step step = Step.evaluation(in -> List.of(in.get(0).matmul(in.get(1))));
        Tensor a = ones(batch, m, k);
        Tensor b = ones(batch, k, n);
        yield () -> step.run(a, b);
      }
      // A gradient multiplies as often as the convolution does.
      case Call.Convolution(_, long batch, long channels, long size, long filters, long kernel) -> {
        Step step = Step.evaluation(in -> List.of(in.get(0).conv2d(in.get(1), ConvOptions.DEFAULT.withPadding(kernel / 2))));
        Tensor x = ones(batch, channels, size, size);
        Tensor w = ones(filters, channels, kernel, kernel);
        yield () -> step.run(x, w);
      }
    };
  }

  private static Tensor ones(long... shape) {
    Tensor ones = Tensor.ones(TensorType.of(DType.F32, shape));
    Tensor.eval(ones);
    return ones;
  }
}
