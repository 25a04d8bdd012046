package dev.chainrule.benchmarks.gpu;

import dev.chainrule.graph.DType;
import dev.chainrule.tensor.Precision;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Variable;
import dev.chainrule.train.Step;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;

/**
 * What the current device can do at best, measured in the process whose step it is held against.
 *
 * @param arithmetic operations a second of a large product of random numbers in the workload's precision
 * @param bandwidth bytes a second of a large kernel that reads and writes each element once
 */
record Ceiling(double arithmetic, double bandwidth) {

  private static final int REPETITIONS = 20;

  /**
   * @param side rows and columns of the product's matrices
   * @param elements of the array that is moved
   */
  static Ceiling measured(Precision precision, int side, int elements) {
    var random = new SplittableRandom(3);
    float[] numbers = new float[side * side];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = (float) random.nextDouble(-1, 1);
    }
    Tensor left = Tensor.of(numbers, side, side).cast(precision == Precision.MIXED_BF16 ? DType.BF16 : DType.F32).eval();
    Step product = Step.evaluation(in -> List.of(corner(in.getFirst().matmul(in.getFirst()))));
    double seconds = precision.call(() -> seconds(() -> product.run(left).getFirst()));
    Variable y = Variable.of("y", Tensor.of(new float[elements], elements, 1).toHostArray(), true);
    Step addition = Step.training(_ -> {
      y.assign(y.value().add(1));
      return List.of(corner(y.value()));
    });
    double moved = seconds(() -> addition.run().getFirst());
    return new Ceiling(2.0 * side * side * side / seconds, 2.0 * elements * Float.BYTES / moved);
  }

  /** Small, so that reading it takes no time; all of the tensor is computed for it. */
  private static Tensor corner(Tensor x) {
    return x.slice(0, 0, 1).sum();
  }

  private static double seconds(Supplier<Tensor> run) {
    for (int i = 0; i < 3; i++) {
      run.get().item();
    }
    long start = System.nanoTime();
    Tensor last = run.get();
    for (int i = 1; i < REPETITIONS; i++) {
      last = run.get();
    }
    last.item();
    return (System.nanoTime() - start) / 1e9 / REPETITIONS;
  }

  /** Seconds that a step takes at least. */
  double floor(double operations, double bytes) {
    return operations / arithmetic + bytes / bandwidth;
  }
}
