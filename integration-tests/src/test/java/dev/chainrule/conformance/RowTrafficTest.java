package dev.chainrule.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.chainrule.autograd.Gradients;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.graph.TensorType;
import dev.chainrule.kernels.GpuProgram;
import dev.chainrule.nn.Losses;
import dev.chainrule.schedule.Instruction;
import dev.chainrule.schedule.Operand;
import dev.chainrule.schedule.Work;
import dev.chainrule.tensor.Normalisation;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.train.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * What kernels that fold rows ask memory for, counted in their texts, beside the least: each operand once. A text that names a buffer twice
 * goes through it twice.
 */
class RowTrafficTest {

  private static final int ROWS = 512;

  /** Of GPT-2. */
  private static final int WIDTH = 768;

  /** Bytes that a step's kernels with folds move. */
  private record Traffic(long asked, long least) {
    double ratio() {
      return asked / (double) least;
    }
  }

  private static Tensor data(long... shape) {
    TensorType type = TensorType.of(DType.F32, shape);
    double[] values = new double[Math.toIntExact(type.elements())];
    return Tensor.of(HostArray.ofDoubles(type, values));
  }

  /** @param kernels how many fold */
  private static Traffic count(String what, int kernels, Function<List<Tensor>, List<Tensor>> body, Tensor... inputs) {
    GpuProgram program = Rehearsal.programs(() -> Step.training(body::apply).run(inputs)).getLast();
    long asked = 0;
    long least = 0;
    int folding = 0;
    for (int i = 0; i < program.instructions().size(); i++) {
      if (program.schedule().instructions().get(i) instanceof Instruction.Compute compute && compute.kernel().folded().count() > 0) {
        var launch = (dev.chainrule.kernels.Step.Launch) program.instructions().get(i).getFirst();
        List<Operand> operands = Stream.concat(compute.arguments().stream(), compute.outputs().stream()).toList();
        for (int slot = 0; slot < operands.size(); slot++) {
          int times = launch.source().text().split("\\*\\)p" + slot + "\\)\\[", -1).length - 1;
          asked += times * bytes(operands.get(slot));
        }
        Work work = Work.of(compute);
        least += work.bytesRead() + work.bytesWritten();
        folding++;
      }
    }
    var traffic = new Traffic(asked, least);
    System.out.printf("traffic of %s: %,d bytes in %d kernels, least %,d, ratio %.3f%n", what, asked, folding, least, traffic.ratio());
    assertEquals(kernels, folding, what);
    return traffic;
  }

  private static long bytes(Operand operand) {
    long elements = 1;
    for (int axis = 0; axis < operand.layout().shape().rank(); axis++) {
      elements *= operand.layout().stride(axis) == 0 ? 1 : operand.layout().shape().dim(axis);
    }
    return elements * operand.dtype().bytes();
  }

  private static List<Tensor> withGradients(Tensor result, Tensor outer, Tensor... targets) {
    List<Tensor> all = new ArrayList<>(List.of(result));
    all.addAll(Gradients.of(result.mul(outer).sum(), List.of(targets)));
    return all;
  }

  /** But for numbers of a row or a column, which lie in caches. */
  private static void assertOnce(Traffic traffic) {
    assertTrue(traffic.ratio() < 1.01, traffic::toString);
  }

  @Test
  void softmaxAndItsGradientReadOnce() {
    assertOnce(count("softmax", 1, in -> List.of(in.getFirst().softmax(1)), data(ROWS, WIDTH)));
    assertOnce(count("softmax with its gradient", 1, in -> withGradients(in.get(0).softmax(1), in.get(1), in.get(0)),
        data(ROWS, WIDTH), data(ROWS, WIDTH)));
  }

  @Test
  void crossEntropyAndItsGradientReadLogitsOnce() {
    Function<List<Tensor>, List<Tensor>> body = in -> {
      Tensor loss = Losses.crossEntropy(in.get(0), in.get(1));
      return List.of(loss, Gradients.of(loss, List.of(in.get(0))).getFirst());
    };
    assertOnce(count("cross-entropy with its gradient", 2, body, data(ROWS, WIDTH), Tensor.of(new int[ROWS])));
    Traffic long3 = count("cross-entropy with its gradient, 4,096 classes", 2, body, data(ROWS, 4096), Tensor.of(new int[ROWS]));
    assertTrue(long3.ratio() < 2.51, long3::toString);
  }

  @Test
  void layerNormReadsOnce() {
    assertOnce(count("layer norm", 1, in -> List.of(Normalisation.layerNorm(in.get(0), in.get(1), in.get(2), 1e-5)),
        data(ROWS, WIDTH), data(WIDTH), data(WIDTH)));
    assertOnce(count("layer norm with its gradients", 3, in -> withGradients(
        Normalisation.layerNorm(in.get(0), in.get(1), in.get(2), 1e-5), in.get(3), in.get(0), in.get(1), in.get(2)),
        data(ROWS, WIDTH), data(WIDTH), data(WIDTH), data(ROWS, WIDTH)));
  }

  @Test
  void aResidualGoesAlongWithItsLayerNorm() {
    assertOnce(count("residual and layer norm", 1, in -> {
      Tensor sum = in.get(0).add(in.get(3));
      return List.of(sum, Normalisation.layerNorm(sum, in.get(1), in.get(2), 1e-5));
    }, data(ROWS, WIDTH), data(WIDTH), data(WIDTH), data(ROWS, WIDTH)));
    assertOnce(count("residual and layer norm with their gradients", 3, in -> {
      Tensor sum = in.get(0).add(in.get(3));
      return withGradients(Normalisation.layerNorm(sum, in.get(1), in.get(2), 1e-5).add(sum), in.get(4), in.get(0), in.get(1), in.get(2));
    }, data(ROWS, WIDTH), data(WIDTH), data(WIDTH), data(ROWS, WIDTH), data(ROWS, WIDTH)));
  }

  @Test
  void batchNormReadsOnceWhereAChannelIsShort() {
    Function<List<Tensor>, List<Tensor>> body = in -> withGradients(
        Normalisation.batchNorm(in.get(0), in.get(1), in.get(2), 1e-5).y(), in.get(3), in.get(0), in.get(1), in.get(2));
    assertOnce(count("batch norm with its gradients", 1, body, data(16, 64, 8, 8), data(64), data(64), data(16, 64, 8, 8)));
    Traffic longer = count("batch norm with its gradients, 4,096 numbers a channel", 1, body,
        data(16, 64, 16, 16), data(64), data(64), data(16, 64, 16, 16));
    assertTrue(longer.ratio() < 2.51, longer::toString);
  }
}
