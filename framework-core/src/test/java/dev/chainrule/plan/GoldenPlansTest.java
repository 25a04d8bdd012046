package dev.chainrule.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.autograd.Gradients;
import dev.chainrule.device.ReferenceDevice;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.nn.Linear;
import dev.chainrule.nn.Losses;
import dev.chainrule.nn.Relu;
import dev.chainrule.nn.Sequential;
import dev.chainrule.optim.Adam;
import dev.chainrule.optim.Schedule;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.Layout;
import dev.chainrule.schedule.Operand;
import dev.chainrule.tensor.Attention;
import dev.chainrule.tensor.ConvOptions;
import dev.chainrule.tensor.Mode;
import dev.chainrule.tensor.Normalisation;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.tensor.Trace;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Plans that a good engineer would write by hand for parts of networks, forward and backward, and what the planner needs instead. Golden
 * are the fewest kernels, where a matrix product or a convolution takes its bias, activation and residual along, a normalisation is one
 * kernel forward and two backward (the second sums what the first left of the weights' gradients), attention one and one, and an
 * optimizer one for all parameters; with the bytes that these must read and write at least.
 *
 * <p>What the planner needs is written down here to the kernel, so that it cannot grow unnoticed and has to be lowered when it shrinks.
 */
class GoldenPlansTest {

  /** A kernel and the f32 elements that it reads and writes. */
  private record Kernel(String what, long elements) {}

  /** Kernels and bytes. */
  private record Cost(long kernels, long bytes) {
    @Override
    public String toString() {
      return String.format(Locale.ROOT, "%d kernels, %.2f MB", kernels, bytes * 1e-6);
    }
  }

  private static Cost golden(Kernel... kernels) {
    return new Cost(kernels.length, Stream.of(kernels).mapToLong(k -> k.elements * Float.BYTES).sum());
  }

  private static Cost planned(Supplier<List<Tensor>> program) {
    StepGraph graph = Trace.record(Mode.TRAINING, 0, 0, false, program).graph();
    var leaves = new Leaves();
    PlanKey.of(graph, leaves);
    List<Instruction> instructions = Planner.schedule(graph, leaves, ReferenceDevice.create()).instructions();
    return new Cost(instructions.size(), instructions.stream()
        .mapToLong(i -> Stream.concat(i.reads().stream(), i.writes().stream()).mapToLong(GoldenPlansTest::bytes).sum()).sum());
  }

  /** What lies behind the operand: a repeated element counts once. */
  private static long bytes(Operand operand) {
    Layout layout = operand.layout();
    long elements = 1;
    for (int axis = 0; axis < layout.shape().rank(); axis++) {
      elements *= layout.stride(axis) == 0 ? 1 : layout.shape().dim(axis);
    }
    return elements * operand.dtype().bytes();
  }

  /** @param kernels what the planner needs today */
  private static void compare(String what, Cost golden, int kernels, Supplier<List<Tensor>> program) {
    Cost planned = planned(program);
    System.out.println("golden plan of " + what + ": " + golden + "; planned: " + planned);
    assertEquals(kernels, planned.kernels, what + " needs another number of kernels than is written here");
    assertTrue(planned.kernels >= golden.kernels && planned.bytes >= golden.bytes, what + " is better than golden: " + planned);
  }

  private static Tensor data(long... shape) {
    TensorType type = TensorType.of(DType.F32, shape);
    return Tensor.of(HostArray.ofDoubles(type, new SplittableRandom(1).doubles(type.elements(), -1, 1).toArray()));
  }

  private static List<Tensor> withGradients(Tensor loss, Tensor... targets) {
    List<Tensor> all = new ArrayList<>(List.of(loss));
    all.addAll(Gradients.of(loss, List.of(targets)));
    return all;
  }

  /** Beyond golden: the classes' numbers and the look-up of labels among them, the check of the rate, and the step counter. */
  @Test
  void aClassifierWithAdam() {
    int batch = 64;
    int in = 784;
    int hidden = 128;
    int classes = 10;
    long mask = (long) batch * hidden / Float.BYTES; // of bytes
    long parameters = (long) in * hidden + hidden + (long) hidden * classes + classes;
    Cost golden = golden(
        new Kernel("x w1 + b1, relu", (long) batch * in + (long) in * hidden + hidden + (long) batch * hidden + mask),
        new Kernel("h w2 + b2", (long) batch * hidden + (long) hidden * classes + classes + (long) batch * classes),
        new Kernel("cross-entropy and its gradient", 2L * batch * classes + batch + batch),
        new Kernel("mean of the losses", batch + 1),
        new Kernel("gradient of w2", (long) batch * hidden + (long) batch * classes + (long) hidden * classes),
        new Kernel("gradient of b2", (long) batch * classes + classes),
        new Kernel("gradient of h, masked", (long) batch * classes + (long) hidden * classes + (long) batch * hidden + mask),
        new Kernel("gradient of w1", (long) batch * in + (long) batch * hidden + (long) in * hidden),
        new Kernel("gradient of b1", (long) batch * hidden + hidden),
        new Kernel("Adam on all parameters", 7 * parameters));
    var model = new Sequential(new Linear(in, hidden), new Relu(), new Linear(hidden, classes));
    var adam = new Adam(model.parameters(), Schedule.constant(1e-3));
    Tensor x = data(batch, in);
    Tensor labels = Tensor.of(new int[batch]);
    compare("a classifier with Adam", golden, 14, () -> {
      Tensor loss = Losses.crossEntropy(model.apply(x), labels);
      adam.minimise(loss);
      return List.of(loss);
    });
  }

  /** Kernels as golden; beyond its bytes: the weights' gradients read what went into them whole, there are no parts of sums. */
  @Test
  void layerNorm() {
    long rows = 2048;
    long width = 128;
    Cost golden = golden(
        new Kernel("forward", 2 * rows * width + 2 * width + 2 * rows),
        new Kernel("gradient of x, parts of the weights'", 3 * rows * width + width + 2 * rows + 2 * width),
        new Kernel("gradients of weight and bias", 4 * width));
    Tensor x = data(rows, width);
    Tensor weight = data(width);
    Tensor bias = data(width);
    Tensor outer = data(rows, width);
    compare("layer norm", golden, 3, () -> {
      Tensor y = Normalisation.layerNorm(x, weight, bias, 1e-5);
      List<Tensor> all = new ArrayList<>(List.of(y));
      all.addAll(Gradients.of(y.mul(outer).sum(), List.of(x, weight, bias)));
      return all;
    });
  }

  /** Beyond golden: the classes' numbers, and the look-up of labels among them. */
  @Test
  void softmaxWithCrossEntropy() {
    long rows = 256;
    long classes = 1000;
    Cost golden = golden(new Kernel("losses and gradient", 2 * rows * classes + 2 * rows), new Kernel("mean", rows + 1));
    Tensor logits = data(rows, classes);
    Tensor labels = Tensor.of(new int[(int) rows]);
    compare("softmax with cross-entropy", golden, 4, () -> withGradients(Losses.crossEntropy(logits, labels), logits));
  }

  /**
   * Beyond golden: attention is its products, its softmax, and copies that put the heads apart and together, in its gradient too; its mask
   * is computed apart, and the loss is a sum of its own.
   */
  @Test
  void aTransformerBlock() {
    long batch = 2;
    long time = 128;
    long width = 128;
    long heads = 4;
    long x = batch * time * width;
    Cost golden = golden(
        new Kernel("norm 1", 2 * x), new Kernel("q, k, v", x + 3 * width * width + 3 * x), new Kernel("attention", 4 * x),
        new Kernel("projection, residual", 3 * x + width * width), new Kernel("norm 2", 2 * x),
        new Kernel("first layer, gelu", x + 4 * width * width + 8 * x), new Kernel("second layer, residual", 6 * x + 4 * width * width),
        new Kernel("second: input, gelu'", x + 4 * width * width + 8 * x), new Kernel("second: weight", 5 * x + 4 * width * width),
        new Kernel("second: bias", x), new Kernel("first: input", 5 * x + 4 * width * width),
        new Kernel("first: weight", 5 * x + 4 * width * width), new Kernel("first: bias", 4 * x),
        new Kernel("norm 2 backward, residual", 4 * x), new Kernel("norm 2: weights", width),
        new Kernel("projection: input", 2 * x + width * width),
        new Kernel("projection: weight", 2 * x + width * width), new Kernel("projection: bias", x), new Kernel("attention backward", 8 * x),
        new Kernel("q, k, v: input", 4 * x + 3 * width * width), new Kernel("q, k, v: weight", 4 * x + 3 * width * width),
        new Kernel("q, k, v: bias", 3 * x), new Kernel("norm 1 backward, residual", 4 * x), new Kernel("norm 1: weights", width));
    Tensor input = data(batch, time, width);
    Tensor[] p = {data(width), data(width), data(width, 3 * width), data(3 * width), data(width, width), data(width), data(width),
        data(width),
        data(width, 4 * width), data(4 * width), data(4 * width, width), data(width), input};
    compare("a transformer block", golden, 36, () -> {
      Tensor qkv = Normalisation.layerNorm(input, p[0], p[1], 1e-5).matmul(p[2]).add(p[3])
          .reshape(batch, time, 3, heads, width / heads).permute(2, 0, 3, 1, 4);
      Tensor attended = Attention.CAUSAL.apply(qkv.select(0, 0), qkv.select(0, 1), qkv.select(0, 2))
          .permute(0, 2, 1, 3).reshape(batch, time, width);
      Tensor h = input.add(attended.matmul(p[4]).add(p[5]));
      Tensor y = h.add(Normalisation.layerNorm(h, p[6], p[7], 1e-5).matmul(p[8]).add(p[9]).gelu().matmul(p[10]).add(p[11]));
      return withGradients(y.square().sum(), p);
    });
  }

  /** Kernels as golden; beyond its bytes: the sums of the gradients read their operands again. */
  @Test
  void convolutionBatchNormRelu() {
    long batch = 8;
    long channels = 16;
    long side = 16;
    long x = batch * channels * side * side;
    long w = channels * channels * 9;
    Cost golden = golden(
        new Kernel("convolution", 2 * x + w), new Kernel("norm, relu, loss, and all gradients but", 2 * x),
        new Kernel("total of the loss", channels), new Kernel("gradient of the input", 2 * x + w),
        new Kernel("gradient of the weights", 2 * x + w));
    Tensor input = data(batch, channels, side, side);
    Tensor weights = data(channels, channels, 3, 3);
    Tensor gamma = data(channels);
    Tensor beta = data(channels);
    compare("convolution, batch norm, relu", golden, 5, () -> {
      Tensor y = Normalisation.batchNorm(input.conv2d(weights, ConvOptions.DEFAULT.withPadding(1)), gamma, beta, 1e-5).y().relu();
      return withGradients(y.square().sum(), input, weights, gamma, beta);
    });
  }
}
