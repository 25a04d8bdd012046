package dev.chainrule.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.chainrule.device.Devices;
import dev.chainrule.graph.Axes;
import dev.chainrule.graph.DType;
import dev.chainrule.graph.HostArray;
import dev.chainrule.tensor.Tensor;
import dev.chainrule.train.Step;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Folds of few long rows, and what depends on them, are shared out by chunks in several kernels: the bits of one fold after the other. */
class StagedFoldsTest {

  @BeforeAll
  static void requireCompiler() {
    CppCompiler.require();
  }

  private static HostArray once(Tensor result) {
    return result.toHostArray();
  }

  private static Tensor kept(Tensor folded, Tensor of, int... axes) {
    return folded.reshape(of.shape().keeping(Axes.of(axes)));
  }

  /** Numbers brought to mean 0 and variance 1 along some axes, in one step, and with each fold on its own. */
  private static void standardised(HostArray data, int... axes) {
    Devices.with(new CompiledDevice(), () -> {
      List<Tensor> together = Step.evaluation((List<Tensor> in) -> {
        Tensor mean = kept(in.getFirst().mean(axes), in.getFirst(), axes);
        Tensor distances = in.getFirst().sub(mean);
        Tensor variance = kept(distances.square().mean(axes), distances, axes);
        return List.of(distances.mul(variance.add(1e-5).rsqrt()), mean, variance);
      }).run(Tensor.of(data));
      Tensor mean = Tensor.of(once(kept(Tensor.of(data).mean(axes), Tensor.of(data), axes)));
      Tensor distances = Tensor.of(once(Tensor.of(data).sub(mean)));
      Tensor squares = Tensor.of(once(distances.square()));
      Tensor variance = Tensor.of(once(kept(squares.mean(axes), squares, axes)));
      Tensor factor = Tensor.of(once(variance.add(1e-5).rsqrt()));
      assertEquals(List.of(once(distances.mul(factor)), once(mean), once(variance)), together.stream().map(Tensor::toHostArray).toList());
      return "";
    });
  }

  @Test
  void rows() {
    for (DType dtype : List.of(DType.F32, DType.F64)) {
      for (long length : new long[] {8191, 8193, 10_001}) {
        standardised(Samples.between(dtype, -1, 3, length, 1, length), 1);
        standardised(Samples.between(dtype, -1, 3, length, 9, length), 1);
      }
    }
  }

  @Test
  void channelsOfImages() {
    standardised(Samples.between(DType.F32, -1, 3, 7, 5, 3, 48, 51), 0, 2, 3);
  }

  @Test
  void columns() {
    standardised(Samples.between(DType.F32, -1, 3, 8, 9000, 5), 0);
  }

  /** A maximum, then a sum, of floats that are rounded in between. */
  @Test
  void softmax() {
    for (DType dtype : List.of(DType.F32, DType.BF16)) {
      HostArray data = Samples.between(dtype, -4, 4, 9, 3, 9001);
      Devices.with(new CompiledDevice(), () -> {
        HostArray together = Step.evaluation((List<Tensor> in) -> {
          Tensor e = in.getFirst().sub(kept(in.getFirst().max(1), in.getFirst(), 1)).exp();
          return List.of(e.div(kept(e.sum(1), e, 1)));
        }).run(Tensor.of(data)).getFirst().toHostArray();
        Tensor largest = Tensor.of(once(kept(Tensor.of(data).max(1), Tensor.of(data), 1)));
        Tensor difference = Tensor.of(once(Tensor.of(data).sub(largest)));
        Tensor e = Tensor.of(once(difference.exp()));
        Tensor sum = Tensor.of(once(kept(e.sum(1), e, 1)));
        assertEquals(once(e.div(sum)), together);
        return "";
      });
    }
  }
}
