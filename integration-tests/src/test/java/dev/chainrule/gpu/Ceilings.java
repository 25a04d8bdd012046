package dev.chainrule.gpu;

import dev.chainrule.device.Device;
import dev.chainrule.device.Devices;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.TensorType;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.train.Step;
import java.util.Arrays;
import java.util.List;

/** What a device reaches at best through Chainrule: bytes copied and products computed each second, the median of some rounds. */
final class Ceilings {

  private static final int ROUNDS = 5;
  private static final int RUNS = 10;

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
      double copied = seconds(Step.evaluation(in -> andOneElement(in.getFirst().mul(1.5), in.getFirst())), x);
      System.out.printf("reading and writing %.0f MB: %.1f GB/s%n", elements * 4 / 1e6, elements * 8 / copied / 1e9);
      Tensor a = evaluated(TensorType.of(DType.F32, size, size));
      double product = seconds(Step.evaluation(in -> andOneElement(in.getFirst().matmul(in.getFirst()), in.getFirst())), a);
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

  /** A device may be behind: what the last run of a round gives is read, which waits for all of them. */
  private static double seconds(Step step, Tensor input) {
    long[] nanos = new long[ROUNDS];
    for (int i = -1; i < ROUNDS; i++) {
      long start = System.nanoTime();
      for (int run = 1; run < RUNS; run++) {
        step.run(input);
      }
      step.run(input).getLast().item();
      if (i >= 0) {
        nanos[i] = System.nanoTime() - start;
      }
    }
    Arrays.sort(nanos);
    return nanos[ROUNDS / 2] / 1e9 / RUNS;
  }

  /** The result, which stays on the device, and a number that comes back. */
  private static List<Tensor> andOneElement(Tensor result, Tensor input) {
    return List.of(result, input.flatten().slice(0, 0, 1).copy());
  }
}
