package dev.chainrule.gpu;

import dev.chainrule.device.Device;
import dev.chainrule.device.Devices;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.train.Step;
import java.util.Arrays;
import java.util.List;

/** What a device reaches at best through Chainrule: bytes copied and products computed each second, the median of some runs. */
final class Ceilings {

  private static final int WARM_UP = 5;
  private static final int RUNS = 20;

  private Ceilings() {}

  public static void main(String[] args) {
    Device device = Devices.open(args.length > 0 ? args[0] : "cuda");
    long elements = args.length > 1 ? Long.parseLong(args[1]) : 1L << 28;
    int size = args.length > 2 ? Integer.parseInt(args[2]) : 4096;
    Devices.with(device, () -> {
      // So small a result that nothing comes back; the sum reads all, the product writes all once more.
      Tensor x = evaluated(TensorType.of(DType.F32, elements));
      double read = seconds(Step.evaluation(in -> List.of(in.getFirst().sum())), x);
      System.out.printf("reading %.0f MB in a sum: %.1f GB/s%n", elements * 4 / 1e6, elements * 4 / read / 1e9);
      double copied = seconds(Step.evaluation(in -> List.of(in.getFirst().mul(1.5))), x);
      System.out.printf("reading and writing %.0f MB: %.1f GB/s%n", elements * 4 / 1e6, elements * 8 / copied / 1e9);
      Tensor a = evaluated(TensorType.of(DType.F32, size, size));
      double product = seconds(Step.evaluation(in -> List.of(in.getFirst().matmul(in.getFirst()))), a);
      System.out.printf("product of %d x %d in f32: %.2f TFLOP/s%n", size, size, 2.0 * size * size * size / product / 1e12);
      return device;
    });
    device.close();
  }

  private static Tensor evaluated(TensorType type) {
    Tensor tensor = Tensor.ones(type).mul(0.5);
    tensor.eval();
    return tensor;
  }

  private static double seconds(Step step, Tensor input) {
    long[] nanos = new long[RUNS];
    for (int i = -WARM_UP; i < RUNS; i++) {
      long start = System.nanoTime();
      step.run(input);
      if (i >= 0) {
        nanos[i] = System.nanoTime() - start;
      }
    }
    Arrays.sort(nanos);
    return nanos[RUNS / 2] / 1e9;
  }
}
